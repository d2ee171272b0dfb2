/** All mutants, room by room. */
import { type Mutant, mutantsOf } from '../mutant.ts';
import { API } from './api.ts';
import { DELTA } from './delta.ts';
import { FORMAT } from './format.ts';
import { HEALTH } from './health.ts';
import { HOME } from './home.ts';
import { INSTALL } from './install.ts';
import { PACKAGE } from './package.ts';
import { PLATFORM } from './platform.ts';
import { RELEASE } from './release.ts';
import { SERVER } from './server.ts';
import { SERVICE } from './service.ts';
import { SNAPSHOT } from './snapshot.ts';
import { TRUST } from './trust.ts';
import { UPDATE } from './update.ts';
import { VERSION } from './version.ts';

export const MUTANTS: readonly Mutant[] = mutantsOf([
  ...API,
  ...DELTA,
  ...FORMAT,
  ...HEALTH,
  ...HOME,
  ...INSTALL,
  ...PACKAGE,
  ...PLATFORM,
  ...RELEASE,
  ...SERVER,
  ...SERVICE,
  ...SNAPSHOT,
  ...TRUST,
  ...UPDATE,
  ...VERSION,
]);
