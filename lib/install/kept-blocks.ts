/**
 * What is kept of the installed binary's blocks in the work dir after an update: the list of their digests
 * (lib/delta/full/block-list.ts), so that damage is found to the block without the network; 32 bytes with the SHA-256 of the list;
 * and spare blocks (lib/delta/full/spare-blocks.ts), so that a damaged block is made again without it. Earlier updaters wrote
 * no spare blocks, and take a file that has them for a damaged one. It is only a copy: if it is missing or damaged, the feed has the list.
 */
import {
  type BlockList,
  blockListLength,
  decodeSpareBlocks,
  MAX_SPARE,
  readBlockList,
  type SpareBlocks,
} from '../delta/index.ts';
import { DamagedError, errorCode } from '../errors.ts';
import { type Digest, digestBytes, readOwnFile, replaceDurably } from '../platform/files.ts';
import type { Host } from '../platform/host.ts';
import type { Layout } from './layout.ts';

const SEAL = 32;
/** More than the list of the largest binary and the spare blocks have. */
const LIMIT = (1 << 20) + MAX_SPARE;

/** Keeps the list and the spare blocks of that binary. Does nothing if the disk does not allow it. */
export function keepBlocks(
  { disk }: Pick<Host, 'disk'>,
  layout: Layout,
  binary: Digest,
  { list, spare }: { list: Uint8Array; spare: Uint8Array },
): void {
  const seal = Buffer.from(digestBytes(list).sha256, 'hex');
  const bytes = Buffer.concat([list, seal, spare]);
  try {
    replaceDurably(disk, layout.blocks(binary.sha256), layout.workDir, bytes, 0o644);
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
  }
}

/**
 * The kept list of that binary; null if there is none that is intact.
 *
 * @param signed SHA-256 of the list in the signed manifest, if that is at hand: a list with another one counts as none
 */
export function keptBlockList(
  host: Pick<Host, 'disk'>,
  layout: Layout,
  binary: Digest,
  signed?: string,
): BlockList | null {
  return unlessDamaged(() => {
    const kept = readKept(host, layout, binary);
    if (kept === null) return null;
    const sha256 = Buffer.from(kept.seal).toString('hex');
    if (signed !== undefined && signed !== sha256) return null;
    return readBlockList(kept.list, { size: binary.size, blocks: { length: kept.list.length, sha256 } });
  });
}

/** The kept spare blocks of that binary; null if there are none. */
export function keptSpareBlocks(
  host: Pick<Host, 'disk'>,
  layout: Layout,
  binary: Digest,
): SpareBlocks | null {
  return unlessDamaged(() => {
    const kept = readKept(host, layout, binary);
    if (kept === null || kept.spare.length === 0) return null;
    return decodeSpareBlocks(kept.spare, binary.size);
  });
}

function readKept({ disk }: Pick<Host, 'disk'>, layout: Layout, { sha256, size }: Digest) {
  const bytes = readOwnFile(disk, layout.blocks(sha256), LIMIT);
  const length = blockListLength(size);
  if (bytes === null || bytes.length < length + SEAL) return null;
  const end = length + SEAL;
  return { list: bytes.subarray(0, length), seal: bytes.subarray(length, end), spare: bytes.subarray(end) };
}

function unlessDamaged<Kept>(read: () => Kept | null): Kept | null {
  try {
    return read();
  } catch (error) {
    if (error instanceof DamagedError || errorCode(error) !== undefined) return null;
    throw error;
  }
}
