/** What the feed says of one target file, and whether bytes are it (spec 4.5, 5.7). */
import type { TargetFile } from '@tufjs/models';
import { DamagedError, TrustError } from '../../errors.ts';
import { isPortableName } from '../../format/portable-path.ts';
import { printable } from '../../format/printable.ts';

/** Digests that are known, the preferred one first. */
export const TARGET_HASHES = ['sha256', 'sha512'] as const;
export type TargetHash = (typeof TARGET_HASHES)[number];
const DIGITS: Record<TargetHash, number> = { sha256: 64, sha512: 128 };

export interface TargetInfo {
  readonly path: string;
  /** Bytes. */
  readonly length: number;
  /** Lower-case hex digits; at least one, and none of an algorithm that is not known. */
  readonly hashes: Readonly<Partial<Record<TargetHash, string>>>;
  /** Where it stands below the feed's targets: `path`, its last part led by a digest with consistent snapshots (spec 6.2). */
  readonly location: string;
  /** What the publisher says of it, opaque to TUF. */
  readonly custom: Readonly<Record<string, unknown>>;
}

/** 255 bytes are what filesystems take; the digest before it takes 65. */
const MAX_SEGMENT = 180;
const MAX_PATH = 1000;

/**
 * TrustError where a path could mean anything but one file below a folder, on any system: `..`, absolute, NUL,
 * device names of Windows, names that are too long or that Windows would change.
 */
export function checkTargetPath(path: string): void {
  const segments = path.split('/');
  if (path.length <= MAX_PATH && segments.every((segment) => isPortableName(segment, MAX_SEGMENT))) return;
  throw new TrustError(
    `not trusted: wanted a relative path of plain names for a target, found "${printable(path)}"`,
  );
}

/** `role` vouches for it. TrustError where its digests are of no use. */
export function targetInfo(target: TargetFile, role: string, consistentSnapshot: boolean): TargetInfo {
  const names = Object.keys(target.hashes);
  const known = TARGET_HASHES.filter((name) => Object.hasOwn(target.hashes, name));
  const right = known.every((name) =>
    new RegExp(`^[0-9a-f]{${DIGITS[name]}}$`).test(target.hashes[name] ?? ''),
  );
  if (names.length === 0 || known.length !== names.length || !right) {
    throw new TrustError(
      `not trusted: ${printable(role)}.json: wanted digests of ${TARGET_HASHES.join(' or ')} for ` +
        `${printable(target.path)}, found ${names.length === 0 ? 'none' : printable(names.join(', '))}`,
    );
  }
  if (!Number.isSafeInteger(target.length)) {
    throw new TrustError(
      `not trusted: ${printable(role)}.json: wanted a length in bytes for ${printable(target.path)}, found another`,
    );
  }
  const hashes = Object.fromEntries(known.map((name) => [name, target.hashes[name]]));
  const prefix = target.hashes[known[0] ?? 'sha256'];
  const segments = target.path.split('/');
  const last = segments.pop();
  const location = consistentSnapshot ? [...segments, `${prefix}.${last}`].join('/') : target.path;
  return { path: target.path, length: target.length, hashes, location, custom: target.custom };
}

export interface Measured {
  /** Bytes. */
  length: number;
  hashes: Partial<Record<TargetHash, string>>;
}

/** Spec 5.7.2: DamagedError unless length and every digest that the feed names are what was measured. */
export function verifyTarget(info: TargetInfo, found: Measured): void {
  if (found.length !== info.length) throw unlike(info, `${info.length} bytes`, `${found.length}`);
  for (const name of TARGET_HASHES) {
    const wanted = info.hashes[name];
    if (wanted === undefined || found.hashes[name] === wanted) continue;
    throw unlike(info, `${name} ${wanted}`, found.hashes[name] ?? 'none');
  }
}

function unlike(info: TargetInfo, wanted: string, found: string): DamagedError {
  return new DamagedError(`${printable(info.path)}: the feed says ${wanted}, found ${found}`, {
    advice: 'Download it again.',
  });
}
