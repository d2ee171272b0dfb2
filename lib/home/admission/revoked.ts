/**
 * Which releases their publisher has revoked, as the checks have found it: `<home>/revoked.json`. A package from a USB stick and a
 * rollback need no network, so this is where they look. If it is there and can't be read, it is not known what was revoked: then
 * neither goes on.
 */
import { DamagedError, errorCode, PolicyError, UpdaterError } from '../../errors.ts';
import { array, type Decoder, line, object, oneOf } from '../../format/decoder.ts';
import type { Host } from '../../platform/host.ts';
import { version } from '../../version/semver.ts';
import { asLine } from '../checks.ts';
import { type Home, homeIfAny } from '../folder.ts';
import { type HomeFile, homeFile } from '../home-file.ts';

/** With the longest reasons the file is still small enough to be read. */
const MAX_RELEASES = 300;
const MAX_REASON = 200;

/** Without one the release is revoked as well: the record must not be lost for that. */
const reason: Decoder<string> = (value, path) => (value === '' ? asLine('') : line(MAX_REASON)(value, path));

const shape = object({
  schema: oneOf(1),
  /** The ones that were found last are last. */
  releases: array(object({ app: line(64), version, reason }), 0, MAX_RELEASES),
});

export interface Listing {
  app: string;
  /** Some of the channel's releases. */
  releases: readonly { version: string }[];
  revoked: readonly { version: string; reason: string }[];
}

type Revocations = ReturnType<typeof shape>;

const NONE: Revocations = { schema: 1, releases: [] };

export const revokedFile: HomeFile<Revocations> = homeFile(
  { name: 'revoked.json', what: 'revoked', isRepaired: true },
  shape,
  NONE,
);

/**
 * Saves what the newest signed index says. What it no longer lists stays revoked; a release that it offers is not, since a
 * release may be revoked in one channel only. If it can't be saved the check is good nevertheless: the next one saves it.
 */
export async function noteRevoked(host: Host, home: string, listing: Listing): Promise<void> {
  try {
    const known = readable(host, home);
    const next = withListing(known ?? NONE, listing);
    if (Bun.deepEquals(known, next)) return;
    await revokedFile
      .change(host, home, (now) => withListing(now, listing))
      .catch(async (error: unknown) => {
        if (!(error instanceof DamagedError)) throw error;
        // Nobody has written it by hand: it begins anew.
        host.disk.remove(revokedFile.path(host, home));
        await revokedFile.change(host, home, () => next);
      });
  } catch (error) {
    if (!(error instanceof UpdaterError) && errorCode(error) === undefined) throw error;
  }
}

function withListing({ releases: known }: Revocations, { app, releases, revoked }: Listing): Revocations {
  const found = revoked.map(({ version, reason }) => ({ app, version, reason: asLine(reason, MAX_REASON) }));
  const listed = new Set([...found, ...releases].map(({ version }) => version));
  const others = known.filter((one) => one.app !== app || !listed.has(one.version));
  return { schema: 1, releases: [...others, ...found].slice(-MAX_RELEASES) };
}

/** Why the release was revoked; null if it was not, as far as is known here. A record that can't be read is as good as none. */
export function revocationOf(
  { host, home }: { host: Host; home: Home },
  { app, version }: { app: string; version: string },
): string | null {
  const folder = homeIfAny(home);
  return folder === null ? null : reasonIn(readable(host, folder) ?? NONE, { app, version });
}

function reasonIn(
  { releases }: Revocations,
  { app, version }: { app: string; version: string },
): string | null {
  return releases.find((one) => one.app === app && one.version === version)?.reason ?? null;
}

/**
 * Throws PolicyError if it is known here that the release was revoked; DamagedError or MachineError if the record of that is there,
 * and can't be read.
 *
 * @param force what to type to go on nevertheless, as a sentence; null: there is no such way
 */
export function requireNotRevoked(
  { host, home }: { host: Host; home: Home },
  release: { app: string; version: string },
  force: string | null,
): void {
  const folder = homeIfAny(home);
  if (folder === null) return;
  const reason = reasonIn(loadKnown(host, folder, force), release);
  if (reason === null) return;
  throw new PolicyError(`${release.version} was revoked by the publisher: ${reason}`, {
    advice: force ?? 'Install another version.',
  });
}

function loadKnown(host: Host, home: string, force: string | null): Revocations {
  const damaged = (message: string, cause?: DamagedError) =>
    new DamagedError(`it is not known which releases were revoked: ${message}`, {
      advice: ['Run `dgmo-updater check`, which writes it again.', force].filter(Boolean).join(' '),
      cause,
    });
  const path = revokedFile.path(host, home);
  if (leadsNowhere(host, path)) throw damaged(`${path} is a symlink that leads nowhere`);
  try {
    return revokedFile.load(host, home);
  } catch (error) {
    if (error instanceof DamagedError) throw damaged(error.message, error);
    throw error;
  }
}

/** Read through, it is as if there were no file. */
function leadsNowhere({ disk }: Host, path: string): boolean {
  if (disk.status(path)?.kind !== 'symlink') return false;
  try {
    return disk.status(disk.resolve(path)) === null;
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
    return true;
  }
}

/** Null if it can't be read. */
function readable(host: Host, home: string): Revocations | null {
  try {
    return revokedFile.load(host, home);
  } catch (error) {
    if (!(error instanceof UpdaterError)) throw error;
    return null;
  }
}
