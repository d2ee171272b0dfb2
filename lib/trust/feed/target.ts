/** What the feed says about a target file, and whether a file is that target (spec 4.5, 5.7). */
import type { TargetFile } from '@tufjs/models';
import { DamagedError, TrustError } from '../../errors.ts';
import { isPortableName } from '../../format/portable-path.ts';
import { printable } from '../../format/printable.ts';

/** The supported digests, the preferred one first. */
const TARGET_HASHES = ['sha256', 'sha512'] as const;
export type TargetHash = (typeof TARGET_HASHES)[number];
const DIGITS: Record<TargetHash, number> = { sha256: 64, sha512: 128 };

export interface TargetInfo {
  readonly path: string;
  /** Bytes. */
  readonly length: number;
  /** At least one, and only of the supported algorithms, as lower-case hex digits. */
  readonly hashes: Readonly<Partial<Record<TargetHash, string>>>;
  /** Its place below the feed's targets: `path`, with a digest before its last part if snapshots are consistent (spec 6.2). */
  readonly location: string;
  /** Data of the publisher, opaque to TUF. */
  readonly custom: Readonly<Record<string, unknown>>;
}

/** Filesystems accept 255 bytes, and the digest before the name takes 65. */
const MAX_SEGMENT = 180;
const MAX_PATH = 1000;

/**
 * Throws TrustError if a path could mean anything but one file below a folder on some system: `..`, absolute paths, NUL,
 * device names of Windows, names that are too long or that Windows would change.
 */
export function checkTargetPath(path: string): void {
  const segments = path.split('/');
  if (path.length <= MAX_PATH && segments.every((segment) => isPortableName(segment, MAX_SEGMENT))) return;
  throw new TrustError(
    `not trusted: wanted a relative path of plain names for a target, found "${printable(path)}"`,
  );
}

/** `role` is the role that lists the target. Throws TrustError if its digests can't be used. */
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

/** Spec 5.7.2: throws DamagedError unless the length and every digest in the feed are as measured. */
export function verifyTarget(info: TargetInfo, found: Measured): void {
  if (found.length !== info.length) throw mismatch(info, `${info.length} bytes`, `${found.length}`);
  for (const name of TARGET_HASHES) {
    const wanted = info.hashes[name];
    if (wanted === undefined || found.hashes[name] === wanted) continue;
    throw mismatch(info, `${name} ${wanted}`, found.hashes[name] ?? 'none');
  }
}

function mismatch(info: TargetInfo, wanted: string, found: string): DamagedError {
  return new DamagedError(`${printable(info.path)}: the feed says ${wanted}, found ${found}`, {
    advice: 'Download it again.',
  });
}
