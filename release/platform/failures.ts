/** Errors of the system and of the engine, as the person who runs `release` is told of them. */
import { MachineError } from '../../lib/errors.ts';
import { asUpdaterError } from '../../lib/platform/failures.ts';

/** A MachineError for an error with an errno name or for want of memory; every other error as it is. */
export function asFailure(error: unknown, where: string): unknown {
  if (error instanceof RangeError && error.message === 'Out of memory') {
    return new MachineError('there is not enough memory', {
      cause: error,
      advice: 'Close some programs, or raise the limit, then try again.',
    });
  }
  return asUpdaterError(error, where);
}

/** The same of an error at a path that nobody typed. `temporary`: how the paths begin that are called `file`. */
export function namedAs(error: unknown, temporary: string, file: string): unknown {
  const failure = asFailure(error, file);
  if (!(failure instanceof MachineError) || !failure.message.startsWith(temporary)) return failure;
  const what = failure.message.slice(failure.message.indexOf(': ', temporary.length));
  return new MachineError(`${file}${what}`, {
    cause: failure,
    ...(failure.advice !== undefined && { advice: failure.advice }),
  });
}
