/** A progress line for long steps. Prints nothing if standard error is not a terminal. */
import { nativeHost } from '../lib/platform/native.ts';
import { isTerminal, tellOver } from './platform/terminal.ts';

const INTERVAL = 100;

export interface Progress {
  /** `fraction` of the step, 0 to 1; `label` replaces the one before. */
  report(fraction: number, label?: string): void;
  /** Clears the line. */
  end(): void;
}

export function progress(label: string): Progress {
  if (!isTerminal()) return { report: () => undefined, end: () => undefined };
  const { clock } = nativeHost();
  let shown = Number.NEGATIVE_INFINITY;
  return {
    report(fraction, now = label) {
      const time = clock.monotonic();
      if (time - shown < INTERVAL) return;
      shown = time;
      tellOver(`${now} ${Math.floor(fraction * 100)}%`);
    },
    end: () => {
      tellOver('');
    },
  };
}

/** Runs a step with a progress line, which is cleared when the step ends or fails. */
export async function withProgress<T>(
  label: string,
  step: (report: (fraction: number) => void) => Promise<T>,
): Promise<T> {
  const line = progress(label);
  try {
    return await step(line.report);
  } finally {
    line.end();
  }
}

/** The same for a step that can't say how far it is, and may leave this thread no time until it ends. */
export function withLine<T>(what: string, step: () => T): T {
  if (isTerminal()) tellOver(`${what}...`);
  const end = () => {
    if (isTerminal()) tellOver('');
  };
  let result: T;
  try {
    result = step();
  } catch (error) {
    end();
    throw error;
  }
  if (result instanceof Promise) return result.finally(end) as T;
  end();
  return result;
}

export function bytes(count: number): string {
  return `${count.toLocaleString('en-US')} bytes`;
}

/** `1 file`, `12 files`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

/** `12 files, 3,456 bytes`. */
export function amountText({ files, bytes: count }: { files: number; bytes: number }): string {
  return `${counted(files, 'file')}, ${bytes(count)}`;
}
