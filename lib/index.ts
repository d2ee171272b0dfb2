/** The public API, under the plan's names. What DGMO imports; everything else here may change without notice. */

export {
  type RestartCommand,
  type RestartNotice,
  SnapshotManager,
  type SnapshotManagerOptions,
  UpdateManager,
  type UpdateManagerOptions,
} from './api/index.ts';
export {
  BusyError,
  DamagedError,
  type ExitCode,
  InterruptedError,
  MachineError,
  NetworkError,
  PolicyError,
  RevertedError,
  TrustError,
  UnrecoverableError,
  UpdaterError,
  UsageError,
} from './errors.ts';
export type {
  Applied,
  EvolutionWish,
  InstallEvent,
  Limits,
  RolledBack,
  Settings,
} from './install/index.ts';
export type { Component, Snapshot } from './snapshot/index.ts';
export type {
  CheckOptions,
  CheckResult,
  DownloadProgress,
  Preferences,
  UpdateEvent,
  UpdateInfo,
  UpdatePackage,
} from './update/index.ts';
export type { ChangeLog, DGMOVersion, Evolution, RiskLevel, UpdateType } from './version/index.ts';
