/**
 * Work for the thread pool that does not wait for a thread for ever: where the limit of processes is reached the system
 * creates none, and says nothing.
 */

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
