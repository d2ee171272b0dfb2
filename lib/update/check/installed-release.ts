/** What the feed knows of the executable that is, or should be, installed here. */
import type { DGMOVersion, ListedPackage, ListedRelease } from '../../version/index.ts';
import type { UpdateContext } from '../context.ts';
import { findRelease, readManifest, readReleases } from './channel.ts';
import { readIndex } from './check.ts';

/**
 * The release whose executable has that digest, in the user's channel; null if the feed lists none.
 *
 * @throws TrustError, DamagedError, MachineError, NetworkError; PolicyError if the feed has no such channel
 */
export async function releaseOfBinary(context: UpdateContext, sha256: string): Promise<ListedRelease | null> {
  const index = await readIndex(context, context.preferences.channel);
  const isOf = ({ binary }: ListedRelease) => binary.sha256 === sha256;
  const releases = await readReleases(context.documents, index, (read) => read.some(isOf));
  return releases.find(isOf) ?? null;
}

/** The newest release that was not revoked, or the one that is pinned; null if there is none. */
export async function newestRelease(context: UpdateContext): Promise<ListedRelease | null> {
  const { channel, pin } = context.preferences;
  const index = await readIndex(context, channel);
  const isRevoked = (found: string) => index.revoked.some(({ version }) => version === found);
  if (pin === null) return index.releases.find(({ version }) => !isRevoked(version)) ?? null;
  return isRevoked(pin) ? null : findRelease(context.documents, index, pin);
}

/** The manifest of the installed release; null if the feed does not list that. Throws as `releaseOfBinary` does. */
export async function installedManifest(context: UpdateContext): Promise<DGMOVersion | null> {
  const { version, sha256 } = context.receipt.binary;
  const index = await readIndex(context, context.preferences.channel);
  const release = await findRelease(context.documents, index, version);
  return release?.binary.sha256 === sha256 ? readManifest(context.documents, release) : null;
}

/** The package with the whole executable; null if the release has none. */
export function fullPackage({ packages }: ListedRelease): ListedPackage | null {
  return packages.find(({ kind }) => kind === 'full') ?? null;
}
