/** What `doctor` finds: the shape of `doctor --json`, which bug reports contain. */
import { localTimeWithOffset } from '../../format/local-time.ts';
import type { Host } from '../../platform/host.ts';

export type DoctorStatus = 'ok' | 'warning' | 'error' | 'skipped';

export interface DoctorCheck {
  id: string;
  status: DoctorStatus;
  /** One line. */
  summary: string;
  details: string[];
  /** What to do; null if nothing is to be done. */
  remediation: string | null;
  /** Of an error: 10, 11 or 12, as for other commands that meet it; 0 of anything else. */
  exitCode: 0 | 10 | 11 | 12;
  durationMs: number;
}

export interface Diagnosis {
  schemaVersion: 1;
  /** The worst of the checks. */
  overallStatus: Exclude<DoctorStatus, 'skipped'>;
  checks: DoctorCheck[];
}

export type Finding = Omit<DoctorCheck, 'id' | 'durationMs'>;

/** As the clock shows it here, with its offset: a bug report is read elsewhere. */
export function timeHere({ host }: { host: Pick<Host, 'localOffset'> }, milliseconds: number): string {
  return localTimeWithOffset(milliseconds, host.localOffset);
}

export function finding(
  status: DoctorStatus,
  summary: string,
  {
    details = [],
    remediation = null,
    exitCode = 12,
  }: { details?: string[]; remediation?: string | null; exitCode?: Finding['exitCode'] } = {},
): Finding {
  return { status, summary, details, remediation, exitCode: status === 'error' ? exitCode : 0 };
}
