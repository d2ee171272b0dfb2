/**
 * One JSON line a request: when, what, how it was answered, how long it took. No address, no header and no body of the
 * one who asked; of a check its version, target and channel, which many installations share.
 *
 * Lines are written together, many at a time, and never torn: each write holds whole lines, at the file's end, so that
 * several processes can share one file.
 */
import { closeSync, openSync, writeSync } from 'node:fs';
import { printable } from '../../lib/format/printable.ts';
import { asUpdaterError } from '../../lib/platform/failures.ts';
import type { Route } from './reply.ts';

/** Bytes of waiting lines, and milliseconds that a line waits at most. */
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
  #descriptor: number | null;
  #waiting = '';
  #timer: ReturnType<typeof setTimeout> | null = null;

  /** `file`: null writes to standard error, 'off' nothing. MachineError where it can't be opened. */
  constructor(file: string | 'off' | null, worker: number) {
    this.#file = file === 'off' ? null : file;
    this.#worker = worker;
    this.#descriptor = file === 'off' ? null : 2;
    this.reopen();
  }

  /** After a rotation of the log file: the next lines go to a file of its name, a new one where that was moved. */
  reopen(): void {
    if (this.#file === null) return;
    this.flush();
    let opened: number;
    try {
      opened = openSync(this.#file, 'a', 0o640);
    } catch (error) {
      throw asUpdaterError(error, this.#file);
    }
    if (this.#descriptor !== null && this.#descriptor !== 2) closeSync(this.#descriptor);
    this.#descriptor = opened;
  }

  write(access: Access, more: Record<string, string>): void {
    if (this.#descriptor === null) return;
    const { method, path, route, status, bytes, milliseconds } = access;
    const line = {
      time: new Date().toISOString(),
      worker: this.#worker,
      method: printable(method),
      path: printable(path),
      route,
      status,
      bytes,
      ms: Math.round(milliseconds * 1000) / 1000,
      ...more,
    };
    this.#waiting += `${JSON.stringify(line)}\n`;
    if (this.#waiting.length >= FULL) this.flush();
    this.#timer ??= setTimeout(() => this.flush(), WAIT);
  }

  /** A full disk loses lines, not the service. */
  flush(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    const text = this.#waiting;
    this.#waiting = '';
    if (text === '' || this.#descriptor === null) return;
    try {
      writeSync(this.#descriptor, text);
    } catch {
      this.lost += 1;
    }
  }

  /** Writes that failed. */
  lost = 0;
}
