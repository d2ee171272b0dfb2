/** What is generated, applied: by lib/delta and by the independent decoder, to the byte. */
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import type { GenerateOptions } from '../../lib/delta/index.ts';
import { adversarialPairs, codeLike, randomBytes } from './pairs.ts';
import { applyPlainly } from './reference.ts';
import { apply, make } from './support.ts';

async function holds(
  old: Uint8Array,
  fresh: Uint8Array,
  options: Pick<GenerateOptions, 'algorithm'> = {},
): Promise<Uint8Array> {
  const patch = await make(old, fresh, options);
  const made = await apply(patch, old);
  if (Buffer.compare(made, fresh) !== 0) throw new Error('applied, it gives another file');
  if (Buffer.compare(applyPlainly(patch, old), fresh) !== 0)
    throw new Error('the reference gives another file');
  return patch;
}

describe('adversarial pairs', () => {
  test.each(adversarialPairs().map((pair) => [pair.name, pair] as const))('%s', async (_, { old, fresh }) => {
    const patch = await holds(old, fresh);
    expect(Buffer.compare(await make(old, fresh), patch)).toBe(0);
  });
});

test('a block that goes beyond the end of the old file, where a suspect would be', async () => {
  const bytes = (hex: string) => Uint8Array.from(Buffer.from(hex, 'hex'));
  const old =
    'cf0f0000b50b0000ac040000dc0b00006f0b00007f0800000000b40500009b0e00003d0f0000ab020000860ec6004201' +
    '00008e040000c0030000db0a0000310a0000';
  const fresh =
    '000308000049cf0f0000b50b0000ac040000dc0b00006f0b00007f080000420100008e040000c0030000db0a0000310a' +
    '0000b40500009b0e00003d0f0000ab020000860e00';
  await holds(bytes(old), bytes(fresh), { algorithm: 'mixing' });
});

describe('random pairs', () => {
  /** Pieces of a few shared sources, so that there is something to find. */
  const sources = [
    randomBytes(3000, 1),
    codeLike(3000, 2),
    codeLike(3000, 2, 0x100),
    new Uint8Array(600).fill(9),
  ];
  const piece = fc
    .record({ source: fc.nat(sources.length - 1), from: fc.nat(2999), size: fc.nat(900) })
    .map(({ source, from, size }) => (sources[source] as Uint8Array).subarray(from, from + size));
  const edited = fc
    .array(fc.oneof({ weight: 4, arbitrary: piece }, fc.uint8Array({ maxLength: 40 })), { maxLength: 12 })
    .map((parts) => Uint8Array.from(Buffer.concat(parts)));
  const few = fc.array(fc.nat(2), { maxLength: 300 }).map((bytes) => Uint8Array.from(bytes));

  test('of shared pieces', async () => {
    await fc.assert(
      fc.asyncProperty(edited, edited, async (old, fresh) => {
        await holds(old, fresh);
      }),
      // A failing pair is large, and each smaller one takes as long: the seed is enough.
      { numRuns: 150, endOnFailure: true },
    );
  });

  test('of three letters', async () => {
    await fc.assert(
      fc.asyncProperty(few, few, async (old, fresh) => {
        await holds(old, fresh);
      }),
      // A failing pair is large, and each smaller one takes as long: the seed is enough.
      { numRuns: 150, endOnFailure: true },
    );
  });

  test('all pairs of sizes up to 9', async () => {
    const bytes = randomBytes(9, 5);
    for (let from = 0; from <= 9; from++) {
      for (let to = 0; to <= 9; to++) await holds(bytes.subarray(0, from), bytes.subarray(9 - to));
    }
  });
});

describe('how small a patch is', () => {
  test('an address shift in code costs less than a tenth of the code', async () => {
    const patch = await holds(codeLike(400_000, 3), codeLike(400_000, 3, 0x1234));
    expect(patch.length).toBeLessThan(40_000);
  });

  test('a block that moved costs next to nothing', async () => {
    const noise = randomBytes(300_000, 11);
    const moved = Uint8Array.from(Buffer.concat([noise.subarray(100_000), noise.subarray(0, 100_000)]));
    expect((await holds(noise, moved)).length).toBeLessThan(500);
  });

  test('alignments too short and too broken for the hashing of blocks are found by sorting', async () => {
    const noise = randomBytes(200_000, 13);
    const pieces = Array.from({ length: 1000 }, (_, i) =>
      noise.subarray(((i * 677) % 1000) * 200, (((i * 677) % 1000) + 1) * 200),
    );
    const patch = await holds(noise, Uint8Array.from(Buffer.concat(pieces)));
    expect(patch.length).toBeLessThan(10_000);
  });
});
