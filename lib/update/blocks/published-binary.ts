/** The installed binary as the feed has it: what is needed to verify it to the block, and to fetch single blocks. */
import { type BlockList, readBlockList } from '../../delta/index.ts';
import { keptBlockList } from '../../install/index.ts';
import { blockListPath } from '../../version/binary.ts';
import { type Binary, binaryFor, type DGMOVersion, type ListedPackage } from '../../version/index.ts';
import { readManifest } from '../check/channel.ts';
import { readDocument } from '../check/documents.ts';
import type { ReleaseOfTarget } from '../check/installed-release.ts';
import type { UpdateContext } from '../context.ts';
import type { PartSource } from './fetch-parts.ts';

export interface PublishedBinary {
  manifest: DGMOVersion;
  /** As in the manifest. */
  binary: Binary;
}

/**
 * Null if the manifest of the release has another binary.
 *
 * @throws TrustError 10, DamagedError 11, MachineError 12, NetworkError 13
 */
export async function publishedBinary(
  context: UpdateContext,
  { release, target }: ReleaseOfTarget,
): Promise<PublishedBinary | null> {
  const manifest = await readManifest(context.documents, release);
  const binary = binaryFor(manifest, target);
  return binary?.checksum === release.binary.sha256 ? { manifest, binary } : null;
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
