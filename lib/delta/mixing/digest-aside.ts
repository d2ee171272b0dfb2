/** The SHA-256 of a file that is in the memory of a module, by a thread of its own while this one works on. */
import { RunningDigest } from '../../platform/files.ts';
import { HelperThread } from '../../platform/threads/helper-thread.ts';

/** Bytes: below, starting a thread takes longer. */
const LEAST = 1 << 26;

const SCRIPT = `
const { parentPort, workerData } = require('node:worker_threads');
const { bytes, made } = workerData;
made.set(new Bun.CryptoHasher('sha256').update(bytes).digest());
parentPort.postMessage(null);
`;

export class DigestAside {
  readonly #bytes: Uint8Array;
  readonly #made = new Uint8Array(new SharedArrayBuffer(32));
  readonly #thread: HelperThread | null;

  /** `bytes`, of a SharedArrayBuffer, must not change before `sha256` has returned. */
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#thread = bytes.length < LEAST ? null : HelperThread.start(SCRIPT, { bytes, made: this.#made });
  }

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
