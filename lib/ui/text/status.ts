/** The status as text. */
import type { Overview, Owner, Status } from '../../api/index.ts';
import { type LocalOffset, localTime, SOURCE_WORDS } from '../../api/words.ts';
import { changeText } from './change.ts';
import { asSentence, fieldsText } from './lines.ts';
import { ageText } from './sizes.ts';

export interface StatusClock {
  /** Milliseconds since the epoch. */
  now: number;
  localOffset: LocalOffset;
}

export function describeStatus(status: Status, overview: Overview, clock: StatusClock): string {
  const { receipt } = status;
  const { managedBy } = overview;
  const rows: [string, string][] = [['Executable', status.executable]];
  if (managedBy !== null)
    rows.push([
      'Managed',
      `by ${managedBy.manager}, as the package ${managedBy.package}. Update it with: ${managedBy.command}`,
    ]);
  if (receipt !== null) {
    rows.unshift(['Installed', `${receipt.app} ${receipt.binary.version}`]);
    rows.push([
      'Since',
      `${localTime(receipt.installedAt, clock.localOffset)} (${SOURCE_WORDS[receipt.source]})`,
    ]);
    rows.push(['Before', beforeText(receipt, overview)]);
    if (overview.revoked !== null)
      rows.splice(1, 0, [
        'Revoked',
        `by its publisher: ${asSentence(overview.revoked)} ${managedBy === null ? 'Run `dgmo-updater update`.' : `Update it with: ${managedBy.command}`}`,
      ]);
    const starts = receipt.confirmation?.starts.length;
    if (starts !== undefined)
      rows.push(['Confirmed', `not yet: ${starts} start${starts === 1 ? '' : 's'} since it was installed`]);
  } else
    rows.unshift([
      'Installed',
      status.receiptProblem ??
        (status.binary === 'missing' || status.instead !== null
          ? `nothing: there is ${status.instead === null ? 'no' : `${status.instead} at`} ${status.executable}`
          : `there is a program, and it is not looked after yet${managedBy === null ? ': run `dgmo-updater init`' : ''}`),
    ]);
  if (status.open !== null)
    rows.splice(1, 0, [
      'Unfinished',
      `${changeText(status.open)}: if no other dgmo-updater is at work on it, it was interrupted; \`dgmo-updater recover\` finishes or undoes it`,
    ]);
  const isNew = status.open !== null && status.binary === 'sound' && status.sha256 !== receipt?.binary.sha256;
  rows.push([
    'Binary',
    isNew ? `sound: its bytes are those of ${status.open?.to}` : binaryText(status, managedBy),
  ]);
  if (!status.runnable)
    rows.push(['Permission', `NOBODY MAY RUN IT: ${repairCommand(managedBy)} puts that right`]);
  if (status.sha256 !== null) rows.push(['SHA-256', status.sha256]);
  if (status.journalProblem !== null) rows.push(['Journal', status.journalProblem]);
  rows.push(...updateRows(overview, receipt?.binary.version ?? null, clock));
  return fieldsText(rows);
}

function beforeText({ previous }: NonNullable<Status['receipt']>, { previousRejected }: Overview): string {
  if (previous === null) return 'nothing kept';
  return previousRejected === null
    ? `${previous.version}, kept for rollback`
    : `${previous.version}, taken back here: ${asSentence(previousRejected)} \`rollback\` goes there only if you name it`;
}

function binaryText({ binary, instead }: Status, managedBy: Owner | null): string {
  if (instead !== null)
    return `CHANGED: ${instead} is in its place. ${repairCommand(managedBy)} puts it back`;
  switch (binary) {
    case 'sound':
      return 'sound: its bytes are the ones that were installed';
    case 'changed':
      return `CHANGED: its bytes are not the ones that were installed. ${repairCommand(managedBy)} puts them back, \`init\` adopts what you changed`;
    case 'missing':
      return `MISSING: ${repairCommand(managedBy)} puts it back`;
    case 'unknown':
      return 'unknown: nothing says what its bytes should be';
  }
}

function repairCommand(managedBy: Owner | null): string {
  return managedBy === null ? '`dgmo-updater repair`' : `\`${managedBy.command}\``;
}

function updateRows(overview: Overview, installed: string | null, clock: StatusClock): [string, string][] {
  const { channel, feed, lastCheck, lastChange, pin, updates, evolutions, home, folders } = overview;
  const ifKnown = (name: Overview['unknown'][number], text: string) =>
    overview.unknown.includes(name) ? 'unknown: the problem below hides it' : text;
  const data = folders?.data ?? [];
  return [
    ['Channel', channel],
    ['Feed', feed ?? 'none is known: `dgmo-updater config set feed <url>`'],
    [
      'Last check',
      ifKnown(
        'lastCheck',
        lastCheck === null ? 'never' : checkText(lastCheck, isStillOffered(overview, installed), clock),
      ),
    ],
    ['Next check', updates ? nextCheckText(overview, clock) : 'none: updates are turned off'],
    ['Pinned', pin ?? 'no'],
    ['Evolutions', ifKnown('evolutions', evolutions.length === 0 ? 'none' : evolutions.join(', '))],
    ['Last change', ifKnown('lastChange', lastChange === null ? 'none' : lastChangeText(lastChange, clock))],
    ['Settings', home ?? 'nowhere'],
    ...(data.length === 0 ? [] : [['Data', data.join(', ')] as [string, string]]),
    ...overview.notices.map((text) => ['Notice', text] as [string, string]),
    ...(overview.problem === null ? [] : [['Problem', overview.problem] as [string, string]]),
  ];
}

/** Neither installed since, nor left by a rollback. */
function isStillOffered({ lastCheck, lastChange }: Overview, installed: string | null): boolean {
  const version = lastCheck?.version;
  return version !== installed && !(lastChange?.kind === 'rollback' && lastChange.from === version);
}

function checkText(
  { at, ended, version, message }: NonNullable<Overview['lastCheck']>,
  stillOffered: boolean,
  { now, localOffset }: StatusClock,
): string {
  const found =
    ended === 'offered'
      ? `${version} ${stillOffered ? 'is' : 'was'} offered`
      : ended === 'nothing'
        ? 'nothing was offered'
        : `failed: ${message}`;
  const age = now < at ? 'by a clock that was ahead' : `${ageText(now - at)} ago`;
  return `${localTime(at, localOffset)}, ${age}: ${found}`;
}

function nextCheckText(
  { autoUpdate, serviceRuns, nextCheck, unknown }: Overview,
  { localOffset }: StatusClock,
): string {
  if (unknown.includes('nextCheck')) return 'none until the problem below is corrected';
  if (autoUpdate === 'off') return 'when you ask (autoUpdate is off)';
  if (nextCheck !== null) return `${localTime(nextCheck, localOffset)}, by the background service`;
  if (serviceRuns) return 'when the background service, DGMO or you ask';
  return 'when DGMO or you ask: the background service does not run';
}

function lastChangeText(
  { at, ended, ...change }: NonNullable<Overview['lastChange']>,
  { localOffset }: StatusClock,
): string {
  const end = ended === 'done' || ended === 'finished' ? '' : ` (${ended})`;
  return `${localTime(at, localOffset)}: ${changeText(change)}${end}; \`dgmo-updater history\` has all`;
}

/** The exit code: 11 if the executable is damaged or missing, 12 if it can't be run. */
export function statusCode({ binary, runnable }: Status): 0 | 11 | 12 {
  if (binary === 'changed' || binary === 'missing') return 11;
  return runnable ? 0 : 12;
}
