import { describe, expect, test } from 'bun:test';
import { findClash, isPortablePath } from '../../lib/format/portable-path.ts';

describe('a path that means one place below a folder on every system', () => {
  const plain = [
    'a',
    'a/b/c.js',
    '.hidden',
    '...x',
    'a..b/..c',
    'Grüße/世界.md',
    'with space/and (brackets) & more',
    'console.js',
    'com.js',
    'com10',
    'auxiliary',
    `${'a'.repeat(255)}`,
    `${'ü'.repeat(127)}`,
    Array(32).fill('d').join('/'),
    `${`${'ü'.repeat(127)}/`.repeat(4)}üü`,
    `${`${'a'.repeat(255)}/`.repeat(3)}${'b'.repeat(256 - 1)}`,
  ];
  for (const path of plain)
    test(JSON.stringify(path).slice(0, 60), () => expect(isPortablePath(path)).toBe(true));
});

describe('a path that could mean anything else', () => {
  const hostile: [why: string, path: string][] = [
    ['nothing', ''],
    ['this folder', '.'],
    ['the folder above', '..'],
    ['out and in again', 'a/../../b'],
    ['out', '../b'],
    ['in place', 'a/./b'],
    ['absolute', '/etc/passwd'],
    ['an empty name', 'a//b'],
    ['a folder', 'a/'],
    ['a way of Windows', 'a\\b'],
    ['out, in the way of Windows', '..\\b'],
    ['a drive', 'C:/x'],
    ['a stream', 'a.js:hidden'],
    ['a server', '//server/share'],
    ['NUL', 'a\0b'],
    ['a line', 'a\nb'],
    ['an escape', '\u001b[2J'],
    ['a control character above ASCII', 'a\u0085b'],
    ['half a letter', 'a\ud800'],
    ['a wildcard', 'a*'],
    ['a question', 'a?'],
    ['a pipe', 'a|b'],
    ['quotes', 'a"b'],
    ['an arrow', 'a<b'],
    ['a dot at the end', 'a.'],
    ['a dot at the end of a folder', 'a./b'],
    ['a space at the end', 'a '],
    ['a space at the end of a folder', 'a /b'],
    ['three dots', 'a/.../b'],
    ...['CON', 'con', 'Prn', 'aux', 'NUL', 'nul.txt', 'aux.tar.gz', 'COM1', 'com9.js', 'LPT0', 'lpt³'].map(
      (name): [string, string] => [`the device ${name}`, name],
    ),
    ['a device as a folder', 'a/aux/b'],
    ['a device behind a space', 'conin$'],
    ['256 bytes in a name', 'a'.repeat(256)],
    ['256 bytes of other letters', 'ü'.repeat(128)],
    ['1,025 bytes', `${`${'a'.repeat(255)}/`.repeat(4)}b`],
    ['1,026 bytes in 515 letters', `${`${'ü'.repeat(127)}/`.repeat(4)}üüü`],
    ['33 names', Array(33).fill('d').join('/')],
  ];
  for (const [why, path] of hostile) test(why, () => expect(isPortablePath(path)).toBe(false));
});

describe('two paths that', () => {
  const clashes: [why: string, paths: string[], clash: ReturnType<typeof findClash>][] = [
    ['are equal', ['a', 'b', 'a'], { index: 2, with: 'a' }],
    ['differ in case', ['a/Read.me', 'a/READ.ME'], { index: 1, with: 'a/Read.me' }],
    ['differ in the case of other letters', ['GRÜSSE', 'grüße'], { index: 1, with: 'GRÜSSE' }],
    ['are encoded differently', ['\u00e9', 'e\u0301'], { index: 1, with: '\u00e9' }],
    ['differ in what nobody sees', ['a\u200cb', 'ab'], { index: 1, with: 'a\u200cb' }],
    ['differ in a letter that looks the same to Unicode', ['K', '\u212a'], { index: 1, with: 'K' }],
    ['are a file and its folder', ['a', 'a/b'], { index: 1, with: 'a' }],
    ['are a folder and a file', ['a/b', 'a'], { index: 1, with: 'a' }],
    ['are a file and a folder in another case', ['A', 'a/b'], { index: 1, with: 'A' }],
    ['are in one folder in two cases', ['lib/a', 'Lib/b'], { index: 1, with: 'lib' }],
    ['stand beside each other', ['a', 'a.js', 'ab', 'b/a', 'b/c/a', 'b/c/b', 'c/b/a', 'ü', 'Ä'], null],
  ];
  for (const [why, paths, clash] of clashes) test(why, () => expect(findClash(paths)).toEqual(clash));
});
