/**
 * Progress on a terminal: one line for each stage, which is overwritten, with a bar, the percentage, the rate and the time
 * left. It is shown only once a stage takes longer than 0.7 s. Pure, except for what it hands to `Output`.
 */
import type { Measure, Progress, Stage } from '../../api/screen/stages.ts';
import { NARROWEST } from '../questions.ts';
import { bytesText, durationText, timeText } from '../text/sizes.ts';

export interface ProgressOutput {
  error(text: string): void;
  /** Clears the current line. */
  clearLine(): void;
  /** Columns of the terminal. */
  readonly columns: number;
  /** Whether the terminal shows more than ASCII. */
  readonly unicode: boolean;
  /** Shows progress in the taskbar or the tab, where the terminal can: a percentage; null: none. */
  taskbar(percent: number | null): void;
}

/** Milliseconds that a stage may take before it is shown. */
export const DELAY = 700;

/** The clock, and a timer. */
export interface Timing {
  /** Milliseconds that never run backwards. */
  now(): number;
  /** Calls `work` after so many milliseconds, unless the function that it returns is called before. */
  later(milliseconds: number, work: () => void): () => void;
}

export function createProgress(output: ProgressOutput, { now, later }: Timing): Progress {
  let current: { stage: Stage; begun: number; measure: Measure | null; cancel: () => void } | null = null;
  let shown = false;
  let wasShown = false;
  const clear = () => {
    if (shown) output.clearLine();
    if (wasShown) output.taskbar(null);
    shown = false;
  };
  const show = () => {
    if (current === null || now() - current.begun < DELAY || output.columns < NARROWEST) return;
    const { stage, begun } = current;
    const measure = current.measure === null ? null : withRate(current.measure, stage, now() - begun);
    if (shown) output.clearLine();
    output.error(progressText(stage, measure, output));
    output.taskbar(measure === null ? null : percentOf(measure));
    shown = true;
    wasShown = true;
  };
  const end = () => {
    if (current === null) return;
    const { stage, begun, measure, cancel } = current;
    cancel();
    const told = wasShown;
    clear();
    current = null;
    wasShown = false;
    if (told) output.error(`${finishedText(stage, measure, now() - begun, output.columns)}\n`);
  };
  return {
    begin(stage) {
      if (current?.stage.label === stage.label) return;
      end();
      current = { stage, begun: now(), measure: null, cancel: later(DELAY, show) };
    },
    measure(measure) {
      if (current === null) return;
      current.measure = measure;
      show();
    },
    end,
    clear() {
      current?.cancel();
      clear();
      current = null;
      wasShown = false;
    },
  };
}

/** @param elapsed milliseconds since the stage began */
function withRate(measure: Measure, { bytes = false }: Stage, elapsed: number): Measure {
  const { done, total, rate, left } = measure;
  const speed = done / Math.max(elapsed, 1);
  return {
    ...{ done, total },
    rate: rate === undefined ? (bytes && done > 0 ? speed * 1000 : null) : rate,
    left: left === undefined ? (done > 0 ? (total - done) / speed : null) : left,
  };
}

function percentOf({ done, total }: Measure): number {
  return Math.min(100, Math.floor((100 * done) / Math.max(total, 1)));
}

const BAR = 18;

/** Fits into the columns: what matters least is left out first. */
export function progressText(
  { label, bytes = false }: Stage,
  measure: Measure | null,
  { columns, unicode }: Pick<ProgressOutput, 'columns' | 'unicode'>,
): string {
  // A line that fills the last column would wrap on some terminals, and so would the ^C that a terminal adds to it.
  const room = Math.max(10, columns - 3);
  if (measure === null) return cut(`${label}${unicode ? '…' : '...'}`, room, unicode);
  const percent = percentOf(measure);
  const { rate = null, left = null, total } = measure;
  const parts = [
    `${String(percent).padStart(3)} %`,
    left === null ? null : `${timeText(left)} left`,
    bar(percent, unicode),
    rate === null ? null : `${bytesText(rate)}/s`,
    bytes ? `of ${bytesText(total)}` : null,
  ];
  /** As they are shown, with the least important ones last in `parts`. */
  const order = [2, 0, 4, 3, 1];
  for (let kept = parts.length; kept >= 1; kept--) {
    const text = [label, ...order.filter((part) => part < kept).map((part) => parts[part])]
      .filter((part) => part !== null && part !== undefined)
      .join('  ');
    if (Bun.stringWidth(text) <= room) return text;
  }
  return cut(label, room, unicode);
}

function bar(percent: number, unicode: boolean): string {
  const full = Math.round((percent * BAR) / 100);
  return unicode
    ? `${'█'.repeat(full)}${'░'.repeat(BAR - full)}`
    : `[${'#'.repeat(full)}${'-'.repeat(BAR - full)}]`;
}

function finishedText(
  { finished, bytes = false }: Stage,
  measure: Measure | null,
  milliseconds: number,
  columns: number,
): string {
  const what =
    bytes && measure !== null ? `${finished}: ${bytesText(measure.fetched ?? measure.total)}` : finished;
  const text = `${what} in ${durationText(milliseconds)}.`;
  return Bun.stringWidth(text) < columns ? text : `${finished}.`;
}

function cut(text: string, room: number, unicode: boolean): string {
  if (Bun.stringWidth(text) <= room) return text;
  return `${text.slice(0, room - (unicode ? 1 : 3))}${unicode ? '…' : '...'}`;
}
