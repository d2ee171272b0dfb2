/** The `.dgmopkg` container: what `--apply` takes and `release bundle` makes. */
export { isAppName } from './app-name.ts';
export { joinPackages, MAX_JOINED } from './chain.ts';
export { type CarriedFile, type Companion, type CompanionFile, companionsOf } from './companions.ts';
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
export { type Checkpoint, type PackageContents, peekPackage, readPackage, verifyPayloads } from './reader.ts';
export { type Installed, isInstalled, planRoute, type Route, type Step } from './route.ts';
export {
  type BinaryPayload,
  type EvolutionPayload,
  type Payload,
  STATEMENT_TYPE,
  type Statement,
} from './statement.ts';
export { type PackageDraft, type PayloadDraft, withCompanions, writePackage } from './writer.ts';
