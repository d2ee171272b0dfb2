/** What the feed knows of the executable that is, or should be, installed here. */
import type { Binary } from '../../install/index.ts';
import {
  type DGMOVersion,
  isBaseline,
  type ListedPackage,
  type ListedRelease,
  type Target,
} from '../../version/index.ts';
import type { UpdateContext } from '../context.ts';
import { findRelease, readManifest, readReleases } from './channel.ts';
import { readIndex, readIndexes } from './check.ts';

export interface ReleaseOfTarget {
  release: ListedRelease;
  target: Target;
}

/**
 * The release whose executable has that digest, in the user's channel; null if the feed lists none.
 *
 * @throws TrustError, DamagedError, MachineError, NetworkError; PolicyError if the feed has no such channel
 */
export async function releaseOfBinary(
  context: UpdateContext,
  sha256: string,
): Promise<ReleaseOfTarget | null> {
  const isOf = ({ binary }: ListedRelease) => binary.sha256 === sha256;
  for await (const index of readIndexes(context, context.preferences.channel)) {
    const releases = await readReleases(context.documents, index, (read) => read.some(isOf));
    const release = releases.find(isOf);
    if (release !== undefined) return { release, target: index };
  }
  return null;
}

/**
 * The newest release that was not revoked and is for everybody, or the one that is pinned; null if there is none. One that is
 * rolled out in stages is taken only if there is no other: a new installation has no part in the lot yet. One at 0 % never is.
 */
export async function newestRelease(context: UpdateContext): Promise<ReleaseOfTarget | null> {
  const { channel, pin } = context.preferences;
  const index = await readIndex(context, channel);
  const isRevoked = (found: string) => index.revoked.some(({ version }) => version === found);
  const offered = index.releases.filter(({ version, rollout }) => rollout > 0 && !isRevoked(version));
  const release =
    pin === null
      ? (offered.find(({ rollout }) => rollout === 100) ?? offered[0] ?? null)
      : isRevoked(pin)
        ? null
        : await findRelease(context.documents, index, pin);
  return release === null ? null : { release, target: index };
}

/** The executable of the release, as a receipt has it. */
export function binaryOfRelease({ release, target }: ReleaseOfTarget): Binary {
  const { version, binary } = release;
  return { version, ...binary, ...(isBaseline(target) ? { build: 'baseline' } : {}) };
}

/** The release of an installed executable; null if the feed does not list that. Throws as `releaseOfBinary` does. */
export async function installedRelease(
  context: UpdateContext,
  { version, sha256 }: Pick<Binary, 'version' | 'sha256'>,
): Promise<ReleaseOfTarget | null> {
  for await (const index of readIndexes(context, context.preferences.channel)) {
    const release = await findRelease(context.documents, index, version);
    if (release?.binary.sha256 === sha256) return { release, target: index };
  }
  return null;
}

/** The manifest of the installed release; null if the feed does not list that. Throws as `releaseOfBinary` does. */
export async function installedManifest(context: UpdateContext): Promise<DGMOVersion | null> {
  const found = await installedRelease(context, context.receipt.binary);
  return found === null ? null : readManifest(context.documents, found.release);
}

/** The package with the whole executable; null if the release has none. */
export function fullPackage({ packages }: ListedRelease): ListedPackage | null {
  return packages.find(({ kind }) => kind === 'full') ?? null;
}
