/** Encodes what one lane makes: here, or in a thread of its own while another lane is encoded here. */
import { HelperThread } from '../../platform/threads/helper-thread.ts';
import { plain } from '../compress.ts';
import type { Region } from './containers/image.ts';
import type { Stretch } from './light.ts';
import {
  BUFFER,
  BUFFER_DUE,
  BULK_DUE,
  compiled,
  DONE,
  type MixingModule,
  SECOND_DUE,
  type Second,
  WINDOW_FULL,
} from './module.ts';
import { costsOf, PARTS } from './parts.ts';

export interface Lane {
  stream: Uint8Array;
  bulk: Uint8Array;
  stretches: Stretch[];
  /** Bits that were modelled. */
  bits: number;
  /** How much effort that takes until so much of the new file is made (coder.ts); the last one is the whole lane. */
  profile: { made: number; effort: number }[];
  /** What each part of the stream costs, in bytes. */
  costs: number[];
}

/** Called from time to time with the bits that were modelled, and the bytes of the new file that are made. False: it takes too much work. */
export type OnWork = (bits: number, made: number) => boolean;

/** Bits, or bytes of the new file, between two looks at the work; bits of a stream, at most (model.ts). */
const LOOK = 1 << 18;
const MOST_BITS = 1 << 28;

/** Null if it takes too much work. `onSecond` is called at SECOND_DUE. */
export async function encodeLane(
  module: MixingModule,
  onWork: OnWork,
  onSecond: () => void = () => undefined,
): Promise<Lane | null> {
  const { exports } = module;
  const stream: Uint8Array[] = [];
  const bulk: Uint8Array[] = [];
  const stretches: Stretch[] = [];
  const profile: Lane['profile'] = [];
  for (let due: number | null = null; due !== DONE; ) {
    due = module.run(true);
    const made = exports.made() >>> 0;
    const bits = exports.work() >>> 0;
    if (due === BULK_DUE) {
      const size = exports.bulkSize();
      const computed = exports.bulkHashes() !== 0;
      const kind = exports.bulkClass();
      const piece = module.bytes(exports.bulkTaken(), size);
      if (computed) continue;
      bulk.push(piece.slice());
      addStretch(stretches, size, kind);
    } else if (due !== null) {
      if (due === WINDOW_FULL || due === DONE) profile.push({ made, effort: exports.spent() >>> 0 });
      if (due === SECOND_DUE) onSecond();
      if (due === BUFFER_DUE || due === DONE) {
        stream.push(module.bytes(exports.bufferAddress(), exports.bufferFilled()).slice());
        exports.refill(0);
      }
      if (!onWork(bits, made)) return null;
      await new Promise(setImmediate);
    } else {
      // More bits than any patch may have.
      return null;
    }
  }
  const costs = costsOf(module);
  const bits = exports.work() >>> 0;
  return {
    stream: plain(Buffer.concat(stream)),
    bulk: plain(Buffer.concat(bulk)),
    stretches,
    bits,
    profile,
    costs,
  };
}

function addStretch(stretches: Stretch[], size: number, kind: number): void {
  const last = stretches.at(-1);
  if (last?.class === kind) last.size += size;
  else stretches.push({ size, class: kind });
}

/** Of the words that both threads see: bits, how much of the new file is made, how the work has ended, sizes of what was made; then what each part costs. */
const BITS = 0;
const MADE = 1;
const RESULT = 2;
const STREAM = 3;
const BULK = 4;
const PIECES = 5;
const LOOKS = 6;
const COSTS = 7;
const STOPPED = COSTS + PARTS.length;
const WORDS = STOPPED + 1;
/** The work has not ended. */
const WORKING = 0x7fffffff;

const SCRIPT = `
const { parentPort, workerData } = require('node:worker_threads');
const { wasm, memory, second, words, stream, bulk, pieces, looks } = workerData;
const lane = new WebAssembly.Instance(wasm, { env: { memory } }).exports;
lane.loadVariables(second.address);
if (lane.beginSecond(second.address, second.size) === 0) throw new Error('no memory');
const bytes = (address, size) => new Uint8Array(memory.buffer, address >>> 0, size);
const count = (word, by) => (words[word] += by) - by;
for (let due; due !== ${DONE} && Atomics.load(words, ${STOPPED}) === 0; ) {
  due = lane.run(true);
  if (due === ${BULK_DUE}) {
    const size = lane.bulkSize();
    const computed = lane.bulkHashes() !== 0;
    const kind = lane.bulkClass();
    const piece = bytes(lane.bulkTaken(), size);
    if (computed) continue;
    bulk.set(piece, count(${BULK}, size));
    pieces.set([size, kind], count(${PIECES}, 2));
    continue;
  }
  Atomics.store(words, ${BITS}, lane.work());
  Atomics.store(words, ${MADE}, lane.made());
  if (due === ${WINDOW_FULL} || due === ${DONE}) looks.set([lane.made(), lane.spent()], count(${LOOKS}, 2));
  if (due === ${BUFFER_DUE} || due === ${DONE}) {
    const size = lane.bufferFilled();
    stream.set(bytes(lane.bufferAddress(), size), count(${STREAM}, size));
    lane.refill(0);
  }
  if (due === ${DONE}) for (let part = 0; part < ${PARTS.length}; part++) words[${COSTS} + part] = lane.costOf(part);
  if (due < 0 || due === ${DONE}) Atomics.store(words, ${RESULT}, due);
  parentPort.postMessage(null);
  if (due < 0) break;
}
`;

