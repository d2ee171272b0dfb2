/** The operations on an install: the classes of the plan, and what ui/ names of the rooms above. */
export type { HealthIssue, HealthStatus } from '../health/index.ts';
export { type Settings, settings } from '../home/compiled-in.ts';
export type { Decider, Setting } from '../home/decided.ts';
export type { HistoryEntry } from '../home/history.ts';
export { PREFERENCE_KEYS, type PreferenceKey, preferenceKey } from '../home/preference-text.ts';
export {
  type Applied,
  dataFormatChange,
  type InstallEvent,
  type Outcome,
  type RollbackPreview,
  type RollbackWish,
  type RolledBack,
  type Status,
} from '../install/index.ts';
export type { Host } from '../platform/host.ts';
export type { Obstacle } from '../service/decision.ts';
export type { ServiceEvent } from '../service/events.ts';
export { COMPONENTS, type Component, isComponent, type Snapshot } from '../snapshot/index.ts';
export type {
  CheckOptions,
  CheckResult,
  Held,
  Hold,
  Owner,
  UpdateEvent,
  UpdateInfo,
  WayBack,
} from '../update/index.ts';
export type { ChangeLog, ConfigSchema } from '../version/index.ts';
export type { Adopted, AdoptOptions } from './adopt.ts';
export type { ApplyOptions, ApplyPackageOptions } from './apply-options.ts';
export {
  type ApplyPatchOptions,
  DifferentialUpdater,
  type DifferentialUpdaterOptions,
  type VersionInfo,
} from './differential-updater.ts';
export type { FeedOptions } from './feed-context.ts';
export type { Diagnosis, DoctorCheck, DoctorStatus } from './health/finding.ts';
export type { RepairResult } from './health/repair.ts';
export type { Remedy, Situation } from './health/situation.ts';
export { unknownVariablesText } from './health/unknown-variables.ts';
export {
  Installation,
  type InstallationOptions,
  type Recovered,
} from './installation.ts';
export type { KnownWords } from './known-words.ts';
export type { InstallOptions } from './open-install.ts';
export type { Overview } from './overview.ts';
export type { RestartCommand, RestartNotice } from './restart.ts';
export type { RollbackPlan } from './rollback.ts';
export type { Measure, Progress, Stage } from './screen/stages.ts';
export {
  type Choice,
  type UpdateDecision,
  type UpdateScreen,
  UpdateUI,
  type UpdateUIOptions,
} from './screen/update-ui.ts';
export {
  type RepairOptions,
  type SelfHealingOptions,
  SelfHealingSystem,
  type VerifyOptions,
  type Watched,
  type WatchOptions,
} from './self-healing-system.ts';
export {
  type BackgroundServiceOptions,
  BackgroundUpdateService,
  type ServiceStatus,
} from './service/background-update-service.ts';
export {
  type CreateOptions,
  type RollbackOptions,
  type SnapshotCheck,
  SnapshotManager,
  type SnapshotManagerOptions,
  type StoredSnapshot,
} from './snapshot-manager.ts';
export { type RecoverOptions, UpdateManager, type UpdateManagerOptions } from './update-manager.ts';
