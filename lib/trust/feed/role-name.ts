/**
 * Names of delegated roles, which the feed chooses (spec 4.5, 4.6), made safe for an address and for a file: no name leads
 * out of a folder, to a device, or to the file of a top-level role.
 */
import { TrustError } from '../../errors.ts';
import { printable } from '../../format/printable.ts';

const TOP_LEVEL = new Set(['root', 'timestamp', 'snapshot', 'targets']);
/** Only lower case: on a filesystem that ignores case, `Root` must not become `root`. */
const PLAIN = /^[a-z0-9_][a-z0-9_-]{0,63}$/;
const DEVICE = /^(con|prn|aux|nul|com\d|lpt\d)$/;
const MAX_LENGTH = 1024;

/** Throws TrustError if the name can't be used in an address. */
export function checkRoleName(name: string): void {
  if (name.length === 0 || name.length > MAX_LENGTH || !name.isWellFormed()) {
    throw new TrustError(
      `not trusted: wanted a role name of 1 to ${MAX_LENGTH} characters, found "${printable(name)}"`,
    );
  }
}

/** The file in the folder for a role: its own name if that is harmless on every system, else a digest of it. */
export function roleFile(name: string): string {
  if (TOP_LEVEL.has(name)) return `${name}.json`;
  if (PLAIN.test(name) && !DEVICE.test(name) && !name.startsWith('role-')) return `${name}.json`;
  return `role-${new Bun.CryptoHasher('sha256').update(name).digest('hex')}.json`;
}

/** The name under which a role is published; with `version` if the repository has consistent snapshots (spec 6.2). */
export function roleAddress(name: string, version: number | null): string {
  const escaped = encodeURIComponent(name);
  return version === null ? `${escaped}.json` : `${version}.${escaped}.json`;
}
