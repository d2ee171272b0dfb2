/** Timers that can be cancelled. */

/** Resolves once what came while this thread was at work was heard: signals among it. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Calls `action` after so many milliseconds, unless the returned function is called first. */
export function startTimer(milliseconds: number, action: () => void): () => void {
  const timer = setTimeout(action, milliseconds);
  return () => clearTimeout(timer);
}

/** The result of `work`, or 'late' if that takes longer than so many milliseconds. */
export async function within<Result>(work: Promise<Result>, milliseconds: number): Promise<Result | 'late'> {
  let cancel = (): void => undefined;
  const late = new Promise<'late'>((resolve) => {
    cancel = startTimer(milliseconds, () => resolve('late'));
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    cancel();
  }
}
