/**
 * Reads blocks of a published binary out of its full package, without the rest of it: the index of the frames, then the
 * frames that hold the blocks. A frame is verified by its digest in the signed index before it is decompressed, and each
 * block by its digest in the signed list.
 */
import { type BlockList, decodeFrameIndex, type Frame, inflateFrame } from '../../delta/index.ts';
import { DamagedError } from '../../errors.ts';
import { BLOCK_SIZE } from '../../version/binary.ts';
import type { Binary } from '../../version/index.ts';
import { fetchParts, type PartSource, type Transfer } from './fetch-parts.ts';
import { type ByteRange, type Part, planRanges } from './ranges.ts';

/** More than the index of the largest binary in the smallest frames has. */
const MAX_INDEX = 1 << 20;

export interface BlocksRequest {
  /** The full package. */
  source: PartSource;
  /** As in the signed manifest. */
  binary: Pick<Binary, 'size' | 'frames'>;
  list: BlockList;
  /** Numbers of blocks, from 0, in any order. */
  wanted: readonly number[];
  /** Called once for each of them, in ascending order as far as the network allows. The bytes may be kept. */
  onBlock(block: number, bytes: Uint8Array): void;
  /** Called with the bytes that have come so far, and those that are asked for in all. */
  onProgress?: (done: number, total: number) => void;
}

interface FramePart extends Part, Frame {
  blocks: { block: number; at: number }[];
}

/**
 * @throws RangeError for a block that the binary has not; DamagedError 11 if its release was published without frames, or
 *   no server has the signed bytes; NetworkError 13; InterruptedError 130 or the reason of the signal; what `onBlock` throws
 */
export async function readBlocks(request: BlocksRequest): Promise<Transfer> {
  const { source, binary, list, onBlock, onProgress } = request;
  const { size, frames } = binary;
  const wanted = [...new Set(request.wanted)].sort((a, b) => a - b);
  const stray = wanted.find((block) => !Number.isInteger(block) || block < 0 || block >= list.count);
  if (stray !== undefined) throw new RangeError(`there is no block ${stray} of ${list.count}`);
  if (wanted.length === 0) return { requests: 0, bytes: 0 };
  const start = source.length - (frames?.length ?? 0);
  if (frames === undefined || start < 0 || frames.index.length > MAX_INDEX) {
    throw new DamagedError(
      'the release was published without an index of frames, so its blocks can not be fetched',
      {
        advice: 'Fetch the whole package.',
      },
    );
  }
  let parts: FramePart[] = [];
  const forIndex = await fetchParts(source, [{ offset: start, ...frames.index }], (_, bytes) => {
    const index = decodeFrameIndex(bytes, size);
    if (index.length !== frames.length) {
      throw new DamagedError(
        `the index of the frames is of ${index.length} bytes, wanted ${frames.length} as in the manifest`,
      );
    }
    parts = partsFor(index.frames, wanted, start);
  });
  const total = forIndex.bytes + planRanges(parts).reduce((sum, range) => sum + lengthOf(range), 0);
  const onBytes = (bytes: number) => onProgress?.(forIndex.bytes + bytes, total);
  const forFrames = await fetchParts({ ...source, onBytes }, parts, async ({ blocks, ...frame }, bytes) => {
    const raw = await inflateFrame(bytes, frame);
    for (const { block, at } of blocks) {
      const content = raw.subarray(at, at + BLOCK_SIZE);
      if (!list.matches(block, content)) {
        throw new DamagedError(`the published block ${block} is not the one in the signed list of blocks`);
      }
      onBlock(block, content);
    }
  });
  return {
    requests: forIndex.requests + forFrames.requests,
    bytes: forIndex.bytes + forFrames.bytes,
  };
}

/** The frames that hold the blocks, where they are in the package. */
function partsFor(frames: readonly Frame[], wanted: readonly number[], start: number): FramePart[] {
  return frames.flatMap((frame) => {
    const { firstBlock, rawSize } = frame;
    const blocks = wanted
      .filter((block) => block >= firstBlock && BLOCK_SIZE * (block - firstBlock) < rawSize)
      .map((block) => ({ block, at: BLOCK_SIZE * (block - firstBlock) }));
    return blocks.length === 0 ? [] : [{ ...frame, offset: start + frame.offset, blocks }];
  });
}

function lengthOf({ first, last }: ByteRange): number {
  return last - first + 1;
}
