/** Whole binaries, in each of the forms that a package can carry them in. */
import type { Digest } from '../../platform/files.ts';
import { decompressFramed } from './framed.ts';
import { type DecompressOptions, decompressOneFrame } from './one-frame.ts';

/** `zstd`: one frame. `frames`: independent ones, with an index. */
export type FullForm = 'zstd' | 'frames';

/**
 * The digest of the binary.
 *
 * @throws DamagedError if the source is not a binary of exactly `size` bytes in that form: then what was written must be
 *   discarded
 */
export function decompressFull(options: DecompressOptions & { form: FullForm }): Promise<Digest> {
  return options.form === 'frames' ? decompressFramed(options) : decompressOneFrame(options);
}
