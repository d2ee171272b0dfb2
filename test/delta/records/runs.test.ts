/** Runs of records: unpacked and written again bit for bit, in pieces of any size, by both implementations. */
import { describe, expect, test } from 'bun:test';
import type { RecordMaker } from '../../../lib/delta/records/format.ts';
import { readRun } from '../../../lib/delta/records/read.ts';
import { RecordWriter } from '../../../lib/delta/records/writer.ts';
import { packRecords, unpackRecords } from '../reference/records.ts';
import {
  firmwareParts,
  hexLine,
  intelHexFile,
  sLine,
  sRecordFile,
  uf2Block,
  uf2File,
} from './firmware-files.ts';

const NUMBERS: Readonly<Record<RecordMaker, number>> = { 'Intel HEX': 2, 'S-records': 3, UF2: 4 };
const parts = firmwareParts(false);
const bytes = (count: number, first = 1) =>
  Array.from({ length: count }, (_, index) => (first + 7 * index) % 256);
const text = (lines: readonly string[], lineEnd = '\n') =>
  Buffer.from(lines.map((line) => line + lineEnd).join(''), 'latin1');
const lower = (file: Buffer) =>
  Buffer.from(
    file.toString('latin1').replace(/[A-F]/g, (digit) => digit.toLowerCase()),
    'latin1',
  );
/** Of as many bytes as a record has. */
const block = (
  address: number,
  number: number,
  more: { size?: number; flags?: number; count?: number; family?: number } = {},
) => {
  const { size = 256, flags = 0, count = 9, family = 5 } = more;
  return uf2Block([flags, address, size, number, count, family], Buffer.from(bytes(size, number)));
};

/** Writes the records again, in pieces of that size. */
function written(plain: Uint8Array, maker: RecordMaker, memory: number, size = plain.length): Buffer {
  const pieces: Buffer[] = [];
  const writer = RecordWriter.begin(maker, 0, memory, (piece) => pieces.push(Buffer.from(piece)));
  for (let at = 0; at < plain.length; at += size) writer?.write(plain.subarray(at, at + size));
  writer?.finish();
  return Buffer.concat(pieces);
}

