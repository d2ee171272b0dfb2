/**
 * The public API, under the plan's names: the classes, the errors that they throw, and every type that can be reached
 * from these. Everything else in the package may change without notice.
 */
export {
  type Adopted,
  type AdoptOptions,
  type ApplyOptions,
  type ApplyPackageOptions,
  type ApplyPatchOptions,
  type BackgroundServiceOptions,
  BackgroundUpdateService,
  type Choice,
  type ConfigSchema,
  type CreateOptions,
  type Diagnosis,
  DifferentialUpdater,
  type DifferentialUpdaterOptions,
  type DoctorCheck,
  type DoctorStatus,
  type FeedOptions,
  Installation,
  type InstallationOptions,
  type InstallOptions,
  type KnownWords,
  type Measure,
  type Overview,
  type Progress,
  type Recovered,
  type RecoverOptions,
  type Remedy,
  type RepairOptions,
  type RepairResult,
  type RestartCommand,
  type RestartNotice,
  type RollbackOptions,
  type RollbackPlan,
  type SelfHealingOptions,
  SelfHealingSystem,
  type ServiceStatus,
  type Situation,
  type SnapshotCheck,
  SnapshotManager,
  type SnapshotManagerOptions,
  type Stage,
  type StoredSnapshot,
  type UpdateDecision,
  UpdateManager,
  type UpdateManagerOptions,
  type UpdateScreen,
  UpdateUI,
  type UpdateUIOptions,
  type VerifyOptions,
  type VersionInfo,
  type Watched,
  type WatchOptions,
} from './api/index.ts';
export type { Algorithm, PatchFile, PatchHeader, StreamEntry, StreamName } from './delta/index.ts';
export {
  BusyError,
  DamagedError,
  type ErrorOptions,
  type ExitCode,
  FailedStartError,
  InterruptedError,
  LockedError,
  MachineError,
  ManagedInstallError,
  NetworkError,
  PolicyError,
  RevertedError,
  StillRunningError,
  TrustError,
  UnrecoverableError,
  UpdaterError,
  UsageError,
} from './errors.ts';
export type { Decoded, Decoder } from './format/decoder.ts';
export type { HealthIssue, HealthStatus, IssueType } from './health/index.ts';
export type { Checks, LastCheck } from './home/checks.ts';
export type { Decided, Decider, Setting } from './home/decided.ts';
export type { HistoryEntry } from './home/history.ts';
export type { PreferenceKey } from './home/preference-text.ts';
export type { Preferences } from './home/preferences.ts';
export type {
  Applied,
  Binary as InstalledBinary,
  Confirmation,
  EvolutionWish,
  InstallEvent,
  Limits,
  Outcome,
  Receipt,
  RollbackPreview,
  RollbackRule,
  RollbackTarget,
  RollbackWish,
  RolledBack,
  Status,
} from './install/index.ts';
export type { Platform } from './platform/host.ts';
export type { Obstacle } from './service/decision.ts';
export type { ServiceEvent } from './service/events.ts';
export type { Notice } from './service/notice.ts';
export type { ServiceRecord } from './service/record.ts';
export type { Component, FolderComponent, Pruned, Snapshot, Usage } from './snapshot/index.ts';
export { type PublicKey, publicKey, type SigningKey, signingKey } from './trust/index.ts';
export type {
  Asker,
  CheckOptions,
  CheckResult,
  DownloadLimits,
  DownloadProgress,
  DownloadRoute,
  Held,
  Hold,
  OfferedEvolution,
  Owner as PackageOwner,
  PackageOptions,
  PassedRelease,
  Selection,
  UpdateEvent,
  UpdateInfo,
  UpdatePackage,
  WayBack,
} from './update/index.ts';
export type {
  Binary,
  BinaryArch,
  ChangeLog,
  DGMOVersion,
  Evolution,
  ListedPackage,
  ListedRelease,
  RiskLevel,
  UpdaterBinary,
  UpdateType,
} from './version/index.ts';
