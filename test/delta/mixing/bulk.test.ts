/** Bulk by the light coder: every bound of its stream, and of what the other stream takes from it. */
import { expect, test } from 'bun:test';
import { readPatchHeader } from '../../../lib/delta/index.ts';
import { DamagedError } from '../../../lib/errors.ts';
import { memorySource } from '../../../lib/platform/files.ts';
import { comesBack, same } from '../both-decoders.ts';
import { assemble } from '../forge.ts';
import { randomBytes, randomNumbers } from '../pairs.ts';
import { parse } from '../reference.ts';
import { apply, failure, make } from '../support.ts';
import { elf, samples } from './executables.ts';

async function refused(patch: Uint8Array, old: Uint8Array): Promise<string> {
  const error = await failure(apply(patch, old));
  expect(error).toBeInstanceOf(DamagedError);
  return (error as DamagedError).message;
}

test('in the bytes of bulk, out of noise, cut off or longer, is refused, and no wrong file is taken for the right one', async () => {
  const old = randomBytes(3000, 1);
  const fresh = elf('x86', true);
  const plain = parse(await make(old, fresh, { algorithm: 'mixing', applyLimit: 1000 }));
  const [model, extra] = plain.streams;
  if (model === undefined || extra === undefined) throw new Error('there is no bulk');
  expect(extra.frame[0]).toBe(1);
  const withBulk = (frame: Uint8Array, rawSize = extra.rawSize) =>
    assemble({ ...plain, streams: [model, { rawSize, frame: Buffer.from(frame) }] });
  same(await apply(withBulk(extra.frame), old), fresh);
  for (let at = 1; at < extra.frame.length; at += at < 100 ? 1 : 37) {
    const frame = Uint8Array.from(extra.frame);
    frame[at] = (frame[at] ?? 0) ^ (1 << (at % 8));
    await refused(withBulk(frame), old);
  }
  for (let seed = 1; seed < 60; seed++) {
    const noise = randomBytes(20 + seed * 31, seed);
    noise[0] = 1;
    noise.set(extra.frame.subarray(0, seed % 20));
    await refused(withBulk(noise), old);
  }
  const malformed = 'the stream extra of the patch is malformed';
  expect(await refused(withBulk(extra.frame.subarray(0, -1)), old)).toContain(malformed);
  expect(await refused(withBulk(Buffer.concat([extra.frame, Buffer.of(0)])), old)).toContain(malformed);
  expect(await refused(withBulk(extra.frame, extra.rawSize - 1), old)).toContain(malformed);
  expect(await refused(withBulk(extra.frame.subarray(0, 1)), old)).toContain(malformed);
});

test('with more or less in extra than is used', async () => {
  const old = randomBytes(3000, 1);
  const patch = await make(old, elf('x86', true), { algorithm: 'mixing', applyLimit: 1000 });
  const plain = parse(patch);
  const none = [plain.streams[0], { rawSize: 0, frame: new Uint8Array() }].filter(
    (each) => each !== undefined,
  );
  expect(await refused(assemble({ ...plain, streams: none }), old)).toContain(
    'extra of the patch ends too early',
  );
  const sample = samples()[0];
  const unused = parse(await make(sample?.old ?? old, sample?.fresh ?? old));
  const streams = [unused.streams[0], plain.streams[1]].filter((each) => each !== undefined);
  expect(await refused(assemble({ ...unused, streams }), sample?.old ?? old)).toContain('bytes too many');
});

test('more than a decoder keeps is refused before anything is made', async () => {
  const old = randomBytes(3000, 1);
  const plain = parse(await make(old, elf('x86', true), { algorithm: 'mixing', applyLimit: 1000 }));
  const [model, extra] = plain.streams.map((stream) => ({ ...stream }));
  if (model === undefined || extra === undefined) throw new Error('there is no bulk');
  const streams = [model, { ...extra, rawSize: 2 ** 27 + 1 }];
  const message = await refused(assemble({ ...plain, toSize: 2 ** 26, streams }), old);
  expect(message).toContain('makes 134217729 bytes, wanted at most 134217728');
});

test('displacements in bulk come back behind bytes that are no instruction', async () => {
  // C5 48 38 is no instruction, C5 and the bytes of a call may be one: what it is depends on the displacement.
  const fresh = elf('x86', true);
  const next = randomNumbers(11);
  for (let at = 0x1400; at < 0x3000; at += 16) {
    fresh.set([0xc5, 0xe8, next() & 255, next() & 255, 0, 0], at);
    fresh.set([0xc4, 0xe9, next() & 255, 0xff, 0xff, 0xff], at + 8);
  }
  const old = randomBytes(3000, 1);
  const patch = await make(old, fresh, { algorithm: 'mixing', applyLimit: 1000 });
  const { algorithm, streams } = readPatchHeader(memorySource(patch));
  expect(algorithm).toBe('mixing');
  expect(streams[1]?.rawSize).toBeGreaterThan(fresh.length * 0.9);
  await comesBack(patch, old, fresh);
});
