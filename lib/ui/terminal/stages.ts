/** The stages of an operation on the terminal. */
import { follow } from '../../api/screen/stages.ts';
import type { Stages } from '../report.ts';
import { createProgress, type ProgressOutput, type Timing } from './progress.ts';

export function stagesOn(output: ProgressOutput, timing: Timing): Stages {
  const progress = createProgress(output, timing);
  return { follow: (event) => follow(progress, event), begin: progress.begin, clear: progress.clear };
}
