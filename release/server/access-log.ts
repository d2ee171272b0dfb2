/**
 * The access log, a JSON line for each request: time, request, status, duration. It contains no address, header or body of
 * the client. For a check it has version, target and channel, which many installations share.
 *
 * Many lines are written at once. Each write appends whole lines to the file, so that several processes can share it.
 */
import { printable, printableText } from '../../lib/format/printable.ts';
import type { Clock } from '../../lib/platform/host.ts';
import { type Log, openLog } from '../platform/log.ts';
import { startTimer } from '../platform/timers.ts';
import type { Route } from './reply.ts';

/** How many bytes of lines, and for how many milliseconds, are buffered at most. */
const FULL = 32 * 1024;
const WAIT = 500;

export interface Access {
  method: string;
  /** Without the query. */
  path: string;
  route: Route;
  status: number;
  bytes: number;
  milliseconds: number;
}

export class AccessLog {
  readonly #file: string | null;
  readonly #worker: number;
  readonly #clock: Pick<Clock, 'now'>;
  #log: Log | null;
  #waiting = '';
  #cancelFlush: (() => void) | null = null;

  /** `file`: null writes to standard error, 'off' nothing. MachineError if it can't be opened. */
  constructor(file: string | 'off' | null, worker: number, clock: Pick<Clock, 'now'>) {
    this.#file = file === 'off' ? null : file;
    this.#worker = worker;
    this.#clock = clock;
    this.#log = file === 'off' ? null : openLog(file);
  }

  /** Opens the log file again after it was rotated: if it was moved, a new file with its name is made. */
  reopen(): void {
    if (this.#file === null) return;
    this.flush();
    const before = this.#log;
    this.#log = openLog(this.#file);
    before?.close();
  }

  write(access: Access, more: Record<string, string>): void {
    if (this.#log === null) return;
    const { method, path, route, status, bytes, milliseconds } = access;
    const line = {
      time: new Date(this.#clock.now()).toISOString(),
      worker: this.#worker,
      method: printable(method),
      path: printable(path),
      route,
      status,
      bytes,
      ms: Math.round(milliseconds * 1000) / 1000,
      ...more,
    };
    this.#waiting += `${printableText(JSON.stringify(line))}\n`;
    if (this.#waiting.length >= FULL) this.flush();
    this.#cancelFlush ??= startTimer(WAIT, () => this.flush());
  }

  /** If the disk is full, lines are lost, but the service goes on. */
  flush(): void {
    this.#cancelFlush?.();
    this.#cancelFlush = null;
    const text = this.#waiting;
    this.#waiting = '';
    if (text === '' || this.#log === null) return;
    try {
      this.#log.append(text);
    } catch {
      this.lost += 1;
    }
  }

  /** How many writes failed. */
  lost = 0;
}
