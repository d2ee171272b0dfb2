/** The background service as text. */
import type { Obstacle, ServiceEvent, ServiceStatus } from '../../api/index.ts';
import { type LocalOffset, localTime } from '../../api/words.ts';
import { fieldsText } from './lines.ts';
import { countText } from './sizes.ts';
import type { StatusClock } from './status.ts';

export function describeService(
  { running, installed, manager, definition, lastCheck, record, problem }: ServiceStatus,
  { localOffset }: StatusClock,
): string {
  const { pid, startedAt, installDir, nextCheck, pending, health } = record;
  const failures = record.lastCheck?.failures ?? 0;
  const when = (time: number) => localTime(time, localOffset);
  const checked = lastCheck === null ? 'never' : when(lastCheck.at);
  const failed = lastCheck?.ended === 'failed' ? `, failed: ${lastCheck.message}` : '';
  const often = running && failures > 1 ? ` (${countText(failures, 'failure')} of the service in a row)` : '';
  const rows: [string, string][] = [
    ['Service', running ? `runs since ${when(startedAt)}, process ${pid}` : 'does not run'],
    [
      'At login',
      installed
        ? `started by ${manager}${definition === null ? '' : ` (${definition})`}`
        : 'not started: `dgmo-updater service install` changes that',
    ],
  ];
  if (installDir !== null) rows.push(['Looks after', installDir]);
  rows.push(['Last check', `${checked}${failed}${often}`]);
  const none = problem === null ? 'none: it is turned off' : 'none until the problem below is corrected';
  if (running) rows.push(['Next check', nextCheck === null ? none : when(nextCheck)]);
  if (running && pending !== null)
    rows.push([
      'Update',
      `${pending.version} ${pending.downloaded ? 'is downloaded' : 'will be downloaded'}${pending.obstacle === null ? '' : `, and waits: ${OBSTACLES[pending.obstacle]}`}`,
    ]);
  if (health !== null)
    rows.push([
      'Health',
      `${health.healthy ? 'sound' : `${countText(health.issues, 'problem')}: \`dgmo-updater verify\` says more`} (${when(health.at)})`,
    ]);
  if (problem !== null) rows.push(['Problem', problem]);
  return fieldsText(rows);
}

/** A line of the log of the service; null if the event is not one of the service itself. */
export function serviceLine(
  event: ServiceEvent | { event: string },
  { localOffset }: { localOffset: LocalOffset },
): string | null {
  if (!isOfService(event)) return null;
  switch (event.event) {
    case 'checked':
      if (event.failure !== null) return `The check failed: ${event.failure}.`;
      return event.update === null ? 'Nothing new.' : `${event.update} is offered.`;
    case 'next check':
      if (event.problem !== null) return `Nothing is looked for until this is corrected: ${event.problem}`;
      return event.at === null
        ? `No check is wanted (\`dgmo-updater config explain ${event.off ?? 'autoUpdate'}\`).`
        : `Next check: ${localTime(event.at, localOffset)}.`;
    case 'update waits':
      return `${event.version} waits: ${OBSTACLES[event.obstacle]}.`;
    case 'notice':
      return event.text;
  }
}

const OF_SERVICE: ReadonlySet<string> = new Set<ServiceEvent['event']>([
  'checked',
  'next check',
  'update waits',
  'notice',
]);

function isOfService(event: ServiceEvent | { event: string }): event is ServiceEvent {
  return OF_SERVICE.has(event.event);
}

const OBSTACLES: Record<Obstacle, string> = {
  metered: 'the network is paid by volume (onMetered)',
  battery: 'this machine is on battery (onBattery)',
  window: 'it is not the time for it (updateWindow)',
  running: 'DGMO runs',
};