const WHOLE: [what: string, maker: RecordMaker, file: Buffer, groups: number][] = [
  ['as tools write it', 'Intel HEX', intelHexFile(parts), 7],
  ['with ends of lines as on Unix', 'Intel HEX', intelHexFile(parts, '\n'), 7],
  ['in lower case', 'Intel HEX', lower(intelHexFile(parts)), 7],
  ['with long records', 'Intel HEX', intelHexFile(parts, '\n', 32), 7],
  ['with odd records', 'Intel HEX', intelHexFile(parts, '\n', 21), 7],
  ['with the longest records', 'Intel HEX', intelHexFile(parts, '\n', 255), 7],
  ['with records of a byte', 'Intel HEX', text(bytes(40).map((byte, at) => hexLine(0, at, [byte]))), 1],
  ['with nothing but an end', 'Intel HEX', text([hexLine(1, 0, [])]), 1],
  ['without an end', 'Intel HEX', text([hexLine(0, 0, bytes(16))]), 1],
  ['without a digit above 9', 'Intel HEX', text([hexLine(0, 0x90, new Array(16).fill(0))]), 1],
  [
    'of which digits above 9 come late',
    'Intel HEX',
    lower(text([hexLine(0, 0x90, new Array(16).fill(0)), hexLine(0, 0xa0, bytes(16))])),
    1,
  ],
  [
    'with segments of 8086',
    'Intel HEX',
    text(
      [hexLine(2, 0, [0x10, 0]), hexLine(0, 0, bytes(16)), hexLine(3, 0, [0, 0, 1, 0]), hexLine(1, 0, [])],
      '\r\n',
    ),
    4,
  ],
  [
    'with gaps, and backwards',
    'Intel HEX',
    text([0x100, 0x110, 0x200, 0x80, 0x90].map((at) => hexLine(0, at, bytes(16, at)))),
    3,
  ],
  [
    'through the end of addresses',
    'Intel HEX',
    text([0xfff0, 0, 16].map((at) => hexLine(0, at, bytes(16, at)))),
    1,
  ],
  [
    'across the end of addresses',
    'Intel HEX',
    text([0xfff8, 8].map((at) => hexLine(0, at, bytes(16, at)))),
    1,
  ],
  [
    'with shorter records in the middle',
    'Intel HEX',
    text([
      hexLine(0, 0, bytes(16)),
      hexLine(0, 16, bytes(7)),
      hexLine(0, 23, bytes(16)),
      hexLine(0, 39, bytes(20)),
    ]),
    3,
  ],
  [
    'with types of a universal file, and of nobody',
    'Intel HEX',
    text([
      hexLine(10, 0, [0x99, 0, 0xc0, 0xde]),
      hexLine(13, 0, bytes(16)),
      hexLine(12, 0, bytes(9)),
      hexLine(255, 3, [1]),
    ]),
    4,
  ],
  [
    'with data of two processors',
    'Intel HEX',
    text([hexLine(0, 0, bytes(16)), hexLine(13, 16, bytes(16))]),
    2,
  ],
  [
    'with an empty record behind others',
    'Intel HEX',
    text([hexLine(0, 0, bytes(16)), hexLine(0, 16, [])]),
    2,
  ],
  ['with data without any', 'Intel HEX', text([hexLine(0, 5, []), hexLine(0, 5, []), hexLine(0, 5, [1])]), 3],
  ['as tools write it', 'S-records', sRecordFile(parts), 5],
  ['in lower case', 'S-records', lower(sRecordFile(parts, '\n', 32)), 5],
  [
    'with addresses of two and three bytes, and counts',
    'S-records',
    text([
      sLine(0, 2, 0, []),
      sLine(1, 2, 0xfff8, bytes(16)),
      sLine(1, 2, 8, bytes(16)),
      sLine(2, 3, 0x10018, bytes(252 - 4)),
      sLine(5, 2, 3, []),
      sLine(6, 3, 3, []),
      sLine(8, 3, 0, []),
      sLine(9, 2, 0, []),
    ]),
    8,
  ],
  [
    'with the longest records',
    'S-records',
    text([sLine(1, 2, 0, bytes(252)), sLine(2, 3, 0, bytes(251)), sLine(3, 4, 0, bytes(250))]),
    3,
  ],
  [
    'through the end of addresses',
    'S-records',
    text([sLine(3, 4, 2 ** 32 - 16, bytes(16)), sLine(3, 4, 0, bytes(3))]),
    1,
  ],
  ['as tools write it', 'UF2', uf2File(parts), 3],
  ['with the largest blocks', 'UF2', uf2File(parts, 476), 3],
  ['with numbers that begin anew', 'UF2', Buffer.concat([block(0, 0), block(256, 0), block(512, 1)]), 2],
  ['with another family', 'UF2', Buffer.concat([block(0, 0), block(256, 1, { family: 6 })]), 2],
  ['with other flags', 'UF2', Buffer.concat([block(0, 0), block(256, 1, { flags: 1 })]), 2],
  ['with another count', 'UF2', Buffer.concat([block(0, 0), block(256, 1, { count: 8 })]), 2],
  ['with blocks without data', 'UF2', Buffer.concat([block(9, 0, { size: 0 }), block(9, 1, { size: 0 })]), 2],
  [
    'through the end of addresses and numbers',
    'UF2',
    Buffer.concat([block(2 ** 32 - 256, 2 ** 32 - 1), block(0, 0), block(256, 1, { size: 10 })]),
    1,
  ],
];

describe('comes back', () => {
  test.each(WHOLE)('%s: %s', (_, maker, file, groups) => {
    const run = readRun(file, 0, maker);
    if (run === null) throw new Error('there is no run');
    const { plain, memory, packedSize, entries } = run;
    expect(packedSize).toBe(file.length);
    expect(entries).toHaveLength(groups);
    for (const size of [1, 3, 100, plain.length])
      expect(written(plain, maker, memory, size).equals(file)).toBe(true);
    expect(Buffer.from(unpackRecords(file, NUMBERS[maker])).equals(Buffer.from(plain))).toBe(true);
    expect(Buffer.from(packRecords(plain, NUMBERS[maker], 0, memory) ?? []).equals(file)).toBe(true);
  });
});