/** A second lane, which is encoded while `encodeLane` encodes the first one. */
export class SecondEncoder {
  readonly #module: MixingModule;
  readonly #second: Second;
  readonly #freshSize: number;
  readonly #hashes: readonly Pick<Region, 'offset' | 'size'>[];
  readonly #words = new Int32Array(new SharedArrayBuffer(WORDS * 4));
  readonly #stream: Uint8Array;
  readonly #bulk: Uint8Array;
  readonly #pieces: Uint32Array;
  readonly #looks: Uint32Array;
  #thread: HelperThread | null;

  /**
   * `module`, which has the new file of `freshSize` bytes, is at SECOND_DUE. A second lane can't compute `hashes`, which depend on the first
   * one: they are 0 there.
   *
   * @param bulkSize bytes of bulk, at most
   * @param pieces that it is taken in, at most
   */
  constructor(
    module: MixingModule,
    freshSize: number,
    hashes: readonly Pick<Region, 'offset' | 'size'>[],
    bulkSize: number,
    pieces: number,
  ) {
    const { exports, memory } = module;
    this.#module = module;
    const second = module.takeSecond(new Uint8Array(0));
    this.#second = second;
    const rest = freshSize - (exports.secondStart() >>> 0);
    this.#freshSize = freshSize;
    this.#hashes = hashes;
    this.#place(second);
    this.#words[RESULT] = WORKING;
    this.#words[MADE] = exports.secondStart();
    this.#stream = new Uint8Array(new SharedArrayBuffer(2 * rest + BUFFER));
    this.#bulk = new Uint8Array(new SharedArrayBuffer(bulkSize));
    this.#pieces = new Uint32Array(new SharedArrayBuffer(8 * pieces));
    this.#looks = new Uint32Array(new SharedArrayBuffer(8 * Math.ceil(2 + (MOST_BITS + rest) / LOOK)));
    this.#thread = HelperThread.start(SCRIPT, {
      ...{ wasm: compiled(), memory, second, words: this.#words, stream: this.#stream },
      ...{ bulk: this.#bulk, pieces: this.#pieces, looks: this.#looks },
    });
  }

  /** Bytes of the new file that are made so far. */
  get made(): number {
    return Atomics.load(this.#words, MADE);
  }

  /** Bits that were modelled so far. */
  get bits(): number {
    return Atomics.load(this.#words, BITS) >>> 0;
  }

  /** When the first lane is done. Null if it takes too much work. */
  async finish(onWork: OnWork): Promise<Lane | null> {
    while (this.#thread !== null) {
      const result = Atomics.load(this.#words, RESULT);
      if (result === DONE) return this.#lane();
      if (result !== WORKING || !onWork(this.bits, this.made)) return null;
      if (!(await this.#thread.step()) && Atomics.load(this.#words, RESULT) === WORKING) this.close();
    }
    const second = this.#module.repeatSecond(this.#second);
    this.#place(second);
    return await encodeLane(this.#module.beginSecond(second), onWork);
  }

  /** The part of the new file that the lane encodes, where it looks for it. */
  #place({ address, size }: Second): void {
    const { exports } = this.#module;
    const start = exports.secondStart() >>> 0;
    const rest = this.#module.bytes(exports.newFile() + start, this.#freshSize - start);
    const placed = this.#module.bytes(exports.secondWindow(address, size) + start, rest.length);
    placed.set(rest);
    for (const hashed of this.#hashes) {
      const end = hashed.offset + hashed.size - start;
      if (end > 0) placed.fill(0, Math.max(0, hashed.offset - start), end);
    }
  }

  close(): void {
    this.#words[STOPPED] = 1;
    this.#thread?.end();
    this.#thread = null;
  }

  #lane(): Lane {
    const words = this.#words;
    const [streamSize = 0, bulkSize = 0, pieces = 0, looks = 0] = words.subarray(STREAM, COSTS);
    const stretches: Stretch[] = [];
    for (let i = 0; i < pieces; i += 2) addStretch(stretches, this.#pieces[i] ?? 0, this.#pieces[i + 1] ?? 0);
    const profile: Lane['profile'] = [];
    for (let i = 0; i < looks; i += 2)
      profile.push({ made: this.#looks[i] ?? 0, effort: this.#looks[i + 1] ?? 0 });
    return {
      stream: this.#stream.slice(0, streamSize),
      bulk: this.#bulk.slice(0, bulkSize),
      ...{ stretches, bits: this.bits, profile, costs: [...words.subarray(COSTS, STOPPED)] },
    };
  }
}
