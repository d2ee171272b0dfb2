/** Paths whose names are not UTF-8 keep every byte. For all other paths the results are those of node:path. */
import { expect, test } from 'bun:test';
import { posix, win32 } from 'node:path';
import fc from 'fast-check';
import { pathsOf } from '../../lib/platform/path-flavour.ts';

const RAW = '\udcff';
const paths = pathsOf('linux');

/** For comparing with node:path: the raw byte as a letter. */
const asText = (path: string) => path.replaceAll(RAW, 'ü');
const asRaw = (path: string) => path.replaceAll('ü', RAW);

/** Without two slashes in a row, because `dirname` of node:path keeps one of them. */
const name = fc.stringMatching(/^[a.ü/]{0,6}$/).filter((text) => !text.includes('//'));

test('a raw byte is treated like a letter', () => {
  fc.assert(
    fc.property(fc.array(name, { minLength: 1, maxLength: 4 }), (names) => {
      const [first = ''] = names;
      const raw = names.map(asRaw);
      expect(asText(paths.join(...raw))).toBe(posix.join(...names));
      expect(asText(paths.dirname(asRaw(first)))).toBe(posix.dirname(first));
      expect(asText(paths.basename(asRaw(first)))).toBe(posix.basename(first));
      expect(asText(paths.normalize(asRaw(first)))).toBe(posix.normalize(first));
      expect(asText(paths.resolve('/x', ...raw))).toBe(posix.resolve('/x', ...names));
      expect(paths.isAbsolute(asRaw(first))).toBe(posix.isAbsolute(first));
    }),
    { numRuns: 2000 },
  );
});

test('Windows has the paths of node:path', () => {
  expect(pathsOf('win32')).toBe(win32);
});

test('a path is resolved from an absolute one, and a name is not its own suffix, and folders above stay', () => {
  expect(() => paths.resolve(`a/${RAW}`, 'b')).toThrow(RangeError);
  expect(paths.basename(`/x/${RAW}.json`, '.json')).toBe(RAW);
  expect(paths.basename(`/x/${RAW}`, '.json')).toBe(RAW);
  expect(paths.basename(`/x/${RAW}`, RAW)).toBe(RAW);
  // Other than node:path, which keeps one of the slashes.
  expect(paths.dirname(`/x//${RAW}`)).toBe('/x');
  expect(paths.normalize(`../../${RAW}`)).toBe(`../../${RAW}`);
  expect(paths.normalize(`/${RAW}/../`)).toBe('/');
});
