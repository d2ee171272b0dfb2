/** Every test that .github/SECURITY.md names as the proof of a line exists. */
import { expect, test } from 'bun:test';
import fs from 'node:fs';
import path from 'node:path';

const TOP = path.resolve(import.meta.dir, '..');
const document = fs.readFileSync(path.join(TOP, '.github/SECURITY.md'), 'utf8');

interface Reference {
  file: string;
  names: string[];
}

/** `test/a.test.ts`: "a name", "another" */
function references(text: string): Reference[] {
  return [...text.matchAll(/`(test\/[^`]+\.test\.ts)`: ((?:"[^"]+"(?:, )?)+)/g)].map(
    ([, file = '', list = '']) => ({
      file,
      names: [...list.matchAll(/"([^"]+)"/g)].map(([, name = '']) => name),
    }),
  );
}

/** Whether a test, a group or a case has that name: a string of it is in the file. */
function hasTest(source: string, name: string): boolean {
  return ["'", '`', '"'].some((quote) => source.includes(`${quote}${name}${quote}`));
}

test('SECURITY.md names tests that exist', () => {
  const found = references(document);
  expect(found.length).toBeGreaterThan(50);
  const missing = found.flatMap(({ file, names }) => {
    const source = fs.existsSync(path.join(TOP, file)) ? fs.readFileSync(path.join(TOP, file), 'utf8') : '';
    return names.filter((name) => !hasTest(source, name)).map((name) => `${file}: ${name}`);
  });
  expect(missing).toEqual([]);
});

test('every line of what holds names one', () => {
  const lines = document.split('\n');
  let wantsTest = false;
  const unproven = lines.filter((line, index) => {
    if (!line.startsWith('|') || line.startsWith('|--')) return false;
    const last = line.split('|').at(-2)?.trim() ?? '';
    if (lines[index + 1]?.startsWith('|--')) {
      wantsTest = last === 'shown by';
      return false;
    }
    return wantsTest && references(last).length === 0;
  });
  expect(unproven).toEqual([]);
});

test('a name that is not there is found missing', () => {
  expect(references('x `test/a.test.ts`: "one", "two"; `test/b.test.ts`: "three" |')).toEqual([
    { file: 'test/a.test.ts', names: ['one', 'two'] },
    { file: 'test/b.test.ts', names: ['three'] },
  ]);
  expect(hasTest("test('a name', () => {})", 'a name')).toBe(true);
  expect(hasTest("test('a name of another', () => {})", 'a name')).toBe(false);
});
