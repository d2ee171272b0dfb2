/** What can be done with an install: the plan's classes. */
export { applyUpdate, type RunOptions } from './run-update.ts';
export { SnapshotManager, type SnapshotManagerOptions } from './snapshot-manager.ts';
export {
  type RestartCommand,
  type RestartNotice,
  UpdateManager,
  type UpdateManagerOptions,
} from './update-manager.ts';
