/** The events of an operation as stages of its progress. */
import type { UpdateEvent } from '../../api/index.ts';
import type { ReportedEvent, Stages } from '../report.ts';
import { createProgress, type Progress, type ProgressOutput, type Timing } from './progress.ts';

export function stagesOn(output: ProgressOutput, timing: Timing): Stages {
  const progress = createProgress(output, timing);
  return { follow: (event) => follow(progress, event), begin: progress.begin, clear: progress.clear };
}

/** Begins, measures and ends stages. Events that belong to no stage change nothing. */
export function follow(progress: Progress, event: ReportedEvent): void {
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
