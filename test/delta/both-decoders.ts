/** Patches that come back by the decoder and by the second one. */
import { expect } from 'bun:test';
import fc from 'fast-check';
import { readPatchHeader } from '../../lib/delta/index.ts';
import { memorySource } from '../../lib/platform/files.ts';
import { applyPlainly } from './reference.ts';
import { apply, make } from './support.ts';

type Options = Parameters<typeof make>[2];
/** Of both versions of a file: the later one or not. */
type Version = (later: boolean) => Uint8Array;

export const same = (a: Uint8Array, b: Uint8Array) => expect(Buffer.compare(a, b)).toBe(0);

/** Each decoder makes the new file of the patch. */
export async function comesBack(patch: Uint8Array, old: Uint8Array, fresh: Uint8Array): Promise<void> {
  same(await apply(patch, old), fresh);
  same(applyPlainly(patch, old), fresh);
}

/** The patch and its header; each decoder makes the new file of it. */
export async function both(old: Uint8Array, fresh: Uint8Array, options: Options = {}) {
  const patch = await make(old, fresh, options);
  await comesBack(patch, old, fresh);
  return { patch, header: readPatchHeader(memorySource(patch)) };
}

/** The patch by `mixing`; each decoder makes the new file of it. */
export async function bothMix(
  old: Uint8Array,
  fresh: Uint8Array,
  options: Options = {},
): Promise<Uint8Array> {
  const { patch } = await both(old, fresh, { algorithm: 'mixing', ...options });
  return patch;
}

/** Of `count` files made by `damage` out of one of `files`, whatever they say, both decoders make the same. */
export async function agreeOnDamage(
  files: readonly Version[],
  damage: (file: Uint8Array, seed: number, count: number) => Uint8Array,
  { most, numRuns }: { most: number; numRuns: number },
): Promise<void> {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...files),
      fc.nat(),
      fc.integer({ min: 0, max: most }),
      async (file, seed, count) => {
        await bothMix(damage(file(false), seed, count), damage(file(true), seed + 1, count >> 1));
      },
    ),
    { numRuns },
  );
}
