/** Patches made to deceive: every checksum right, one number wrong. Each must be refused for that number. */
import { describe, expect, test } from 'bun:test';
import { constants } from 'node:zlib';
import { readPatchHeader } from '../../lib/delta/index.ts';
import { DamagedError } from '../../lib/errors.ts';
import { memorySource } from '../../lib/platform/files.ts';
import {
  assemble,
  assembleShort,
  sealHeader,
  varint,
  withHeader,
  withStreams,
  zigzag,
  zstd,
} from './forge.ts';
import { randomBytes } from './pairs.ts';
import { decompress, parse, STREAM_NAMES, sha256 } from './reference.ts';
import { apply, failure, make } from './support.ts';

const old = randomBytes(1000, 1);
// One step: 500 bytes alike but for two runs, then 20 from nowhere.
const fresh = Uint8Array.from(Buffer.concat([old.subarray(100, 600), randomBytes(20, 2)]));
for (const at of [50, 200, 201, 202, 203, 204]) fresh[at] = (fresh[at] ?? 0) ^ 2;
const made = await make(old, fresh, { algorithm: 'bsdiff' });
const digits = [50, 200, 201, 202, 203, 204].map((at) => ((fresh[at] ?? 0) - (old[at + 100] ?? 0)) & 255);
const patch = withStreams(assemble({ ...parse(made), short: false }), {
  ...{ seeks: zigzag(100), diffLengths: varint(500), extraLengths: varint(20) },
  ...{
    skips: [...varint(50), ...varint(149)],
    runs: [1, 5],
    values1: digits.slice(0, 1),
    values2: [],
    values3: [],
  },
  ...{ values4: digits.slice(1), extra: [...fresh.subarray(500)] },
});
const raw = decompress(parse(patch));

async function refusal(forged: Uint8Array): Promise<string> {
  const error = await failure(apply(forged, old));
  expect(error).toBeInstanceOf(DamagedError);
  return (error as DamagedError).message;
}

describe('the forger himself', () => {
  test('changes nothing where nothing is to change', async () => {
    expect(Buffer.compare(await apply(patch, old), fresh)).toBe(0);
    expect(Buffer.compare(assemble(parse(made)), made)).toBe(0);
  });
});

describe('control', () => {
  test.each([
    ['seek before the old file', { seeks: zigzag(-1) }, 'reads 500 bytes at -1 of a file of 1000'],
    ['seek beyond the old file', { seeks: zigzag(1001) }, 'reads 500 bytes at 1001 of a file of 1000'],
    ['seek so that the end is beyond', { seeks: zigzag(501) }, 'reads 500 bytes at 501 of a file of 1000'],
    ['the farthest seek', { seeks: zigzag(2 ** 31 - 1) }, 'reads 500 bytes at 2147483647'],
    ['the farthest seek back', { seeks: zigzag(-(2 ** 31)) }, 'reads 500 bytes at -2147483648'],
    ['diff longer than the new file', { diffLengths: varint(521) }, 'makes 541 more of a file of 520'],
    ['the longest diff', { diffLengths: varint(2 ** 32 - 1) }, 'makes 4294967315 more of a file of 520'],
    ['extra longer than the new file', { extraLengths: varint(21) }, 'makes 521 more of a file of 520'],
    ['a step of nothing', { diffLengths: [0], extraLengths: [0] }, 'makes 0 more'],
    ['no step', { diffLengths: [], extraLengths: [], seeks: [] }, 'diffLengths of the patch ends too early'],
    ['a step too few', { extraLengths: varint(19) }, 'diffLengths of the patch ends too early'],
    ['seeks end early', { seeks: [] }, 'seeks of the patch ends too early'],
    [
      'a number that never ends',
      { seeks: [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 1] },
      'number that is too long',
    ],
    ['a number cut off', { seeks: [0x80] }, 'seeks of the patch ends too early'],
    ['a number not below 2^32', { diffLengths: varint(2 ** 32) }, 'number that is too long'],
    ['a number longer than needed', { extraLengths: [0x94, 0x00] }, 'number that is too long'],
    ['a step too many', { diffLengths: [...varint(500), 1] }, 'holds 1 bytes too many'],
    ['a seek too many', { seeks: [...zigzag(100), ...zigzag(5)] }, 'holds 1 bytes too many'],
  ])('%s', async (_, changed, message) => {
    expect(await refusal(withStreams(patch, changed))).toContain(message);
  });
});

