/** The lists of mutants fit the sources, and a run notices what it is to notice. `npm run mutants` tries them all. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { type CopyOfTree, copyTree } from './copy-of-tree.ts';
import { MUTANTS } from './list/index.ts';
import { applied, describeChange, type Mutant } from './mutant.ts';
import { tryMutants } from './try-mutants.ts';

const TOP = path.resolve(import.meta.dir, '../..');

describe('the lists', () => {
  test('there are many, and none twice', () => {
    expect(MUTANTS.length).toBeGreaterThan(800);
    const changes = MUTANTS.map((mutant) => `${mutant.file}: ${describeChange(mutant)}`);
    expect(changes.filter((change, index) => changes.indexOf(change) !== index)).toEqual([]);
  });

  test('what each replaces occurs once in its file', () => {
    const sources = new Map<string, string>();
    for (const mutant of MUTANTS) {
      const source = sources.get(mutant.file) ?? fs.readFileSync(path.join(TOP, mutant.file), 'utf8');
      sources.set(mutant.file, source);
      expect(applied(mutant, source).text).not.toBe(source);
    }
  });

  test('each is a program, so that it is the tests that notice it', () => {
    const transpiler = new Bun.Transpiler({ loader: 'ts' });
    const broken = MUTANTS.filter((mutant) => {
      try {
        transpiler.transformSync(applied(mutant, fs.readFileSync(path.join(TOP, mutant.file), 'utf8')).text);
        return false;
      } catch {
        return true;
      }
    });
    expect(broken.map((mutant) => `${mutant.file}: ${describeChange(mutant)}`)).toEqual([]);
  });

  test('the tests of each exist', () => {
    const missing = MUTANTS.flatMap(({ tests }) => tests).filter(
      (file) => !fs.existsSync(path.join(TOP, file)),
    );
    expect(missing).toEqual([]);
    expect(MUTANTS.filter(({ tests }) => tests.length === 0)).toEqual([]);
  });
});

describe('a mutant that does not fit', () => {
  const mutant = { file: 'lib/a.ts', find: 'if (a)', replace: 'if (false)', tests: [], survives: null };

  test('names the file, the text and how often it is there', () => {
    expect(() => applied(mutant, 'nothing')).toThrow('lib/a.ts: wanted exactly one "if (a)", found 0');
    expect(() => applied(mutant, 'if (a) if (a)')).toThrow('found 2');
    expect(() => applied({ ...mutant, replace: 'if (a)' }, 'if (a)')).toThrow('changes nothing');
  });

  test('a replacement is taken as it is written, and its line is told', () => {
    const changed = applied({ ...mutant, replace: "if ($& + $')" }, 'one\nif (a) two');
    expect(changed).toEqual({ text: "one\nif ($& + $') two", line: 2 });
  });
});

describe('a run', () => {
  let tree: CopyOfTree;
  const source =
    'export function limited(value: number): number {\n  if (value > 9) return 9;\n  return value + 0;\n}\n';

  beforeAll(() => {
    const project = fs.mkdtempSync(path.join(os.tmpdir(), 'dgmo-mutants-project-'));
    fs.writeFileSync(path.join(project, 'limited.ts'), source);
    fs.writeFileSync(
      path.join(project, 'limited.test.ts'),
      `import { test, expect } from 'bun:test';\nimport { limited } from './limited.ts';\n` +
        `test('at most nine', () => expect(limited(10)).toBe(9));\n`,
    );
    fs.writeFileSync(
      path.join(project, 'broken.test.ts'),
      `import { test } from 'bun:test';\ntest('x', () => { throw 1; });\n`,
    );
    tree = copyTree(project);
    fs.rmSync(project, { recursive: true });
  });
  afterAll(() => tree.remove());

  const mutant = (find: string, replace: string, survives: string | null = null): Mutant => ({
    file: 'limited.ts',
    find,
    replace,
    tests: ['limited.test.ts'],
    survives,
  });

  test('tells what is noticed, and by which test, what survives, and what survives for a reason', async () => {
    const results = await tryMutants(tree, [
      mutant('value > 9', 'false'),
      mutant('value + 0', 'value'),
      mutant('value + 0', 'value', 'adding nothing changes nothing'),
      mutant('value > 9', 'false', 'a reason that does not hold'),
      mutant('limited(', 'renamed('),
    ]);
    expect(results.map(({ verdict, by }) => [verdict, by])).toEqual([
      ['noticed', 'at most nine'],
      ['survived', ''],
      ['allowed', ''],
      ['needless', 'at most nine'],
      ['noticed', 'the tests could not be loaded'],
    ]);
    expect(results.map(({ line }) => line)).toEqual([2, 3, 3, 2, 1]);
    expect(tree.read('limited.ts')).toBe(source);
  });

  test('a hang is ended, and noticed', async () => {
    const hanging = mutant('if (value > 9) return 9;', 'for (;;);');
    tree.write('limited.ts', source.replace(hanging.find, hanging.replace));
    const run = await tree.test(hanging.tests, 3000);
    tree.write('limited.ts', source);
    expect(run.code).toBeNull();
  });

  test('tests that fail without any change say nothing, and the others are tried', async () => {
    const broken = { ...mutant('value > 9', 'false'), tests: ['broken.test.ts'] };
    const results = await tryMutants(tree, [broken, mutant('value > 9', 'false')]);
    expect(results.map(({ verdict, by }) => [verdict, by])).toEqual([
      ['untried', 'fails without it: x'],
      ['noticed', 'at most nine'],
    ]);
  });

  test('where this machine can, nothing but loopback is there', async () => {
    tree.write(
      'network.test.ts',
      `import { test, expect } from 'bun:test';\nimport { networkInterfaces } from 'node:os';\n` +
        `test('x', () => expect(Object.keys(networkInterfaces())).toEqual(['lo']));\n`,
    );
    if (tree.isolated) expect((await tree.test(['network.test.ts'], 30_000)).code).toBe(0);
  });
});
