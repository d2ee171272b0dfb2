/** Binaries in independent frames: exactly what was promised comes out, each frame by itself as well, or a DamagedError. */
import { describe, expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import {
  compressFramed,
  decodeFrameIndex,
  decompressFull,
  framesByContent,
  inflateFrame,
} from '../../../lib/delta/index.ts';
import { DamagedError } from '../../../lib/errors.ts';
import { memorySource } from '../../../lib/platform/files.ts';
import { zstd } from '../forge.ts';
import { codeLike, randomBytes } from '../pairs.ts';
import { sha256 } from '../reference.ts';
import { failure, frozenBinary } from '../support.ts';

const BLOCK = 1 << 16;
const FRAME = 1 << 18;
const ENTRIES_AT = 16;
const compress = (bytes: Uint8Array) => compressFramed(bytes, { level: 3 });

async function expand(framed: Uint8Array, size: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  const write = (chunk: Uint8Array) => chunks.push(chunk.slice());
  const digest = await decompressFull({ form: 'frames', source: memorySource(framed), size, write });
  const bytes = Uint8Array.from(Buffer.concat(chunks));
  expect(digest).toEqual({ sha256: sha256(bytes), size: bytes.length });
  return bytes;
}

async function refusal(framed: Uint8Array, size: number): Promise<string> {
  const error = await failure(expand(framed, size));
  expect(error).toBeInstanceOf(DamagedError);
  return (error as DamagedError).message;
}

/** The framed binary of one frame, with that replaced, and an index that says so. */
function withFrame(framed: Uint8Array, frame: Uint8Array): Uint8Array {
  const index = Buffer.from(framed.subarray(0, ENTRIES_AT + 38));
  index.writeUInt32LE(frame.length, ENTRIES_AT + 2);
  index.write(sha256(frame), ENTRIES_AT + 6, 'hex');
  return Buffer.concat([index, frame]);
}

test('a frame of the same size that holds other bytes is refused by its digest', async () => {
  const [wanted, other] = [1, 2].map((seed) => zstd(randomBytes(1000, seed)));
  if (wanted === undefined || other === undefined) throw new Error('no frames');
  expect(other.length).toBe(wanted.length);
  const frame = { length: wanted.length, sha256: sha256(wanted), rawSize: 1000 };
  expect((await inflateFrame(wanted, frame)).length).toBe(1000);
  expect(String(await failure(inflateFrame(other, frame)))).toContain(
    `found ${other.length} with ${sha256(other)}`,
  );
});

describe('there and back', () => {
  test.each([1, 333, FRAME - 1, FRAME, FRAME + 1, 5 * FRAME + 7])('%d bytes', async (size) => {
    for (const bytes of [randomBytes(size, 1), codeLike(size, 2), new Uint8Array(size)]) {
      expect(Buffer.compare(await expand(await compress(bytes), size), bytes)).toBe(0);
    }
  });

  test('the same bytes give the same frames, however many are made at once', async () => {
    const bytes = codeLike(3 * FRAME, 5);
    const one = await compressFramed(bytes, { level: 3, atOnce: 1 });
    expect(Buffer.compare(await compressFramed(bytes, { level: 3, atOnce: 9 }), one)).toBe(0);
  });

  describe('after an older binary', () => {
    const common = [codeLike(20 * FRAME, 3), randomBytes(4 * FRAME, 4)];
    const old = Buffer.concat([...common, codeLike(3 * FRAME, 6)]);
    const fresh = Buffer.concat([codeLike(FRAME, 7), ...common, codeLike(1000, 8)]);

    /** The frames for `fresh`, and how many different ones of `old`, made with that level, were read for them. */
    async function after(level: number): Promise<{ made: Uint8Array; used: number }> {
      const source = memorySource(await compressFramed(old, { level }));
      const counted = { size: source.size, read: source.read };
      const older = await framesByContent(counted, old.length);
      const used = new Set<number>();
      counted.read = (position, into) => {
        used.add(position);
        source.read(position, into);
      };
      return { made: await compressFramed(fresh, { level: 3, older }), used: used.size };
    }

    test('what that has as well is not compressed again, and the result is the same', async () => {
      const { made, used } = await after(3);
      expect(Buffer.compare(made, await compress(fresh))).toBe(0);
      expect(used).toBeGreaterThanOrEqual(4 * 24);
    });

    test('unless that was made with another level', async () => {
      const { made, used } = await after(1);
      expect(Buffer.compare(made, await compress(fresh))).toBe(0);
      expect(used).toBeLessThan(24);
    });

    test('one that is of another form or size is refused', async () => {
      expect(await failure(framesByContent(memorySource(old), old.length))).toBeInstanceOf(DamagedError);
      const source = memorySource(await compress(old));
      expect(await failure(framesByContent(source, old.length - 1))).toBeInstanceOf(DamagedError);
    });
  });

  test('progress runs to the end', async () => {
    const fractions: number[] = [];
    const onProgress = (fraction: number) => fractions.push(fraction);
    await compressFramed(new Uint8Array(4 * FRAME), { level: 1, onProgress });
    expect(fractions).toEqual([0.25, 0.5, 0.75, 1]);
  });

  test('checkpoints are kept on the way, and one that fails ends it', async () => {
    const bytes = new Uint8Array(20 << 20);
    const source = memorySource(await compress(bytes));
    let checkpoints = 0;
    const options = { form: 'frames', source, size: bytes.length, write: () => undefined } as const;
    const checkpoint = () => {
      checkpoints++;
    };
    await decompressFull({ ...options, checkpoint });
    expect(checkpoints).toBe(2);
    const stop = new Error('stop');
    expect(await failure(decompressFull({ ...options, checkpoint: () => Promise.reject(stop) }))).toBe(stop);
  });

  test('any frame, by itself', async () => {
    const bytes = codeLike(4 * FRAME + 100, 8);
    const framed = await compress(bytes);
    const { frames } = decodeFrameIndex(framed, bytes.length);
    expect(frames.length).toBeGreaterThan(4);
    for (const frame of frames.toReversed()) {
      const part = framed.slice(frame.offset, frame.offset + frame.length);
      const start = frame.firstBlock * BLOCK;
      const wanted = bytes.subarray(start, start + frame.rawSize);
      expect(Buffer.compare(await inflateFrame(part, frame), wanted)).toBe(0);
    }
  });

  test('what hardly compresses is in frames of a block, so that none is long', async () => {
    const bytes = Buffer.concat([new Uint8Array(FRAME), randomBytes(FRAME, 3), codeLike(FRAME, 4)]);
    const framed = await compress(bytes);
    const { frames } = decodeFrameIndex(framed, bytes.length);
    expect(frames.map(({ firstBlock }) => firstBlock)).toEqual(expect.arrayContaining([0, 4, 5, 6, 7, 8]));
    expect(Math.max(...frames.map(({ length }) => length))).toBeLessThanOrEqual(98_304);
    expect(Buffer.compare(await expand(framed, bytes.length), bytes)).toBe(0);
  });

  test('the frozen vector', async () => {
    const vector = readFileSync(path.join(import.meta.dir, '../../vectors/frames-v1/tiny.frames'));
    const binary = frozenBinary();
    expect(Buffer.compare(await expand(vector, binary.length), binary)).toBe(0);
  });
});

describe('refused', () => {
  const bytes = codeLike(FRAME + 3000, 4);

  test('another size than promised', async () => {
    const framed = await compress(bytes);
    for (const size of [0, bytes.length - 1, bytes.length + 1, FRAME])
      expect(await refusal(framed, size)).toContain(
        `wanted a binary of ${size} bytes, found ${bytes.length}`,
      );
  });

  test('cut off anywhere, or with anything after its end', async () => {
    const framed = await compress(bytes.subarray(0, 3000));
    for (let size = 0; size < framed.length; size++) await refusal(framed.subarray(0, size), 3000);
    await refusal(Buffer.concat([framed, Buffer.of(0)]), 3000);
  });

  test('any bit that is not as it was', async () => {
    const framed = await compress(bytes);
    await fc.assert(
      fc.asyncProperty(fc.nat(framed.length - 1), fc.nat(7), async (at, bit) => {
        const damaged = framed.slice();
        damaged[at] = (damaged[at] ?? 0) ^ (1 << bit);
        await refusal(damaged, bytes.length);
      }),
      { numRuns: 100 },
    );
  });

  test('frames of a size that would take too much memory, or none, or other than the binary has', async () => {
    const zeros = new Uint8Array(bytes.length);
    const framed = Buffer.from(await compress(zeros));
    for (const blocks of [0, 5, 6, 65, 65_535]) {
      framed.writeUInt16LE(blocks, ENTRIES_AT);
      expect(await refusal(framed, zeros.length)).toContain('blocks in frame');
    }
    framed.writeUInt16LE(3, ENTRIES_AT);
    expect(await refusal(framed, zeros.length)).toContain('wanted 5 blocks in the frames, found 4');
    for (const count of [0, 6, 2 ** 31]) {
      framed.writeUInt32LE(count, 12);
      expect(await refusal(framed, zeros.length)).toContain('wanted 1 to 5 frames');
    }
  });

  test('a binary of many blocks in frames that are too large', async () => {
    const zeros = new Uint8Array(70 * BLOCK);
    const framed = Buffer.from(await compress(zeros));
    framed.writeUInt16LE(65, ENTRIES_AT);
    expect(await refusal(framed, zeros.length)).toContain('wanted 1 to 64 blocks in frame 0, found 65');
  });

  test('a bomb: more than the index allows never comes out', async () => {
    const framed = await compress(bytes.subarray(0, 1000));
    const bomb = zstd(Buffer.alloc(1 << 20));
    expect(await refusal(withFrame(framed, bomb), 1000)).toContain('its window is 1048576 bytes');
    const liar = Buffer.from(zstd(Buffer.alloc(60_000)));
    const at = liar.indexOf(Buffer.from(new Uint16Array([60_000 - 256]).buffer));
    liar.writeUInt16LE(1000 - 256, at);
    await refusal(withFrame(framed, liar), 1000);
  });

  test('a frame that is none, though the index vouches for it', async () => {
    const framed = await compress(bytes.subarray(0, 1000));
    expect(await refusal(withFrame(framed, randomBytes(200, 3)), 1000)).toContain('does not begin as one');
    expect(await refusal(withFrame(framed, new Uint8Array(5000)), 1000)).toContain('for frame 0, found 5000');
  });
});
