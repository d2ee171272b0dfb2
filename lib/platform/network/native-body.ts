/**
 * The body of one answer, chunk by chunk: the peer is held up where it sends more than the caller takes, and no wait is
 * without an end. An iterator by hand rather than a generator: fewer turns between the socket and the caller.
 */

import { networkFailure, tooLate } from './failures.ts';
import { interruption } from './native-socket.ts';
import type { NetworkRequest } from './network.ts';

/** What the chunks come from: a socket, or an answer that node:http reads. */
interface Source {
  pause(): unknown;
  resume(): unknown;
}

export interface BodyOptions {
  request: Pick<NetworkRequest, 'idleTimeout' | 'signal' | 'lendChunks'>;
  /** As in messages. */
  host: string;
  /** Ends the connection. */
  disconnect(): void;
}

interface Waiting {
  resolve(result: IteratorResult<Uint8Array, undefined>): void;
  reject(error: unknown): void;
  /** Milliseconds, by performance.now(). */
  since: number;
}

export class Body implements AsyncIterable<Uint8Array> {
  readonly #source: Source;
  readonly #options: BodyOptions;
  readonly #abort = (): void => this.#stop(interruption(this.#options.request.signal));
  #chunks: Uint8Array[] = [];
  #held = true;
  #over = false;
  #failure: unknown = null;
  #waiting: Waiting | null = null;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #lent: Uint8Array | null = null;

  constructor(source: Source, options: BodyOptions) {
    this.#source = source;
    this.#options = options;
    source.pause();
    const { signal } = options.request;
    signal?.addEventListener('abort', this.#abort, { once: true });
    if (signal?.aborted === true) this.#abort();
  }

  put(chunk: Uint8Array): void {
    if (this.#waiting !== null) {
      this.#waiting.resolve(this.#handOut(chunk));
      return;
    }
    this.#chunks.push(chunk);
    if (this.#chunks.length > 1 && !this.#held) {
      this.#held = true;
      this.#source.pause();
    }
  }

  /** Why there is no more, null where that was all. What came before is still handed out. */
  end(failure: unknown = null): void {
    if (this.#over) return;
    this.#over = true;
    this.#failure = failure;
    if (this.#waiting !== null) this.#finish(this.#waiting);
  }

  /** At once: nothing more is handed out. */
  #stop(failure: unknown): void {
    this.#chunks = [];
    this.#over = true;
    this.#failure ??= failure;
    if (this.#waiting !== null) this.#finish(this.#waiting);
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array, undefined> {
    return { next: () => this.#next(), return: () => this.#leave() };
  }

  #next(): Promise<IteratorResult<Uint8Array, undefined>> {
    if (this.#lent !== null) giveBack(this.#lent);
    this.#lent = null;
    return new Promise((resolve, reject) => {
      const chunk = this.#chunks.shift();
      if (chunk !== undefined) return resolve(this.#handOut(chunk));
      const waiting = { resolve, reject, since: performance.now() };
      if (this.#over) return this.#finish(waiting);
      this.#waiting = waiting;
      this.#timer ??= this.#look(this.#options.request.idleTimeout);
      if (!this.#held) return;
      this.#held = false;
      this.#source.resume();
    });
  }

  #handOut(value: Uint8Array): IteratorResult<Uint8Array, undefined> {
    this.#waiting = null;
    if (this.#options.request.lendChunks === true) this.#lent = value;
    return { done: false, value };
  }

  #finish({ resolve, reject }: Waiting): void {
    this.#waiting = null;
    this.close();
    if (this.#failure === null) resolve({ done: true, value: undefined });
    else reject(networkFailure(this.#failure, this.#options.host));
  }

  /** The time that the caller takes for a chunk does not count. One timer for many waits: most end long before it does. */
  #look(milliseconds: number): ReturnType<typeof setTimeout> {
    return setTimeout(() => {
      this.#timer = null;
      if (this.#waiting === null) return;
      const { idleTimeout } = this.#options.request;
      const left = this.#waiting.since + idleTimeout - performance.now();
      if (left > 0) this.#timer = this.#look(left);
      else this.#stop(tooLate(this.#options.host, 'sent nothing more', idleTimeout));
    }, milliseconds);
  }

  #leave(): Promise<IteratorResult<Uint8Array, undefined>> {
    this.close();
    return Promise.resolve({ done: true, value: undefined });
  }

  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#options.request.signal?.removeEventListener('abort', this.#abort);
    this.#options.disconnect();
  }
}

/**
 * Its memory is there for the next chunk at once, not after the next collection: else the system has to hand out fresh
 * pages for most of what comes. Not where it is a part of something larger.
 */
function giveBack({ buffer, byteLength }: Uint8Array): void {
  if (buffer instanceof ArrayBuffer && buffer.byteLength === byteLength) buffer.transfer(0);
}
