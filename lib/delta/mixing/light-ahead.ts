/** The light coder in a thread of its own, which decodes bulk before it is needed: on two cores it takes no time then. */
import type { Source } from '../../platform/files.ts';
import { HelperThread } from '../../platform/threads/helper-thread.ts';
import { BUFFER, BUFFER_DUE, moduleBytes } from './module.ts';

/** Bytes of bulk: below, starting a thread takes longer; above, the memory is wanted that a second copy takes. */
const LEAST = 1 << 21;
const MOST = 1 << 26;

/** Of the words that both threads see: bytes that were made, and how the work has ended. */
const MADE = 0;
const RESULT = 1;
/** The work has not ended. */
const WORKING = 0x7fffffff;

/** The loop of LightBulk, over there. A trap ends the thread, and this one then sees for itself what is wrong. */
const SCRIPT = `
const { parentPort, workerData } = require('node:worker_threads');
const { wasm, stream, bulk, words } = workerData;
const light = new WebAssembly.Instance(new WebAssembly.Module(wasm)).exports;
const bytes = (address, size) => new Uint8Array(light.memory.buffer, address >>> 0, size);
if (light.openLight(0, bulk.length) === 0) throw new Error('no memory');
let given = 1;
for (let done = 0; ; ) {
  const due = light.runLight(given === stream.length);
  const made = light.lightMade() >>> 0;
  bulk.set(bytes(light.lightBulk() + done, made - done), done);
  done = made;
  Atomics.store(words, ${MADE}, made);
  if (due !== ${BUFFER_DUE}) {
    Atomics.store(words, ${RESULT}, due);
    parentPort.postMessage(null);
    break;
  }
  const kept = light.bufferFilled();
  const more = Math.min(${BUFFER} - kept, stream.length - given);
  bytes(light.bufferAddress() + kept, more).set(stream.subarray(given, given + more));
  light.refill(kept + more);
  given += more;
  parentPort.postMessage(null);
}
`;

export class LightAhead {
  /** All of the bulk, of which the first `made` bytes are there. */
  readonly bytes: Uint8Array;
  readonly #words: Int32Array;
  readonly #thread: HelperThread;

  private constructor(thread: HelperThread, bytes: Uint8Array, words: Int32Array) {
    this.#thread = thread;
    this.bytes = bytes;
    this.#words = words;
  }

  /** Null if it is not worth a thread, or there is none. `stream` makes `size` bytes, if it is right. */
  static start(stream: Source, size: number): LightAhead | null {
    if (size < LEAST || size > MOST || stream.size > size) return null;
    const bytes = new Uint8Array(new SharedArrayBuffer(size));
    const words = new Int32Array(new SharedArrayBuffer(8));
    words[RESULT] = WORKING;
    const read = new Uint8Array(new SharedArrayBuffer(stream.size));
    stream.read(0, read);
    const thread = HelperThread.start(SCRIPT, { wasm: moduleBytes(), stream: read, bulk: bytes, words });
    return thread === null ? null : new LightAhead(thread, bytes, words);
  }

  get made(): number {
    return Atomics.load(this.#words, MADE);
  }

  /** What `runLight` has returned in the end; null before. */
  get result(): number | null {
    const result = Atomics.load(this.#words, RESULT);
    return result === WORKING ? null : result;
  }

  /** Until there is more. False if nothing comes any more. */
  async step(): Promise<boolean> {
    return await this.#thread.step();
  }

  close(): void {
    this.#thread.end();
  }
}
