/** The `.dgmopkg` container: what `--apply` takes and `release bundle` makes. */
export { isAppName } from './app-name.ts';
export { joinPackages } from './chain.ts';
export { type CarriedFile, type Companion, companionsOf } from './companions.ts';
export {
  decodeEvolution,
  type EvolutionArchive,
  type EvolutionFile,
  encodeEvolution,
  unpackedSize,
} from './evolution-archive.ts';
export { MAX_EVOLUTION_FILES, MAX_UNPACKED, MAX_UNPACKED_TOGETHER } from './evolution-index.ts';
export type { CarriedEvolution } from './evolutions.ts';
export { looksLikePackage } from './layout.ts';
export { requirePatchAsSigned } from './patch.ts';
export { checkPackage, type Installation } from './policy.ts';
export { type PackageContents, peekPackage, readPackage, verifyPayloads } from './reader.ts';
export { isInstalled, planRoute, type Route, type Step } from './route.ts';
export { type PackageDraft, type PayloadDraft, withCompanions, writePackage } from './writer.ts';
