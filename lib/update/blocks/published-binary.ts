/** The installed binary as the feed has it: what is needed to verify it to the block, and to fetch single blocks. */
import { type BlockList, readBlockList } from '../../delta/index.ts';
import { keptBlockList } from '../../install/index.ts';
import { blockListPath } from '../../version/binary.ts';
import { type Binary, binaryFor, type DGMOVersion, type ListedPackage } from '../../version/index.ts';
import { readManifest } from '../check/channel.ts';
import { readDocument } from '../check/documents.ts';
import { installedRelease } from '../check/installed-release.ts';
import type { UpdateContext } from '../context.ts';
import type { PartSource } from './fetch-parts.ts';

export interface PublishedBinary {
  manifest: DGMOVersion;
  /** As in the manifest. */
  binary: Binary;
  /** Null if the feed does not have it any more. */
  fullPackage: ListedPackage | null;
}

/**
 * Null if the channel does not list the version, or with another binary.
 *
 * @param installed version and SHA-256, as in the receipt
 * @throws TrustError 10, DamagedError 11, MachineError 12, NetworkError 13, PolicyError 17 (the feed has no such channel)
 */
export async function findPublished(
  context: UpdateContext,
  installed: { version: string; sha256: string },
): Promise<PublishedBinary | null> {
  const found = await installedRelease(context, installed);
  if (found === null) return null;
  const { release, target } = found;
  const manifest = await readManifest(context.documents, release);
  const binary = binaryFor(manifest, target);
  if (binary === undefined || binary.checksum !== installed.sha256) return null;
  return { manifest, binary, fullPackage: release.packages.find(({ kind }) => kind === 'full') ?? null };
}

/**
 * The list of the binary's blocks, as it was kept with the install, else from the cache or the feed; null if the release was published without one.
 *
 * @throws DamagedError 11 (the server's list is not the signed one), NetworkError 13, MachineError 12
 */
export async function fetchBlockList(
  { documents, session }: UpdateContext,
  { manifest, binary }: PublishedBinary,
): Promise<BlockList | null> {
  const { size, blocks } = binary;
  if (blocks === undefined) return null;
  const { host, layout } = session;
  const kept = keptBlockList(host, layout, { sha256: binary.checksum, size }, blocks.sha256);
  if (kept !== null) return kept;
  const path = blockListPath(manifest.version, binary, blocks.sha256);
  return readBlockList(await readDocument(documents, { path, ...blocks }), { size, blocks });
}

/** The full package, as `readBlocks` wants it. */
export function packageSource(context: UpdateContext, { path, length }: ListedPackage): PartSource {
  const { network, location, session, signal } = context;
  const { clock, random } = session.host;
  return { network, clock, random, urls: [location.targetUrl(path)], length, signal };
}
