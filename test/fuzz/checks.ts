/** What must hold whatever a patch says, and whatever it is applied to. */
import { applyPatch, openPatched } from '../../lib/delta/index.ts';
import { DamagedError } from '../../lib/errors.ts';
import { memorySource, readSource } from '../../lib/platform/files.ts';
import { parse, sha256 } from '../delta/reference.ts';
import { takeTraps } from './watched-assembly.ts';

/** Something that must not be. */
class Finding extends Error {}

export function requireThat(holds: boolean, what: string): void {
  if (!holds) throw new Finding(what);
}

export const isSame = (a: Uint8Array, b: Uint8Array) => Buffer.compare(a, b) === 0;

/** Bytes that are kept of what is made. */
const KEPT = 64 << 20;

/** The new file, or how the patch was refused. Nothing else may happen. */
export async function applied(
  patch: Uint8Array,
  old: Uint8Array,
  verifyOld = true,
): Promise<Uint8Array | DamagedError> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  const write = (chunk: Uint8Array) => {
    size += chunk.length;
    if (size <= KEPT) chunks.push(chunk.slice());
  };
  try {
    await applyPatch({ patch: memorySource(patch), old: memorySource(old), write, verifyOld });
  } catch (error) {
    requireThat(error instanceof DamagedError, `a patch ended with ${error}, wanted a DamagedError`);
    requireNoTraps();
    if (size > 0) requireThat(size <= parse(patch).toSize, `${size} bytes were written, more than toSize`);
    return error as DamagedError;
  }
  requireNoTraps();
  const { toChecksum, toSize } = parse(patch);
  requireThat(size === toSize, `${size} bytes were written, wanted ${toSize}`);
  const made = Buffer.concat(chunks);
  requireThat(
    size > KEPT || sha256(made) === toChecksum,
    'a file was taken for the right one that is another',
  );
  return made;
}

/** The same file, read through the patch, or how that was refused. */
export async function readThrough(
  patch: Uint8Array,
  old: Uint8Array,
  pieces: readonly { at: number; size: number }[],
): Promise<Uint8Array | DamagedError> {
  try {
    const { source } = await openPatched(memorySource(patch), memorySource(old));
    const whole = readSource(source);
    for (const { at, size } of pieces) {
      const piece = new Uint8Array(Math.max(0, Math.min(size, whole.length - at)));
      if (piece.length === 0) continue;
      source.read(at, piece);
      requireThat(isSame(piece, whole.subarray(at, at + size)), `${size} bytes at ${at} are read otherwise`);
    }
    return whole;
  } catch (error) {
    if (error instanceof Finding) throw error;
    requireThat(error instanceof DamagedError, `reading through it ended with ${error}`);
    return error as DamagedError;
  }
}

/** The code that WebAssembly is stopped at, instead of refusing what it was given. */
export function requireNoTraps(): void {
  const traps = takeTraps();
  requireThat(traps.length === 0, `WebAssembly trapped: ${traps.join(', ')}`);
}
