/**
 * Differences between binaries: making and applying DGMO_PATCH_V1 patches, and compressing whole binaries. Nothing here
 * touches the disk: files are read through a Source and written through a `write`.
 */
export { applyPatch, NOT_KEPT } from './apply.ts';
export { zstdFrame, zstdFrameSync } from './compress.ts';
export type { Algorithm, StreamName } from './format.ts';
export { decompressFrame } from './frame.ts';
export {
  BlockDigests,
  type BlockList,
  blockListLength,
  blockSize,
  differingBlocks,
  readBlockList,
} from './full/block-list.ts';
export { decodeFrameIndex, type Frame } from './full/frame-index.ts';
export {
  compressFramed,
  type FramedOptions,
  framesByContent,
  inflateFrame,
  readFrameIndex,
} from './full/framed.ts';
export { decompressFull, type FullForm } from './full/full-binary.ts';
export {
  blocksFromSpare,
  decodeSpareBlocks,
  MAX_SPARE,
  type SpareBlocks,
  SpareBlocksMaker,
} from './full/spare-blocks.ts';
export { type GenerateOptions, generatePatch } from './generate.ts';
export { type PatchHeader, readPatchHeader, type StreamEntry } from './header.ts';
export { openPatched } from './inverse/patched-source.ts';
export { type QuickOptions, quickPatch } from './inverse/quick.ts';
export { APPLY_LIMIT } from './mixing/choose.ts';
export {
  decodePatch,
  encodePatch,
  type PatchFile,
  patchSource,
  signPatch,
  verifyPatchSignature,
} from './patch-file.ts';
