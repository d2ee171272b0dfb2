/** Patches that come back by the decoder and by the second one. */
import { expect } from 'bun:test';
import { readPatchHeader } from '../../lib/delta/index.ts';
import { memorySource } from '../../lib/platform/files.ts';
import { applyPlainly } from './reference.ts';
import { apply, make } from './support.ts';

export const same = (a: Uint8Array, b: Uint8Array) => expect(Buffer.compare(a, b)).toBe(0);

/** The patch and its header; each decoder makes the new file of it. */
export async function both(old: Uint8Array, fresh: Uint8Array, options: Parameters<typeof make>[2] = {}) {
  const patch = await make(old, fresh, options);
  same(await apply(patch, old), fresh);
  same(applyPlainly(patch, old), fresh);
  return { patch, header: readPatchHeader(memorySource(patch)) };
}
