/**
 * Staged rollout on static files: each install finds out by itself whether a release is for it yet. The id of the
 * install and the version decide, so an install falls on the same side whenever it looks, raising the percentage only
 * adds, and who is first for one version is not first for the next.
 */
import { digestBytes } from '../../platform/files.ts';

/** 0 to 100, without 100: the first four bytes of SHA-256 of `<installId>:<version>`, as a share of all. */
export function bucketOf(installId: string, version: string): number {
  const { sha256 } = digestBytes(new TextEncoder().encode(`${installId}:${version}`));
  return (Number.parseInt(sha256.slice(0, 8), 16) / 2 ** 32) * 100;
}

/** @param percent of all installs, 0 to 100 */
export function isRolledOut(installId: string, version: string, percent: number): boolean {
  return bucketOf(installId, version) < percent;
}
