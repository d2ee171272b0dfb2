/** Whole binaries in one frame, as packages of schema 1 carry them: exactly what was promised comes out, or a DamagedError. */
import { describe, expect, test } from 'bun:test';
import { constants } from 'node:zlib';
import fc from 'fast-check';
import { decompressFull, zstdFrame } from '../../../lib/delta/index.ts';
import { DamagedError } from '../../../lib/errors.ts';
import { memorySource } from '../../../lib/platform/files.ts';
import { zstd } from '../forge.ts';
import { codeLike, randomBytes } from '../pairs.ts';
import { sha256 } from '../reference.ts';
import { failure } from '../support.ts';

/** As they were written. */
function compressFull(bytes: Uint8Array, level = 19): Promise<Uint8Array> {
  return zstdFrame(bytes, { level, windowLog: 24, longDistance: true });
}

const form = 'zstd';

async function expand(frame: Uint8Array, size: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  const write = (chunk: Uint8Array) => chunks.push(chunk.slice());
  const digest = await decompressFull({ form, source: memorySource(frame), size, write });
  const bytes = Uint8Array.from(Buffer.concat(chunks));
  expect(digest).toEqual({ sha256: sha256(bytes), size: bytes.length });
  return bytes;
}

async function refusal(frame: Uint8Array, size: number): Promise<string> {
  const error = await failure(expand(frame, size));
  expect(error).toBeInstanceOf(DamagedError);
  return (error as DamagedError).message;
}

describe('there and back', () => {
  // Frames of 16,374 and 32,758 random bytes fill the output buffer of Bun's compressor to its last byte.
  test.each([0, 1, 333, 16_374, 32_758, 65_536, 65_537, 1_000_003])('%d bytes', async (size) => {
    for (const bytes of [randomBytes(size, 1), codeLike(size, 2), new Uint8Array(size)]) {
      expect(Buffer.compare(await expand(await compressFull(bytes, 3), size), bytes)).toBe(0);
    }
  });

  test('random bytes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 2000 }), async (bytes) => {
        expect(Buffer.compare(await expand(await compressFull(bytes), bytes.length), bytes)).toBe(0);
      }),
      { numRuns: 50 },
    );
  });

  test('checkpoints are kept on the way', async () => {
    const bytes = new Uint8Array(20 << 20);
    const source = memorySource(await compressFull(bytes, 3));
    let checkpoints = 0;
    const checkpoint = () => {
      checkpoints++;
    };
    await decompressFull({ form, source, size: bytes.length, write: () => undefined, checkpoint });
    expect(checkpoints).toBe(2);
    const stop = new Error('stop');
    const fail = () => Promise.reject(stop);
    expect(
      await failure(
        decompressFull({ form, source, size: bytes.length, write: () => undefined, checkpoint: fail }),
      ),
    ).toBe(stop);
  });
});

describe('refused', () => {
  const bytes = codeLike(3000, 4);

  test('another size than promised', async () => {
    const frame = await compressFull(bytes);
    expect(await refusal(frame, 2999)).toContain('it holds 3000 bytes, wanted 2999');
    expect(await refusal(frame, 3001)).toContain('it holds 3000 bytes, wanted 3001');
    expect(await refusal(frame, 0)).toContain('it holds 3000 bytes, wanted 0');
    expect(await refusal(new Uint8Array(0), 3000)).toContain('it does not begin as one');
  });

  test('cut off at every byte, and anything that trails', async () => {
    const frame = await compressFull(bytes);
    for (let size = 0; size < frame.length; size++) await refusal(frame.subarray(0, size), bytes.length);
    await refusal(Buffer.concat([frame, Buffer.of(0)]), bytes.length);
    await refusal(Buffer.concat([frame, frame]), bytes.length);
  });

  test('a bomb: what it holds beyond its promise never comes out', async () => {
    const bomb = zstd(Buffer.alloc(64 << 20), { [constants.ZSTD_c_windowLog]: 19 });
    expect(bomb.readUInt32LE(6)).toBe(64 << 20);
    bomb.writeUInt32LE(100_000, 6);
    let written = 0;
    const write = (chunk: Uint8Array) => {
      written += chunk.length;
    };
    const error = await failure(decompressFull({ form, source: memorySource(bomb), size: 100_000, write }));
    expect(error).toBeInstanceOf(DamagedError);
    expect(written).toBeLessThanOrEqual(100_000);
  });

  test('a window too large to remember', async () => {
    const wide = zstd(Buffer.alloc(70 << 20), { [constants.ZSTD_c_windowLog]: 26 });
    expect(await refusal(wide, 70 << 20)).toContain('its window is 67108864 bytes');
  });
});
