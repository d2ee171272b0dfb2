import type { Step } from '../step.ts';
import { ALIGNMENT_STEPS } from './alignments.ts';
import { CONTENT_STEPS } from './contents.ts';
import { FILE_STEPS } from './files.ts';
import { MODEL_STEPS } from './models.ts';
import { REFERENCE_STEPS } from './references.ts';

export const STEPS: readonly Step[] = [
  ...ALIGNMENT_STEPS,
  ...REFERENCE_STEPS,
  ...CONTENT_STEPS,
  ...FILE_STEPS,
  ...MODEL_STEPS,
];
