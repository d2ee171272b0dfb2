/** The events of an operation as stages of its progress. */
import type { InstallEvent } from '../../install/index.ts';
import type { ServiceEvent } from '../../service/events.ts';
import type { UpdateEvent } from '../../update/index.ts';

/** How far a stage is. */
export interface Measure {
  done: number;
  total: number;
  /** Bytes per second; null if it is not known. If not given, it is reckoned from the beginning of the stage. */
  rate?: number | null;
  /** Milliseconds; null if it is not known. If not given, it follows from the rate. */
  left?: number | null;
  /** Bytes that were fetched in this run, for a download that goes on. Default: all. */
  fetched?: number;
}

export interface Stage {
  /** In progress: `Downloading 2.0.0`. */
  label: string;
  /** Done: `Downloaded 2.0.0`. */
  finished: string;
  /** The measure counts bytes. */
  bytes?: boolean;
}

/** Shows how far an operation is, stage by stage. */
export interface Progress {
  /** Ends the stage before, if it is another one. */
  begin(stage: Stage): void;
  measure(measure: Measure): void;
  /** Ends the stage. Its line stays, and says how long it took, if it was shown. */
  end(): void;
  /** Removes the line: something else is printed, or the operation has failed. */
  clear(): void;
}

/** Begins, measures and ends stages. Events that belong to no stage change nothing. */
export function follow(progress: Progress, event: InstallEvent | UpdateEvent | ServiceEvent): void {
  switch (event.event) {
    case 'checking':
      progress.begin({ label: 'Reading the feed', finished: 'Read the feed' });
      break;
    case 'download':
    case 'download updater':
      followDownload(progress, event);
      break;
    case 'verified':
    case 'taking snapshot':
      progress.begin({ label: 'Taking a snapshot', finished: 'Took a snapshot', bytes: true });
      break;
    case 'staging':
      progress.begin({
        label: `Preparing ${event.version}`,
        finished: `Prepared ${event.version}`,
        bytes: true,
      });
      break;
    case 'restoring folders':
      progress.begin({ label: 'Restoring the folders', finished: 'Restored the folders', bytes: true });
      break;
    case 'progress':
      progress.measure(event);
      break;
    case 'repairing':
      progress.begin({ label: `Repairing ${event.where}`, finished: `Repaired ${event.where}`, bytes: true });
      break;
    case 'probing':
      progress.begin({ label: `Trying ${event.version}`, finished: `Tried ${event.version}` });
      break;
    case 'route':
    case 'folders':
    case 'probed':
      progress.end();
      break;
    case 'snapshot':
    case 'no snapshot':
    case 'staged':
    case 'repaired':
    case 'not repaired':
      // What is said about it replaces its line.
      progress.clear();
      break;
  }
}

function followDownload(
  progress: Progress,
  event: Extract<UpdateEvent, { event: 'download' | 'download updater' }>,
): void {
  const { state, received, length, fetched, rate, left } = event;
  if (state === 'waiting' || state === 'pausing') {
    progress.clear();
    return;
  }
  const what = downloadName(event);
  progress.begin({ label: `Downloading ${what}`, finished: `Downloaded ${what}`, bytes: true });
  progress.measure({ done: received, total: length, fetched, rate, left });
  if (state === 'done') progress.end();
}

function downloadName(event: Extract<UpdateEvent, { event: 'download' | 'download updater' }>): string {
  if (event.event === 'download updater') return `the updater ${event.version}`;
  const { version, package: number, packages } = event;
  return packages > 1 ? `${version}, ${number} of ${packages}` : version;
}
