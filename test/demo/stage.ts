/** How the demo talks: one line a step, with what it took. */
import fs from 'node:fs';
import { intro, log, outro } from '@clack/prompts';

const color = process.stdout.isTTY === true && process.env.NO_COLOR === undefined;
/** Columns of the bar and the space behind it. */
const BAR = 3;

const paint = (code: number, text: string) => (color ? `\x1b[${code}m${text}\x1b[0m` : text);

export class Stage {
  open(title: string): void {
    intro(paint(1, title));
  }

  act(title: string): void {
    log.step(paint(1, title));
  }

  /** Does it, and says how long it took. */
  async step<Result>(
    what: string,
    work: () => Promise<Result>,
    tell?: (result: Result) => string,
  ): Promise<Result> {
    const begun = performance.now();
    const result = await work();
    const took = performance.now() - begun;
    const detail = tell === undefined ? '' : `: ${tell(result)}`;
    log.success(fitted(`${what}${detail} ${paint(2, `(${duration(took)})`)}`), { spacing: 0 });
    return result;
  }

  /** What a program said, line by line. */
  quote(text: string): void {
    const lines = text.trimEnd().split('\n').filter(Boolean);
    for (const line of lines) log.message(paint(36, fitted(line)), { spacing: 0 });
  }

  close(text: string): void {
    outro(paint(32, text));
  }

  failed(error: unknown): void {
    log.error(error instanceof Error ? error.message : String(error));
  }
}

/** In lines that leave room for the bar at their left, so that no terminal breaks them in the middle of a word. */
export function fitted(text: string, columns = process.stdout.columns ?? 0): string {
  return columns > BAR ? Bun.wrapAnsi(text, columns - BAR) : text;
}

function duration(milliseconds: number): string {
  return milliseconds < 1000 ? `${Math.round(milliseconds)} ms` : `${(milliseconds / 1000).toFixed(1)} s`;
}

export function size(file: string): string {
  const bytes = fs.statSync(file).size;
  if (bytes < 10_000) return `${bytes} bytes`;
  if (bytes < 1_000_000) return `${(bytes / 1000).toFixed(1)} KB`;
  return `${(bytes / 1_000_000).toFixed(1)} MB`;
}
