/** What `doctor` finds: the shape of `doctor --json`, which bug reports contain. */
export type DoctorStatus = 'ok' | 'warning' | 'error' | 'skipped';

export interface DoctorCheck {
  id: string;
  status: DoctorStatus;
  /** One line. */
  summary: string;
  details: string[];
  /** What to do; null if nothing is to be done. */
  remediation: string | null;
  durationMs: number;
}

export interface Diagnosis {
  schemaVersion: 1;
  /** The worst of the checks. */
  overallStatus: Exclude<DoctorStatus, 'skipped'>;
  checks: DoctorCheck[];
}

export type Finding = Omit<DoctorCheck, 'id' | 'durationMs'>;

export function finding(
  status: DoctorStatus,
  summary: string,
  { details = [], remediation = null }: { details?: string[]; remediation?: string | null } = {},
): Finding {
  return { status, summary, details, remediation };
}
