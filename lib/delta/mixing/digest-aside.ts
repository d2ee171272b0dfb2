/** The SHA-256 of a file that is read into the memory of a module, by a thread of its own while this one works on. */
import { RunningDigest } from '../../platform/files.ts';
import { HelperThread } from '../../platform/threads/helper-thread.ts';

/** Bytes: below, starting a thread takes longer. */
const LEAST = 1 << 26;
/** Milliseconds after which the thread looks again by itself. */
const PATIENCE = 1000;

/** `there[0]`: how many bytes have been read. */
const SCRIPT = `
const { parentPort, workerData } = require('node:worker_threads');
const { bytes, there, made } = workerData;
const hash = new Bun.CryptoHasher('sha256');
for (let done = 0; done < bytes.length; ) {
  const read = Atomics.load(there, 0);
  if (read >>> 0 === done) Atomics.wait(there, 0, read, ${PATIENCE});
  else hash.update(bytes.subarray(done, (done = read >>> 0)));
}
made.set(hash.digest());
parentPort.postMessage(null);
`;

export class DigestAside {
  readonly #bytes: Uint8Array;
  readonly #there = new Int32Array(new SharedArrayBuffer(4));
  readonly #made = new Uint8Array(new SharedArrayBuffer(32));
  readonly #thread: HelperThread | null;

  /** `bytes`, of a SharedArrayBuffer, are to be read. */
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    const { length } = bytes;
    const data = { bytes, there: this.#there, made: this.#made };
    this.#thread = length < LEAST ? null : HelperThread.start(SCRIPT, data);
  }

  /** The first `size` bytes are there, and must not change before `sha256` has returned. */
  read(size: number): void {
    Atomics.store(this.#there, 0, size);
    Atomics.notify(this.#there, 0);
  }

  /** When all bytes are there. */
  async sha256(): Promise<string> {
    if ((await this.#thread?.step()) === true) return Buffer.from(this.#made).toString('hex');
    const digest = new RunningDigest();
    digest.update(this.#bytes);
    return digest.digest().sha256;
  }

  close(): void {
    this.#thread?.end();
  }
}
