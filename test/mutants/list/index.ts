/** All mutants, room by room. */
import { type Mutant, mutantsOf } from '../mutant.ts';
import { DELTA } from './delta.ts';
import { FORMAT } from './format.ts';
import { INSTALL } from './install.ts';
import { PACKAGE } from './package.ts';
import { PLATFORM } from './platform.ts';
import { SNAPSHOT } from './snapshot.ts';
import { TRUST } from './trust.ts';
import { UPDATE } from './update.ts';
import { VERSION } from './version.ts';

export const MUTANTS: readonly Mutant[] = mutantsOf([
  ...DELTA,
  ...FORMAT,
  ...INSTALL,
  ...PACKAGE,
  ...PLATFORM,
  ...SNAPSHOT,
  ...TRUST,
  ...UPDATE,
  ...VERSION,
]);
