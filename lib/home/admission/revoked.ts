/**
 * Which releases their publisher has revoked, as the checks have found it: `<home>/revoked.json`. A package from a USB stick and a
 * rollback need no network, so this is where they look.
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

const revokedFile: HomeFile<Revocations> = homeFile({ name: 'revoked.json', what: 'revoked' }, shape, {
  schema: 1,
  releases: [],
});

/**
 * Saves what the newest signed index says. What it no longer lists stays revoked; a release that it offers is not, since a
 * release may be revoked in one channel only. If it can't be saved the check is good nevertheless: the next one saves it.
 */
export async function noteRevoked(host: Host, home: string, listing: Listing): Promise<void> {
  try {
    const known = load(host, home);
    const next = withListing(known, listing);
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

/** Why the release was revoked; null if it was not, as far as is known here. */
export function revocationOf(
  { host, home }: { host: Host; home: Home },
  { app, version }: { app: string; version: string },
): string | null {
  const folder = homeIfAny(home);
  if (folder === null) return null;
  const found = load(host, folder).releases.find((one) => one.app === app && one.version === version);
  return found?.reason ?? null;
}

/** Throws PolicyError if it is known here that the release was revoked. */
export function requireNotRevoked(
  machine: { host: Host; home: Home },
  release: { app: string; version: string },
  advice: string,
): void {
  const reason = revocationOf(machine, release);
  if (reason === null) return;
  throw new PolicyError(`${release.version} was revoked by the publisher: ${reason}`, { advice });
}

/** A damaged record, or one that can't be read, is as good as none. */
function load(host: Host, home: string): Revocations {
  try {
    return revokedFile.load(host, home);
  } catch (error) {
    if (!(error instanceof UpdaterError)) throw error;
    return { schema: 1, releases: [] };
  }
}
