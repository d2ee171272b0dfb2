/** Which runs of records are found in a file, and where their images are loaded. */
import { describe, expect, test } from 'bun:test';
import { findStreams } from '../../../lib/delta/deflate/find.ts';
import { findRuns } from '../../../lib/delta/records/find.ts';
import { zlibStream } from '../deflate/packed-files.ts';
import { randomBytes } from '../pairs.ts';
import { BASE, firmwareParts, hexLine, intelHexFile, sRecordFile, uf2File } from './firmware-files.ts';

const parts = firmwareParts(false);
const hex = intelHexFile(parts, '\n');
const data = (address: number, count: number) =>
  Array.from({ length: count }, (_, at) => hexLine(0, address + 16 * at, [...randomBytes(16, at + 1)]));
const text = (...lines: string[]) => Buffer.from(lines.map((line) => `${line}\n`).join(''));
const found = (file: Buffer): unknown[][] =>
  [...findRuns(file)].map(({ maker, start, packedSize }) => [maker, start, packedSize]);

test('runs of each format, one behind the other, whatever is between them', () => {
  const [other, blocks] = [sRecordFile(parts), uf2File(parts)];
  const pieces = [
    Buffer.from('a: b\n'),
    hex,
    Buffer.from(':\n'),
    hex,
    other,
    Buffer.from('S'),
    blocks,
    blocks,
  ];
  const starts = pieces.map((_, index) =>
    pieces.slice(0, index).reduce((sum, { length }) => sum + length, 0),
  );
  expect(found(Buffer.concat(pieces))).toEqual([
    ['Intel HEX', starts[1], hex.length],
    ['Intel HEX', starts[3], hex.length],
    ['S-records', starts[4], other.length],
    ['UF2', starts[6], 2 * blocks.length],
  ]);
});

test('around a damaged line', () => {
  const lines = hex.toString().split('\n');
  const at = Math.floor(lines.length / 2);
  const before = lines.slice(0, at).join('\n').length + 1;
  const line = lines[at] ?? '';
  lines[at] = `${line.slice(0, -1)}${line.endsWith('0') ? '1' : '0'}`;
  expect(found(Buffer.from(lines.join('\n')))).toEqual([
    ['Intel HEX', 0, before],
    ['Intel HEX', before + line.length + 1, hex.length - before - line.length - 1],
  ]);
});

test('not what is short, or has records that hold hardly anything', () => {
  expect(found(text(...data(0, 23)))).toEqual([]);
  expect(found(text(...data(0, 24)))).toEqual([['Intel HEX', 0, 24 * 44]]);
  const apart = (size: number) =>
    text(...Array.from({ length: 200 }, (_, at) => hexLine(0, 300 * at, [...randomBytes(size, at + 1)])));
  expect(found(apart(20))).toEqual([]);
  expect(found(apart(30))).toHaveLength(1);
});

test('no more behind many that are short', () => {
  const short = `${hexLine(0, 0, [1])}\n\n`;
  const many = (count: number) => found(Buffer.concat([Buffer.from(short.repeat(count)), hex]));
  expect(many(65_535)).toHaveLength(1);
  expect(many(65_536)).toHaveLength(0);
});

describe('images are loaded', () => {
  const segmentsOf = (file: Buffer) => [...findRuns(file)].flatMap(({ segments }) => segments);
  const sizes = parts.map(({ bytes }) => bytes.length);
  const [code, set] = [(sizes[0] ?? 0) + (sizes[1] ?? 0), sizes[2] ?? 0];

  test.each([
    ['Intel HEX', hex],
    ['S-records', sRecordFile(parts)],
  ])('where %s say', (_, file) => {
    const [run] = findRuns(file);
    const start = (run?.plain.length ?? 0) - code - set;
    expect(segmentsOf(file)).toEqual([
      { offset: start, size: code, address: BASE },
      { offset: start + code, size: set, address: 0x10001000 },
    ]);
  });

  test('where UF2 says, which has whole blocks', () => {
    expect(segmentsOf(uf2File(parts)).map(({ size, address }) => [size % 256, address])).toEqual([
      [0, BASE],
      [0, BASE + (sizes[0] ?? 0)],
      [0, 0x10001000],
    ]);
  });

  test('where segments of 8086 begin', () => {
    const file = text(
      ...data(0, 20),
      hexLine(2, 0, [0x12, 0x34]),
      ...data(8, 20),
      hexLine(3, 0, [1, 2, 3, 4]),
    );
    expect(segmentsOf(file).map(({ size, address }) => [size, address])).toEqual([
      [320, 0],
      [320, 0x12348],
    ]);
  });
});

test('as streams of a file, besides those of DEFLATE', () => {
  const stream = zlibStream(Buffer.from(`${'what was compressed '.repeat(50)}and more`), 6);
  const within = Buffer.concat([stream, hex, randomBytes(50, 4)]);
  expect(findStreams(within).map(({ start, packedSize }) => [start, packedSize])).toEqual([
    [2, stream.length - 6],
    [stream.length, hex.length],
  ]);
});

const records = (line: string, lineEnd = '\n') => Buffer.from(line + lineEnd);
test.each<[what: string, piece: Buffer]>([
  ['colons', Buffer.from(':')],
  ['the first letter of S-records', Buffer.from('S')],
  ['the first word of blocks', Buffer.from('UF2\n')],
  ['the first words of blocks', Buffer.from('UF2\nWQ]\x9eWQ]\x9e\0\0\0\0\x30\x6f\xb1\x0a', 'latin1')],
  ['lines that are cut off', Buffer.from(`:FF${'0'.repeat(515)}`)],
  ['records without data', records(hexLine(0, 0, []))],
  ['ends', records(hexLine(1, 0, []))],
  [
    'ends of lines in two ways',
    Buffer.concat([records(hexLine(1, 0, [])), records(hexLine(1, 0, []), '\r\n')]),
  ],
])('a file full of %s takes no time', (_, piece) => {
  expect(found(Buffer.alloc(1 << 21, piece))).toEqual([]);
});