describe('diff', () => {
  test.each([
    ['an empty run', { runs: [0, 5] }, 'has an empty run'],
    ['two runs that are one', { skips: [50, 0] }, 'has an empty run'],
    ['zeros beyond the new file', { skips: varint(2 ** 32 - 1) }, 'is longer than the new file'],
    ['a run beyond the new file', { runs: [1, ...varint(400)] }, 'is longer than the new file'],
    ['a run beyond the diff', { skips: [...varint(50), ...varint(445)] }, 'is longer than what it is for'],
    ['zeros beyond the diff', { skips: [...varint(50), ...varint(455)] }, 'is longer than what it is for'],
    ['a run without length', { runs: [1] }, 'runs of the patch ends too early'],
    ['a length without run', { runs: [1, 5, 3] }, 'holds 1 bytes too many'],
    ['a zero in a run', { values1: [0] }, 'values1 of the patch holds a zero'],
    ['values end early', { values4: [1, 2, 3, 4] }, 'values4 of the patch ends too early'],
    ['a value too many', { values1: [1, 1] }, 'holds 1 bytes too many'],
    ['values that nothing asks for', { values2: [1, 1] }, 'holds 2 bytes too many'],
    ['other values', { values1: [77] }, 'the patch gave a file with SHA-256'],
  ])('%s', async (_, changed, message) => {
    expect(await refusal(withStreams(patch, changed))).toContain(message);
  });
});

describe('extra', () => {
  test.each([
    ['ends early', { extra: [...raw.extra.subarray(1)] }, 'extra of the patch ends too early'],
    ['goes on', { extra: [...raw.extra, 0] }, 'holds 1 bytes too many'],
    [
      'is other',
      { extra: raw.extra.toReversed() as unknown as number[] },
      'the patch gave a file with SHA-256',
    ],
  ])('%s', async (_, changed, message) => {
    expect(await refusal(withStreams(patch, changed))).toContain(message);
  });
});

describe('header', () => {
  test.each([
    [
      'another algorithm',
      { algorithm: 'hdiff' },
      'the patch is made with "hdiff" and "zstd", this updater knows',
    ],
    ['another compression', { compression: 'brotli' }, 'the patch is made with "bsdiff" and "brotli"'],
    ['an algorithm that is no word', { algorithm: 'bs diff' }, 'algorithm cannot be "bs diff"'],
    ['no version', { fromVersion: '' }, 'fromVersion cannot be ""'],
    ['a version that is no word', { toVersion: '1.0 beta' }, 'toVersion cannot be "1.0 beta"'],
    ['a version too long', { toVersion: '1'.repeat(129) }, 'toVersion cannot be "111'],
    ['a huge old file', { fromSize: 2 ** 30 + 1 }, 'fromSize is 1073741825, at most 1073741824 is possible'],
    ['a huge new file', { toSize: 2 ** 30 + 1 }, 'toSize is 1073741825, at most 1073741824 is possible'],
    [
      'a new file too small for its streams',
      { toSize: 0 },
      'diffLengths.rawSize is 2, at most 0 is possible',
    ],
    ['an old file of another size', { fromSize: 999 }, 'the old file is not the one'],
    ['a new file of another size', { toSize: 521 }, 'diffLengths of the patch ends too early'],
    ['another new file', { toChecksum: sha256(old) }, 'the patch gave a file with SHA-256'],
  ])('%s', async (_, changed, message) => {
    expect(await refusal(withHeader(patch, changed))).toContain(message);
  });

  test('an unknown algorithm asks for a newer updater', () => {
    const read = () => readPatchHeader(memorySource(withHeader(patch, { algorithm: 'hdiff' })));
    expect(read).toThrow(
      expect.objectContaining({ advice: 'A newer dgmo-updater is needed for this patch.' }),
    );
  });

  test('a stream too few, and too many', async () => {
    const plain = parse(patch);
    expect(await refusal(assemble({ ...plain, streams: plain.streams.slice(0, 9) }))).toContain(
      '9 streams, wanted 10',
    );
    const more = [...plain.streams, { rawSize: 0, frame: new Uint8Array(0) }];
    expect(await refusal(assemble({ ...plain, streams: more }))).toContain('11 streams, wanted 10');
  });

  test('fields that end too early, and bytes that trail them', async () => {
    const headerSize = Buffer.from(patch).readUInt16LE(13);
    const fields = patch.slice(15, headerSize - 32);
    const content = patch.slice(headerSize);
    const short = Buffer.concat([sealHeader(fields.subarray(0, -1)), content]);
    const long = Buffer.concat([sealHeader(Buffer.concat([fields, Buffer.of(0)])), content]);
    expect(await refusal(short)).toContain('its fields end too early');
    expect(await refusal(long)).toContain('1 bytes follow its fields');
  });

  test('a header that is larger than any', async () => {
    const huge = Buffer.concat([sealHeader(new Uint8Array(5000)), Buffer.alloc(6000)]);
    expect(await refusal(huge)).toContain('it says that it has 5047 bytes');
  });

  test('a header that is shorter than any, and one that is longer than the patch', async () => {
    const headerSize = Buffer.from(patch).readUInt16LE(13);
    const short = Buffer.from(patch);
    short.writeUInt16LE(46, 13);
    expect(await refusal(short)).toContain(`it says that it has 46 bytes, in a patch of ${patch.length}`);
    const cut = patch.subarray(0, headerSize - 1);
    expect(await refusal(cut)).toContain(
      `it says that it has ${headerSize} bytes, in a patch of ${cut.length}`,
    );
  });

  test('streams that have another size together than the patch', async () => {
    const headerSize = Buffer.from(patch).readUInt16LE(13);
    const fields = Buffer.from(patch.slice(15, headerSize - 32));
    // The compressed size of the last stream.
    fields.writeUInt32LE(fields.readUInt32LE(fields.length - 4) + 1, fields.length - 4);
    const content = patch.slice(headerSize);
    const message = await refusal(Buffer.concat([sealHeader(fields), content]));
    expect(message).toContain(
      `its streams have ${content.length + 1} bytes together, wanted ${content.length}`,
    );
  });

  test('a stream that is empty on one side only', async () => {
    const plain = parse(patch);
    plain.streams[6] = { rawSize: 0, frame: zstd(Buffer.alloc(0)) };
    expect(await refusal(assemble(plain))).toContain('values2 has 0 bytes out of 9 compressed ones');
  });
});