const first = hexLine(0, 0, bytes(16));
const next = hexLine(0, 16, bytes(16));

describe('a run ends before', () => {
  test.each<[what: string, maker: RecordMaker, rest: Buffer | string]>([
    ['another checksum', 'Intel HEX', `${next.slice(0, -1)}${next.endsWith('0') ? '1' : '0'}\n`],
    ['a line that is cut off', 'Intel HEX', next],
    ['a line that ends too early', 'Intel HEX', `${next.slice(0, -2)}\n`],
    ['one that ends late', 'Intel HEX', `${next} \n`],
    ['one that ends in another way', 'Intel HEX', `${next}\r\n`],
    ['one that ends by CR alone', 'Intel HEX', `${next}\r`],
    ['digits of another case', 'Intel HEX', `${next.toLowerCase()}\n`],
    ['digits of both cases', 'Intel HEX', ':020000000aAB49\n'],
    ['what is no digit', 'Intel HEX', `${hexLine(0, 16, [255, 1]).replace('FF', 'GG')}\n`],
    ['a line that begins otherwise', 'Intel HEX', `${next.replace(':', ';')}\n`],
    ['an empty line', 'Intel HEX', `\n${next}\n`],
    ['another format', 'Intel HEX', `${sLine(1, 2, 0, bytes(16))}\n`],
    ['a type that is not there', 'S-records', `${sLine(4, 3, 0, bytes(16))}\n`],
    ['what is no type', 'S-records', `${sLine(1, 2, 0, bytes(16)).replace('S1', 'S:')}\n`],
    ['a line that is shorter than its address', 'S-records', 'S3030000FC\n'],
    ['another checksum', 'S-records', 'S1030000FB\n'],
    ['a line that begins otherwise', 'S-records', `${sLine(1, 2, 16, bytes(16)).replace('S', 'T')}\n`],
    ['a line that begins by a small letter', 'S-records', 's1030000fc\n'],
    ['a block that is cut off', 'UF2', block(256, 1).subarray(0, 511)],
    ['too much data', 'UF2', uf2Block([0, 256, 477, 1, 9, 5], Buffer.from(bytes(300)))],
    ['what follows the data', 'UF2', uf2Block([0, 256, 256, 1, 9, 5], Buffer.from(bytes(257)))],
    ...([0, 4, 508] as const).map((at): [string, RecordMaker, Buffer] => {
      const other = block(256, 1);
      other[at] = 0;
      return [`a block with another word at ${at}`, 'UF2', other];
    }),
  ])('%s: %s', (_, maker, rest) => {
    const start = {
      'Intel HEX': text([first]),
      'S-records': text([sLine(1, 2, 0, bytes(16))]),
      UF2: block(0, 0),
    }[maker];
    const file = Buffer.concat([start, Buffer.from(rest)]);
    expect(readRun(file, 0, maker)?.packedSize).toBe(start.length);
    expect(() => unpackRecords(file, NUMBERS[maker])).toThrow();
  });

  test('a block that ends behind the file', () => {
    const whole = Buffer.concat([block(0, 0), block(256, 1)]);
    expect(readRun(whole.subarray(0, 1023), 0, 'UF2')?.packedSize).toBe(512);
  });

  test('a table that is too large', () => {
    // Each group takes 12 bytes, and 4 besides for data that is no part of the image.
    const lines = Array.from({ length: 50_000 }, () => [hexLine(0, 0, [1]), hexLine(9, 0, [2])]).flat();
    const file = text(lines);
    const run = readRun(file, 0, 'Intel HEX');
    if (run === null) throw new Error('there is no run');
    expect(run.entries).toHaveLength(Math.floor((2 ** 20 - 8) / 28) * 2 + 1);
    const part = file.subarray(0, run.packedSize);
    expect(written(run.plain, 'Intel HEX', run.memory).equals(part)).toBe(true);
    expect(Buffer.from(unpackRecords(part, 2)).equals(Buffer.from(run.plain))).toBe(true);
    expect(readRun(file, run.packedSize, 'Intel HEX')?.packedSize).toBe(file.length - run.packedSize);
  });
});
