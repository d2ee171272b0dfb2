import { applyPatch, type GenerateOptions, generatePatch } from '../../lib/delta/index.ts';
import { memorySource } from '../../lib/platform/files.ts';

export function make(
  old: Uint8Array,
  fresh: Uint8Array,
  options: Pick<GenerateOptions, 'algorithm' | 'applyLimit' | 'lanesFrom' | 'fourthBelow' | 'isFast'> = {},
): Promise<Uint8Array> {
  return generatePatch({ old, new: fresh, fromVersion: '1.0.0', toVersion: '1.0.1', ...options });
}

/** The new file that `patch` makes of `old`. */
export async function apply(patch: Uint8Array, old: Uint8Array): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  const write = (chunk: Uint8Array) => chunks.push(chunk.slice());
  await applyPatch({ patch: memorySource(patch), old: memorySource(old), write });
  return Uint8Array.from(Buffer.concat(chunks));
}

/** What `work` fails with. */
export async function failure(work: Promise<unknown>): Promise<unknown> {
  try {
    await work;
  } catch (error) {
    return error;
  }
  return new Error('it did not fail');
}

/** The binary that test/vectors/frames-v1 is of. */
export function frozenBinary(): Uint8Array {
  return Uint8Array.from({ length: 290_000 }, (_, at) => (at >> 6) * (at >> 12));
}
