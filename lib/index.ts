/** The public API, under the plan's names. What DGMO imports; everything else here may change without notice. */
export * from './api/index.ts';
export {
  BusyError,
  DamagedError,
  type ErrorOptions,
  type ExitCode,
  InterruptedError,
  LockedError,
  MachineError,
  NetworkError,
  PolicyError,
  RevertedError,
  StillRunningError,
  TrustError,
  UnrecoverableError,
  UpdaterError,
  UsageError,
} from './errors.ts';
