/**
 * Listeners of the caller. An operation may be replacing an executable when it tells of an event, so an error of a listener
 * must not decide how it ends: neither one that is thrown, nor one that an async function rejects with.
 */
import { errorMessage } from '../errors.ts';

/**
 * The listener as one that never throws. Its first error becomes a warning of the process, which is printed to standard error,
 * and which `process.on('warning', ...)` receives with the error as its cause. It is called all the same for later events.
 */
export function harmless<Event>(
  listener: ((event: Event) => unknown) | undefined,
  name: string,
): (event: Event) => void {
  if (listener === undefined) return () => undefined;
  let warned = false;
  const warn = (cause: unknown) => {
    if (warned) return;
    warned = true;
    const text = `${name} of the caller failed, and the operation goes on: ${errorMessage(cause)}`;
    const warning = new Error(text, { cause });
    warning.name = 'ListenerWarning';
    process.emitWarning(warning);
  };
  return (event) => {
    try {
      const returned = listener(event);
      if (returned instanceof Promise) returned.catch(warn);
    } catch (error) {
      warn(error);
    }
  };
}
