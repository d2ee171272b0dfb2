/** Health: what is wrong with an installation, and putting it right. */
export { isUpdater } from './check/executables.ts';
export { evolutionFolders } from './check/plugins.ts';
export { onSearchPath } from './check/search-path.ts';
export type { HealthIssue, HealthStatus, IssueType } from './issue.ts';
export {
  copyForBlocks,
  copyFromHere,
  discardPrepared,
  isPreparedBefore,
  makeFromPackages,
  swapInPrepared,
} from './repair/executable.ts';
export { installEvolutions, repairPlugin, restoreEvolutions } from './repair/folders.ts';
export { inOrderOfRepair, moveStranger, repairLocally } from './repair/locally.ts';
export { NoGoodCopyError } from './repair/no-good-copy.ts';
export { blocksOfOlder } from './repair/older-blocks.ts';
export {
  knownReceipt,
  openRecords,
  prepareWorkDir,
  repairUpdaterReceipt,
  restoreReceipt,
  sessionOfRecord,
  writeReceipt,
} from './repair/records.ts';
export { verifyInstall } from './verify.ts';
