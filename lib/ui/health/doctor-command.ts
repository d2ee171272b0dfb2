/** `doctor`: one page about the installation and its surroundings. */
import type { Diagnosis, DoctorCheck } from '../../api/index.ts';
import { worstCode } from '../../api/words.ts';
import { type CommandContext, isGiven } from '../context.ts';
import { linesText } from '../text/lines.ts';
import { healthOf } from './repair-command.ts';

export async function runDoctor(context: CommandContext): Promise<void> {
  const { line, report } = context;
  const found = await healthOf(context).diagnose({ offline: isGiven(line, 'offline') });
  report.result('doctor', describe(found, isGiven(line, 'verbose')), { ...found }, codeOf(found));
}

const MARKS = { ok: 'ok     ', warning: 'warning', error: 'ERROR  ', skipped: '-      ' } as const;

function describe({ checks, overallStatus }: Diagnosis, verbose: boolean): string {
  const lines = checks.flatMap((check) => [
    `${MARKS[check.status]}  ${check.id.padEnd(12)}${check.summary}`,
    ...detailsOf(check, verbose).map((detail) => `           ${detail}`),
    ...(check.remediation === null ? [] : [`           ${check.remediation}`]),
  ]);
  return linesText([...lines, ENDINGS[overallStatus]]);
}

/** Of a check that found nothing wrong, only those that say where things are. */
function detailsOf({ id, status, details }: DoctorCheck, verbose: boolean): readonly string[] {
  return verbose || status === 'warning' || status === 'error' || id === 'versions' || id === 'settings'
    ? details
    : [];
}

const ENDINGS: Record<Diagnosis['overallStatus'], string> = {
  ok: 'Nothing is wrong.',
  warning: 'Nothing is broken. The warnings say what may become a problem.',
  error: 'Something is wrong: the lines marked ERROR say what, and what to do.',
};

function codeOf({ checks }: Diagnosis): DoctorCheck['exitCode'] {
  return worstCode(checks.map(({ exitCode }) => exitCode));
}
