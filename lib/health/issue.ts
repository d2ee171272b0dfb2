/** What a check of an installation finds: the plan's `HealthStatus` and `HealthIssue`. */
import { errorCode, errorMessage, UpdaterError } from '../errors.ts';
import { asUpdaterError } from '../platform/failures.ts';

export type IssueType =
  /** The executable is missing, or its bytes are not the ones that were installed. */
  | 'binary_corruption'
  /** The same of the updater. */
  | 'updater_corruption'
  /** The updater that came with the installed release has not arrived. */
  | 'updater_outdated'
  /** A config file can't be read, or has settings that the installed release does not take. */
  | 'config_invalid'
  /** The schema of the config is not there. */
  | 'config_unchecked'
  /** A plugin or an evolution is missing, or not whole. */
  | 'plugin_missing'
  /** A file can't be run, read or changed by those who have to, or can be changed by everybody. */
  | 'permission_error'
  | 'receipt_damaged'
  | 'journal_damaged'
  /** An update or a rollback was interrupted, and could be neither finished nor undone. */
  | 'transaction_open'
  | 'trust_damaged'
  /** The preferences or the choices of the user. */
  | 'settings_damaged'
  | 'snapshot_damaged'
  | 'cache_damaged'
  /** Files that an interrupted run has left. */
  | 'leftover_files'
  /** The shell starts another program than the installed one. */
  | 'path_conflict';

export interface HealthIssue {
  type: IssueType;
  /** What is wrong, as a sentence without its end: "the executable is missing". */
  what: string;
  /** The file or folder. */
  where: string;
  /** What `repair` does about it; null if it can't do anything. */
  repair: string | null;
  /** What the user can do about it if `repair` can't; null if nothing is known. */
  advice: string | null;
  /** A `notice` does not make the installation unhealthy. */
  severity: 'damage' | 'notice';
  /** 10: others may write what is believed. 11: damaged or missing. 12: the machine does not let it be read, run or changed. */
  exitCode: 10 | 11 | 12;
}

/** The result of `verify`. */
export interface HealthStatus {
  /** No issue but notices. */
  healthy: boolean;
  issues: HealthIssue[];
  repairableIssues: HealthIssue[];
  /** Whether every file was read. */
  full: boolean;
  /** Bytes that were read of the executable and of other large files. */
  bytesRead: number;
}

export function healthOf(
  issues: readonly HealthIssue[],
  how: { full: boolean; bytesRead: number },
): HealthStatus {
  return {
    healthy: issues.every(({ severity }) => severity === 'notice'),
    issues: [...issues],
    repairableIssues: issues.filter(({ repair }) => repair !== null),
    ...how,
  };
}

type Optional = Pick<HealthIssue, 'repair' | 'advice' | 'severity' | 'exitCode'>;

export function issue(
  type: IssueType,
  where: string,
  what: string,
  { repair = null, advice = null, severity = 'damage', exitCode = 11 }: Partial<Optional> = {},
): HealthIssue {
  return { type, what, where, repair, advice, severity, exitCode };
}

/**
 * What a check finds. A file that can't be looked at is a finding as well: the other checks go on.
 *
 * @param type of the issue if the file fails for another reason than a missing permission
 */
export function findings(type: IssueType, where: string, check: () => HealthIssue[]): HealthIssue[] {
  try {
    return check();
  } catch (error) {
    return [unreadable(type, where, error)];
  }
}

/** The issue for an error of a check. Throws what is a fault of the updater's own. */
export function unreadable(type: IssueType, where: string, error: unknown): HealthIssue {
  const code = errorCode(error);
  if (error instanceof UpdaterError)
    return issue(type, where, error.message, {
      advice: error.advice ?? null,
      exitCode: error.exitCode === 10 || error.exitCode === 12 ? error.exitCode : 11,
    });
  if (code === undefined) throw error;
  // It names the file, which may be one of many.
  const failure = asUpdaterError(error, where);
  if ((code === 'EACCES' || code === 'EPERM') && failure instanceof UpdaterError) {
    const at = pathOf(error) ?? where;
    return issue('permission_error', at, failure.message, { advice: failure.advice ?? null, exitCode: 12 });
  }
  return issue(type, where, errorMessage(failure), {
    advice: failure instanceof UpdaterError ? (failure.advice ?? null) : null,
    exitCode: code === 'EIO' ? 11 : 12,
  });
}

/** Null if the error does not name one that means something to the user. */
function pathOf(error: unknown): string | null {
  const path = error instanceof Error && 'path' in error ? error.path : null;
  return typeof path === 'string' && !path.startsWith('/proc/') ? path : null;
}
