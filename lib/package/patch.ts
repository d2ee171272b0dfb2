/** A patch in a package, held against what was signed for it. */
import { type PatchHeader, readPatchHeader } from '../delta/index.ts';
import { DamagedError } from '../errors.ts';
import type { Source } from '../platform/files.ts';
import { DOWNLOAD_AGAIN } from './layout.ts';
import type { Payload } from './statement.ts';

type PatchPayload = Extract<Payload, { kind: 'patch' }>;

/**
 * Throws DamagedError if the header of the patch names another binary, before or after it, than its entry in the signed
 * statement. What `applyPatch` does is decided by the header.
 */
export function requirePatchAsSigned(patch: Source, signed: PatchPayload): void {
  const header = readPatchHeader(patch);
  const wanted: [field: keyof PatchHeader, value: string | number][] = [
    ['fromVersion', signed.from],
    ['fromChecksum', signed.fromChecksum],
    ['toVersion', signed.to],
    ['toChecksum', signed.toChecksum],
    ['toSize', signed.toSize],
  ];
  for (const [field, value] of wanted) {
    if (header[field] === value) continue;
    throw new DamagedError(
      `package: wanted a patch from ${signed.from} with ${field} ${value}, as signed, found ${header[field]}`,
      { advice: DOWNLOAD_AGAIN },
    );
  }
}
