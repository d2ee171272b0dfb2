/**
 * Staged rollout on static files: each install decides by itself whether it is offered a release yet. The id of the
 * install and the version decide, so the answer is the same at every check, raising the percentage only adds installs,
 * and the installs that are first for one version are not the first for the next.
 */
import { digestBytes } from '../../platform/files.ts';

/** From 0 up to, but not including, 100: the first four bytes of SHA-256 of `<installId>:<version>`, as a percentage. */
export function bucketOf(installId: string, version: string): number {
  const { sha256 } = digestBytes(new TextEncoder().encode(`${installId}:${version}`));
  return (Number.parseInt(sha256.slice(0, 8), 16) / 2 ** 32) * 100;
}

/** @param percent of all installs, 0 to 100 */
export function isRolledOut(installId: string, version: string, percent: number): boolean {
  return bucketOf(installId, version) < percent;
}
