/** The light coder in a thread of its own, which decodes bulk before it is needed: on two cores it takes no time then. */
import type { Source } from '../../platform/files.ts';
import { giveBack } from '../../platform/posix/memory-advice.ts';
import { HelperThread } from '../../platform/threads/helper-thread.ts';
import { BUFFER, BUFFER_DUE, compiled, openLight } from './module.ts';

/** Bytes of bulk: below, starting a thread takes longer. */
const LEAST = 1 << 21;

/** Of the words that both threads see: bytes that were made, and how the work has ended. */
const MADE = 0;
const RESULT = 1;
/** The work has not ended. */
const WORKING = 0x7fffffff;

/** The loop of LightBulk, over there. A trap ends the thread, and this one then sees for itself what is wrong. */
const SCRIPT = `
const { parentPort, workerData } = require('node:worker_threads');
const { wasm, memory, variables, stream, words } = workerData;
const light = new WebAssembly.Instance(wasm, { env: { memory } }).exports;
light.loadVariables(variables);
let given = 1;
for (;;) {
  const due = light.runLight(given === stream.length);
  Atomics.store(words, ${MADE}, light.lightMade());
  if (due !== ${BUFFER_DUE}) Atomics.store(words, ${RESULT}, due);
  Atomics.notify(words, ${MADE});
  parentPort.postMessage(null);
  if (due !== ${BUFFER_DUE}) break;
  const kept = light.bufferFilled();
  const more = Math.min(${BUFFER} - kept, stream.length - given);
  new Uint8Array(memory.buffer, light.bufferAddress() + kept, more).set(stream.subarray(given, given + more));
  light.refill(kept + more);
  given += more;
}
`;

export class LightAhead {
  /** All of the bulk, of which the first `made` bytes are there. */
  readonly bytes: Uint8Array;
  /** How many those are, and how the work has ended. */
  readonly words: Int32Array;
  readonly #thread: HelperThread;
  /** What it was decoded from; null once that is given back. */
  #stream: Uint8Array | null;

  private constructor(thread: HelperThread, stream: Uint8Array, bytes: Uint8Array, words: Int32Array) {
    this.#thread = thread;
    this.#stream = stream;
    this.bytes = bytes;
    this.words = words;
  }

  /** Null if it is not worth a thread, or there is none. `stream` makes `size` bytes, if it is right. */
  static start(stream: Source, size: number): LightAhead | null {
    if (size < LEAST || stream.size > size) return null;
    const words = new Int32Array(new SharedArrayBuffer(8));
    words[RESULT] = WORKING;
    const read = new Uint8Array(new SharedArrayBuffer(stream.size));
    stream.read(0, read);
    const light = openLight(false, size);
    const variables = light.lightVariables() >>> 0;
    if (variables === 0) return null;
    light.saveVariables(variables);
    const { memory } = light;
    const thread = HelperThread.start(SCRIPT, { wasm: compiled(), memory, variables, stream: read, words });
    if (thread === null) return null;
    return new LightAhead(thread, read, new Uint8Array(memory.buffer, light.lightBulk() >>> 0, size), words);
  }

  get made(): number {
    return Atomics.load(this.words, MADE);
  }

  /** What `runLight` has returned in the end; null before. */
  get result(): number | null {
    const result = Atomics.load(this.words, RESULT);
    return result === WORKING ? null : result;
  }

  /** Until there is more. False if nothing comes any more. */
  async step(): Promise<boolean> {
    return await this.#thread.step();
  }

  close(): void {
    this.#thread.end();
  }

  /** When all is decoded: the thread and its stream are needed no more. */
  retire(): void {
    if (this.#stream === null) return;
    this.#thread.end();
    giveBack(this.#stream.buffer, 0, this.#stream.length);
    this.#stream = null;
  }
}
