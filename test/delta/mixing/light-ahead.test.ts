/** Bulk that a thread of its own decodes is what it was, and what is wrong with its stream is told as without the thread. */
import { expect, test } from 'bun:test';
import os from 'node:os';
import { encodeLight, LightBulk } from '../../../lib/delta/mixing/light.ts';
import { LightAhead } from '../../../lib/delta/mixing/light-ahead.ts';
import { DamagedError } from '../../../lib/errors.ts';
import { memorySource } from '../../../lib/platform/files.ts';

const SIZE = 5 << 19;
/** Each 4096 bytes like those before, but for one in 64. */
const bulk = Uint8Array.from({ length: SIZE }, (_, i) =>
  i % 64 === 7 ? (i * 2654435761) >>> 24 : i * (i & 4095),
);
const stream = await encodeLight(bulk, [{ size: SIZE, class: 0 }]);

const open = (bytes: Uint8Array) => LightBulk.open(memorySource(bytes), SIZE, 'the bulk', () => undefined);

test.skipIf(os.availableParallelism() < 2)('the thread makes all of it', async () => {
  const ahead = LightAhead.start(memorySource(stream), SIZE);
  while (ahead?.result === null && (await ahead.step()));
  expect(ahead?.result).toBe(0);
  expect(ahead?.made).toBe(SIZE);
  expect(Buffer.compare(ahead?.bytes ?? new Uint8Array(), bulk)).toBe(0);
  ahead?.close();
});

test.skipIf(os.availableParallelism() < 2)('that it ends between two looks at it is no damage', async () => {
  const opened = await open(stream);
  const real = Object.getOwnPropertyDescriptors(LightAhead.prototype);
  let [isFirst, isAsked] = [true, false];
  // It may have ended before the first look, on a machine that is busy.
  const result = function (this: LightAhead): number | null {
    if (isAsked) return real.result.get?.call(this) ?? null;
    isAsked = true;
    return null;
  };
  const made = function (this: LightAhead): number {
    if (!isFirst) return real.made.get?.call(this) ?? 0;
    isFirst = false;
    while (this.result === null);
    return 0;
  };
  Object.defineProperty(LightAhead.prototype, 'result', { get: result, configurable: true });
  Object.defineProperty(LightAhead.prototype, 'made', { get: made, configurable: true });
  try {
    expect(Buffer.compare(await opened.take(SIZE), bulk)).toBe(0);
    expect(isFirst).toBe(false);
    await opened.end();
  } finally {
    Object.defineProperty(LightAhead.prototype, 'result', real.result);
    Object.defineProperty(LightAhead.prototype, 'made', real.made);
    opened.close();
  }
});

test('it is taken piece by piece, and the stream ends with it', async () => {
  const opened = await open(stream);
  for (let at = 0; at < SIZE; at += 65_000) {
    const size = Math.min(65_000, SIZE - at);
    expect(Buffer.compare(await opened.take(size), bulk.subarray(at, at + size))).toBe(0);
  }
  await opened.end();
  opened.close();
});

test.skipIf(process.platform !== 'linux')(
  'the memory of what was taken is given back once all is decoded',
  async () => {
    const opened = await open(stream);
    const taken = await opened.take(SIZE);
    expect(Buffer.compare(taken, bulk)).toBe(0);
    await opened.end();
    await opened.take(0);
    const inside = taken.subarray(1 << 16, SIZE - (1 << 16));
    expect(inside.every((byte) => byte === 0)).toBe(true);
    opened.close();
  },
);

test.skipIf(process.platform !== 'linux' || os.availableParallelism() < 2)(
  'what another thread has taken is given back, and there once more when it has to be taken again',
  async () => {
    const opened = await open(stream);
    const before = await opened.take(1 << 19);
    // All is decoded then.
    await opened.take(SIZE - (1 << 19));
    const { bytes } = opened.shared();
    opened.left = SIZE - (1 << 19);
    opened.giveBackElsewhere(1 << 19, 3 << 19);
    expect(bytes.subarray((1 << 19) + 65_536, (3 << 19) - 65_536).every((byte) => byte === 0)).toBe(true);
    expect(Buffer.compare(before, bulk.subarray(0, 1 << 19))).toBe(0);
    expect(Buffer.compare(bytes.subarray(3 << 19), bulk.subarray(3 << 19))).toBe(0);
    await opened.restore();
    expect(Buffer.compare(await opened.take(SIZE - (1 << 19)), bulk.subarray(1 << 19))).toBe(0);
    await opened.end();
    opened.close();
  },
);

async function takeAll(bytes: Uint8Array): Promise<void> {
  const opened = await open(bytes);
  try {
    await opened.take(SIZE);
    await opened.end();
  } finally {
    opened.close();
  }
}

test('a stream that ends early, goes on, or is damaged at its beginning is refused', async () => {
  const damaged = stream.slice();
  damaged.fill(0xff, 1, 40);
  const longer = new Uint8Array(stream.length + 1);
  longer.set(stream);
  for (const bytes of [stream.subarray(0, stream.length - 9), longer, damaged])
    await expect(takeAll(bytes)).rejects.toBeInstanceOf(DamagedError);
});

test('what is left untaken is told', async () => {
  const opened = await open(stream);
  await opened.take(1000);
  await expect(opened.end()).rejects.toThrow(`the bulk holds ${SIZE - 1000} bytes too many`);
  opened.close();
});
