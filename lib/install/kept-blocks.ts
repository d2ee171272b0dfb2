/**
 * The list of the installed binary's blocks (lib/delta/full/block-list.ts), kept in the work dir after an update, so that
 * damage is found to the block without the network: the list, then 32 bytes with its SHA-256. It is only a copy. If it is
 * missing or damaged, the feed has it.
 */
import { type BlockList, readBlockList } from '../delta/index.ts';
import { DamagedError, errorCode } from '../errors.ts';
import { type Digest, digestBytes, readOwnFile, replaceDurably } from '../platform/files.ts';
import type { Host } from '../platform/host.ts';
import type { Layout } from './layout.ts';

const SEAL = 32;
/** More than the list of the largest binary has. */
const LIMIT = 1 << 20;

/** Keeps the list of that binary. Does nothing if the disk does not allow it. */
export function keepBlockList(
  { disk }: Pick<Host, 'disk'>,
  layout: Layout,
  binary: Digest,
  list: Uint8Array,
): void {
  const seal = Buffer.from(digestBytes(list).sha256, 'hex');
  try {
    replaceDurably(disk, layout.blocks(binary.sha256), layout.workDir, Buffer.concat([list, seal]), 0o644);
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
  { disk }: Pick<Host, 'disk'>,
  layout: Layout,
  binary: Digest,
  signed?: string,
): BlockList | null {
  try {
    const bytes = readOwnFile(disk, layout.blocks(binary.sha256), LIMIT);
    if (bytes === null || bytes.length <= SEAL) return null;
    const length = bytes.length - SEAL;
    const sha256 = Buffer.from(bytes.subarray(length)).toString('hex');
    if (signed !== undefined && signed !== sha256) return null;
    return readBlockList(bytes.subarray(0, length), { size: binary.size, blocks: { length, sha256 } });
  } catch (error) {
    if (error instanceof DamagedError || errorCode(error) !== undefined) return null;
    throw error;
  }
}
