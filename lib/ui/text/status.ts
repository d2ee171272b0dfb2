/** The status as text. */
import type { Status } from '../../api/index.ts';

export function describeStatus(status: Status): string {
  const { receipt } = status;
  const rows: [string, string][] = [['Executable', status.executable]];
  if (receipt !== null) {
    rows.unshift(['Installed', `${receipt.app} ${receipt.binary.version}`]);
    rows.push(['Since', `${new Date(receipt.installedAt).toISOString()} (by ${receipt.source})`]);
    rows.push([
      'Before',
      receipt.previous === null ? 'nothing kept' : `${receipt.previous.version}, kept for rollback`,
    ]);
  } else
    rows.unshift([
      'Installed',
      status.receiptProblem ?? 'not adopted yet: run `dgmo-updater init --version <v>`',
    ]);
  rows.push(['Binary', BINARY[status.binary]]);
  if (status.sha256 !== null) rows.push(['SHA-256', status.sha256]);
  if (status.journalProblem !== null) rows.push(['Journal', status.journalProblem]);
  if (status.open !== null)
    rows.push([
      'Unfinished',
      `${status.open.kind} from ${status.open.from} to ${status.open.to}: under way, or interrupted; then run \`dgmo-updater recover\``,
    ]);
  return rows.map(([name, value]) => `${`${name}:`.padEnd(13)}${value}`).join('\n');
}

const BINARY: Record<Status['binary'], string> = {
  sound: 'sound: its bytes are the ones that were installed',
  changed:
    'CHANGED: its bytes are not the ones that were installed. `dgmo-updater repair` puts them back, `init` adopts what you changed',
  missing: 'MISSING: `dgmo-updater repair` puts it back',
  unknown: 'unknown: there is no receipt to compare it with',
};

/** The exit code: 11 if the executable is damaged or missing, 12 if it can't be run. */
export function statusCode({ binary, runnable }: Status): 0 | 11 | 12 {
  if (binary === 'changed' || binary === 'missing') return 11;
  return runnable ? 0 : 12;
}
