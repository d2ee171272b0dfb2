/**
 * The second lane of a patch: the last part of the new file, which is modelled by itself. A thread of its own makes it while this
 * one makes the first part, from the same old file; without one, it is made here afterwards.
 */
import { DamagedError } from '../../errors.ts';
import { HelperThread } from '../../platform/threads/helper-thread.ts';
import type { Checkpoint } from '../output.ts';
import type { LightBulk } from './light.ts';
import { BULK_DUE, compiled, DONE, type MixingModule, type Second, WINDOW_FULL } from './module.ts';
import { costsOf, PARTS } from './parts.ts';

/** Of the words that both threads see: bytes of the new file that are made, bytes of bulk that were taken, how the work has ended. */
const MADE = 0;
const TAKEN = 1;
const RESULT = 2;
/** Then what each part costs. */
const COSTS = 3;
/** The work has not ended. */
const WORKING = 0x7fffffff;
/** Milliseconds after which the other thread asks again whether the bulk has ended too early. */
const PATIENCE = 100;

/** `SecondLane.#makeHere`, over there. A trap ends the thread, and this one then sees for itself what is wrong. */
const SCRIPT = `
const { parentPort, workerData } = require('node:worker_threads');
const { wasm, memory, second, words, bulk, from, progress } = workerData;
const lane = new WebAssembly.Instance(wasm, { env: { memory } }).exports;
lane.loadVariables(second.address);
if (lane.beginSecond(second.address, second.size) === 0) throw new Error('no memory');
const tell = (word, value) => Atomics.store(words, word, value);
const isThere = (wanted) => {
  if (wanted > bulk.length) return false;
  for (; progress !== null; ) {
    const { result, made } = { result: Atomics.load(progress, 1), made: Atomics.load(progress, 0) };
    if (made >= wanted) break;
    if (result !== ${WORKING}) return false;
    Atomics.wait(progress, 0, made, ${PATIENCE});
  }
  return true;
};
let taken = 0;
for (;;) {
  const due = lane.run(true);
  tell(${MADE}, lane.made());
  if (due === ${BULK_DUE}) {
    const size = lane.bulkSize();
    if (lane.bulkHashes() === 0) {
      if (!isThere(from + taken + size)) throw new Error('no bulk');
      const place = lane.freshAt(lane.made()) >>> 0;
      new Uint8Array(memory.buffer, place, size).set(bulk.subarray(from + taken, from + taken + size));
      taken += size;
      tell(${TAKEN}, taken);
    }
    lane.bulkPlaced();
  } else if (due === ${WINDOW_FULL}) {
    parentPort.postMessage(null);
  } else {
    for (let part = 0; part < ${PARTS.length}; part++) tell(${COSTS} + part, lane.costOf(part));
    tell(${RESULT}, due);
    parentPort.postMessage(null);
    break;
  }
}
`;

export class SecondLane {
  readonly #module: MixingModule;
  readonly #bulk: LightBulk | null;
  readonly #checkpoint: Checkpoint;
  readonly #second: Second;
  readonly #words = new Int32Array(new SharedArrayBuffer(4 * (COSTS + PARTS.length)));
  /** Null if it is made here. */
  #thread: HelperThread | null;

  /** When it is done, and costs are counted: what each part costs, in bytes. */
  costs: number[] = [];

  /** `module` is at SECOND_DUE. `bulk` is null if there is none. */
  constructor(module: MixingModule, stream: Uint8Array, bulk: LightBulk | null, checkpoint: Checkpoint) {
    this.#module = module;
    this.#bulk = bulk;
    this.#checkpoint = checkpoint;
    this.#second = module.takeSecond(stream);
    this.#words[RESULT] = WORKING;
    const { memory, exports } = module;
    const shared = bulk?.shared() ?? { bytes: new Uint8Array(0), progress: null };
    this.#thread = HelperThread.start(SCRIPT, {
      ...{ wasm: compiled(), memory, second: this.#second, words: this.#words },
      ...{ bulk: shared.bytes, progress: shared.progress, from: exports.secondBulk() >>> 0 },
    });
  }

  /**
   * When the first lane is done: calls `made` whenever there is more, with how much of the new file is made, and where in memory its
   * byte 0 would be. Throws DamagedError if the stream is malformed.
   */
  async finish(made: (size: number, fresh: number) => Promise<void>): Promise<void> {
    const window = this.#module.exports.secondWindow(this.#second.address, this.#second.size);
    while (this.#thread !== null) {
      const result = Atomics.load(this.#words, RESULT);
      this.giveBackBulk();
      await made(Atomics.load(this.#words, MADE), window);
      if (result === DONE) {
        this.#bulk?.skip(Atomics.load(this.#words, TAKEN));
        this.costs = [...this.#words.subarray(COSTS)];
        return;
      }
      if (result !== WORKING) throw malformed(Atomics.load(this.#words, MADE));
      const isWorking = await this.#thread.step();
      await this.#checkpoint();
      if (!isWorking && Atomics.load(this.#words, RESULT) === WORKING) this.close();
    }
    await this.#bulk?.restore();
    await this.#makeHere(made);
  }

  /** To be called now and then while it is made: the memory of the bulk that it has taken goes back to the system. */
  giveBackBulk(): void {
    if (this.#thread === null) return;
    const from = this.#module.exports.secondBulk() >>> 0;
    this.#bulk?.giveBackElsewhere(from, from + Atomics.load(this.#words, TAKEN));
  }

  close(): void {
    this.#thread?.end();
    this.#thread = null;
  }

  async #makeHere(made: (size: number, fresh: number) => Promise<void>): Promise<void> {
    // A thread that was ended may go on for a moment, in the other place.
    const module = this.#module.beginSecond(this.#module.repeatSecond(this.#second));
    const { exports } = module;
    for (;;) {
      const due = module.run(true);
      if (due === BULK_DUE) {
        const size = exports.bulkSize();
        if (exports.bulkHashes() === 0) {
          if (this.#bulk === null || this.#bulk.left < size) throw malformed(exports.made() >>> 0);
          module.bytes(exports.freshAt(exports.made()), size).set(await this.#bulk.take(size));
        }
        exports.bulkPlaced();
      } else if (due === WINDOW_FULL || due === DONE) {
        await made(exports.made() >>> 0, exports.freshAt(0));
        await this.#checkpoint();
        if (due !== DONE) continue;
        this.costs = costsOf(module);
        return;
      } else {
        throw malformed(exports.made() >>> 0);
      }
    }
  }
}

function malformed(at: number): DamagedError {
  return new DamagedError(
    `the patch is malformed: what follows byte ${at} of the new file cannot be decoded`,
  );
}