describe('header in the short form', () => {
  const plain = { ...parse(patch), short: true };
  const EQUAL = 128;
  /** Magic, algorithm and the version 1.0.0; then what it has in common with 1.0.1, and the rest of that; then both sizes. */
  const [FORM, COMMON, SIZE] = [4, 11, 14];
  const withByte = (at: number, byte: number) => (fields: Buffer) => {
    fields[at] = byte;
    return fields;
  };
  const insteadOf = (at: number, size: number, bytes: readonly number[]) => (fields: Buffer) =>
    Buffer.concat([fields.subarray(0, at), Uint8Array.from(bytes), fields.subarray(at + size)]);

  test('the forger changes nothing where nothing is to change', () => {
    const short = assembleShort(parse(made));
    expect(Buffer.compare(short, made)).toBe(0);
    expect([...short.subarray(SIZE, SIZE + 2)]).toEqual(varint(1000));
  });

  test.each([
    ['a way that is not known', withByte(FORM, 9), 'is made in the way 9, this updater knows 1'],
    ['a later one', withByte(FORM, 12), 'is made in the way 12, this updater knows 1'],
    ['none', withByte(FORM, 0), 'is made in the way 0'],
    ['another magic', withByte(0, 0x45), 'not a patch: it begins with'],
    [
      'more in common than is said',
      insteadOf(COMMON, 3, [3, 2, 0x2e, 0x31]),
      'more than 3 characters in common',
    ],
    ['more in common than there is', insteadOf(COMMON, 3, [6, 0]), 'more than 6 characters in common'],
    ['a version that is no word', insteadOf(COMMON, 3, [5, 1, 0x20]), 'toVersion cannot be "1.0.0 "'],
    ['no version', insteadOf(COMMON, 3, [0, 0]), 'toVersion cannot be ""'],
    [
      'a size that is longer than needed',
      insteadOf(SIZE, 2, [0xe8, 0x87, 0]),
      'fromSize is a number that is too long',
    ],
    [
      'a size that never ends',
      insteadOf(SIZE, 2, [128, 128, 128, 128, 128, 1]),
      'fromSize is a number that is too long',
    ],
    [
      'a huge old file',
      insteadOf(SIZE, 2, varint(2 ** 30 + 1)),
      'fromSize is 1073741825, at most 1073741824',
    ],
    [
      'a new file of less than nothing',
      insteadOf(SIZE + 2, 2, zigzag(-1001)),
      'toSize is -1, at most 1073741824',
    ],
    ['a huge new file', insteadOf(SIZE + 2, 2, zigzag(2 ** 30)), 'toSize is 1073742824, at most 1073741824'],
    [
      'fields that end too early',
      (fields: Buffer) => fields.subarray(0, 60),
      'the header of the patch is damaged',
    ],
    ['a byte more', (fields: Buffer) => Buffer.concat([fields, Buffer.of(0)]), 'its header wants'],
  ])('%s', async (_, change, message) => {
    expect(await refusal(assembleShort(plain, change))).toContain(message);
  });

  test('the same checksum twice', async () => {
    const twice = insteadOf(SIZE + 4 + 32, 32, [...Buffer.from(plain.fromChecksum, 'hex')]);
    expect(await refusal(assembleShort(plain, twice))).toContain('it has the same checksum twice');
  });

  test('said to be equal', async () => {
    const equal = (fields: Buffer) =>
      insteadOf(SIZE + 4 + 32, 32, [])(withByte(FORM, 1 + EQUAL)(Buffer.from(fields)));
    expect(await refusal(assembleShort(plain, equal))).toContain('the patch gave a file with SHA-256');
  });

  test('a stream out of nothing', async () => {
    const streams = plain.streams.map((stream, index) =>
      index === 9 ? { rawSize: 20, frame: new Uint8Array() } : stream,
    );
    expect(await refusal(assembleShort({ ...plain, streams }))).toContain('extra has 20 bytes out of none');
  });

  test('a new file too small for its streams', async () => {
    expect(await refusal(assembleShort({ ...plain, toSize: 0 }))).toContain(
      'diffLengths.rawSize is 2, at most 0 is possible',
    );
  });
});

