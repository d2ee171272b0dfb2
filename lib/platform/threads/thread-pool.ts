/**
 * Work for the thread pool that does not wait for a thread for ever: where the limit of processes is reached the system
 * creates none, and says nothing.
 */

import { MachineError } from '../../errors.ts';

/** Milliseconds after which this thread does the work itself. More than a slow drive takes to flush. */
const PATIENCE = 10_000;

/** No thread took up the last piece of work in time: the next one is not waited for. */
let isStuck = false;

/**
 * The result of `elsewhere`, or of `here` if it has not come in time. Both may run, so that the work must be such that it can
 * be done twice; what `elsewhere` comes to then is of no interest.
 */
export async function inThread<Result>(
  elsewhere: () => Promise<Result>,
  here: () => Result,
  patience = PATIENCE,
): Promise<Result> {
  if (isStuck) return here();
  const work = elsewhere();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<'late'>((resolve) => {
    timer = setTimeout(() => resolve('late'), patience);
  });
  const first = await Promise.race([work.then((result) => ({ result })), late]).finally(() =>
    clearTimeout(timer),
  );
  if (first !== 'late') return first.result;
  isStuck = true;
  const recovered = () => {
    isStuck = false;
  };
  work.then(recovered, recovered);
  return here();
}

/** Milliseconds, in so many slices: a process that was stopped meanwhile, or a machine that slept, has used up one of them. */
const LIMIT = 60_000;
const SLICES = 60;

/**
 * The result of work that only another thread can do.
 *
 * @param what is done, for the message: "decompressing ..."
 * @throws MachineError if no thread has done it within a minute
 */
export async function byThread<Result>(work: Promise<Result>, what: string, limit = LIMIT): Promise<Result> {
  for (let slice = 0; slice < SLICES; slice++) {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<'late'>((resolve) => {
      timer = setTimeout(() => resolve('late'), limit / SLICES);
    });
    const first = await Promise.race([work.then((result) => ({ result })), late]).finally(() =>
      clearTimeout(timer),
    );
    if (first !== 'late') return first.result;
  }
  throw new MachineError(`${what}: the system has given no thread for it in ${Math.ceil(limit / 1000)} s`, {
    advice: 'Close some programs, or raise the limit of processes, then try again.',
  });
}
