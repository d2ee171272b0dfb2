/**
 * Differences between binaries: making and applying DGMO_PATCH_V1 patches, and compressing whole binaries. Nothing here
 * touches the disk: files are read through a Source and written through a `write`.
 */
export { type ApplyOptions, applyPatch } from './apply.ts';
export { zstdFrame, zstdFrameSync } from './compress.ts';
export type { StreamName } from './format.ts';
export { decompressFrame } from './frame.ts';
export { compressFull, type DecompressOptions, decompressFull } from './full.ts';
export { type GenerateOptions, generatePatch } from './generate.ts';
export { type PatchHeader, readPatchHeader, type StreamEntry } from './header.ts';
export {
  decodePatch,
  encodePatch,
  type PatchFile,
  patchSource,
  signPatch,
  verifyPatchSignature,
} from './patch-file.ts';