describe('zstd frames', () => {
  /** The patch with `frame` for its extra stream, said to hold `rawSize` bytes. */
  const withExtra = (frame: Uint8Array, rawSize = 20) => {
    const plain = parse(patch);
    plain.streams[STREAM_NAMES.indexOf('extra')] = { rawSize, frame };
    return assemble(plain);
  };
  const frame = zstd(raw.extra);

  test.each([
    ['random bytes', randomBytes(40, 9), 'it does not begin as one'],
    ['cut off', frame.subarray(0, -1), 'it ends at byte'],
    ['cut off in the head of a block', frame.subarray(0, 8), 'it ends at byte 8, in mid-frame'],
    [
      'with a block of a reserved kind',
      Buffer.from('28b52ffd20141f0000aabbcc', 'hex'),
      'the block at byte 6 is of no known kind',
    ],
    ['followed by a byte', Buffer.concat([frame, Buffer.of(0)]), 'it ends at byte'],
    ['followed by another frame', Buffer.concat([frame, frame]), 'it ends at byte'],
    ['with a checksum', zstd(raw.extra, { [constants.ZSTD_c_checksumFlag]: 1 }), 'its descriptor is 0x'],
    [
      'without its size',
      zstd(raw.extra, { [constants.ZSTD_c_contentSizeFlag]: 0 }),
      'it does not say its size',
    ],
    ['of another size', zstd(raw.extra.subarray(1)), 'it holds 19 bytes, wanted 20'],
    ['a skippable frame', Buffer.from('502a4d1804000000aabbccdd', 'hex'), 'it does not begin as one'],
  ])('%s', async (_, bytes, message) => {
    expect(await refusal(withExtra(bytes))).toContain(message);
  });

  test('that break inside', async () => {
    // A compressed block whose literals are of no kind that makes sense.
    const broken = Buffer.from('28b52ffd20142d0000ffffffffff', 'hex');
    expect(await refusal(withExtra(broken))).toContain(
      'the stream extra of the patch cannot be decompressed',
    );
  });

  test('with a window that is too large to remember', async () => {
    const plain = parse(patch);
    const bytes = Buffer.alloc(9 << 20, 'abc');
    const wide = zstd(bytes, { [constants.ZSTD_c_windowLog]: 24 });
    plain.toSize = bytes.length;
    plain.streams[STREAM_NAMES.indexOf('extra')] = { rawSize: bytes.length, frame: wide };
    expect(await refusal(assemble(plain))).toMatch(/its window is \d+ bytes, at most 8388608 are possible/);
  });
});

describe('decompression bombs', () => {
  test('a frame that says less than it holds gives no byte more', async () => {
    // The content size field of a frame of 1 MB is made to say 20: 4 bytes at offset 6, after the window descriptor.
    const bomb = zstd(Buffer.alloc(1 << 20), { [constants.ZSTD_c_windowLog]: 19 });
    expect(bomb.readUInt32LE(6)).toBe(1 << 20);
    bomb.writeUInt32LE(20, 6);
    const plain = parse(patch);
    plain.streams[STREAM_NAMES.indexOf('extra')] = { rawSize: 20, frame: bomb };
    expect(await refusal(assemble(plain))).toMatch(/extra of the patch (cannot be decompressed|holds more)/);
  });

  test('a header that promises more than the new file can use is refused before decompression', async () => {
    const plain = parse(patch);
    plain.streams[STREAM_NAMES.indexOf('values1')] = { rawSize: 2 ** 29, frame: zstd(Buffer.alloc(10)) };
    expect(await refusal(assemble(plain))).toContain(
      'values1.rawSize is 536870912, at most 2600 is possible',
    );
  });
});
