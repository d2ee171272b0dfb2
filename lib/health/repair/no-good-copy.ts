import { DamagedError } from '../../errors.ts';

/** There is nothing to repair it from. It was left as it is. */
export class NoGoodCopyError extends DamagedError {}
