/** The stream `extra` by the light coder (../assembly/mixing/light). */
import { DamagedError } from '../../errors.ts';
import type { Source } from '../../platform/files.ts';
import { giveBack } from '../../platform/posix/memory-advice.ts';
import type { Checkpoint } from '../output.ts';
import { LightAhead } from './light-ahead.ts';
import { BUFFER, BUFFER_DUE, DONE, type LightExports, openLight, runModule } from './module.ts';

/** The first byte of such a stream. A frame of zstd begins with another one. */
export const LIGHT = 1;
/** Bytes of bulk, at most: they are in memory. */
export const LIGHT_LIMIT = 1 << 27;
/** Bytes that are given back at once, at least. */
const GIVEN_BACK_FROM = 1 << 20;

/** So many bytes of one class of content (`classOf` of ../assembly/mixing/addresses/regions.ts). */
export interface Stretch {
  size: number;
  class: number;
}

const bytesOf = ({ memory }: LightExports, address: number, size: number) =>
  new Uint8Array(memory.buffer, address >>> 0, size);

/** The stream that makes `bulk`, whose stretches are as long as it. */
export async function encodeLight(bulk: Uint8Array, stretches: readonly Stretch[]): Promise<Uint8Array> {
  const exports = openLight(true, bulk.length);
  bytesOf(exports, exports.lightBulk(), bulk.length).set(bulk);
  const address = exports.lightStretches(stretches.length) >>> 0;
  const words = new Uint32Array(exports.memory.buffer, address, 2 * stretches.length);
  let end = 0;
  for (const [index, { size, class: kind }] of stretches.entries()) {
    end += size;
    words.set([end, kind], 2 * index);
  }
  const made: Uint8Array[] = [Uint8Array.of(LIGHT)];
  for (let due: number | null = BUFFER_DUE; due === BUFFER_DUE; ) {
    due = runModule(() => exports.runLight(true));
    made.push(bytesOf(exports, exports.bufferAddress(), exports.bufferFilled()).slice());
    exports.refill(0);
    await new Promise(setImmediate);
  }
  return new Uint8Array(Buffer.concat(made));
}

/** Gives the memory back from one byte of bulk to another, if that is enough. Returns where what was given back ends. */
function givenBack({ buffer, byteOffset }: Uint8Array, from: number, end: number): number {
  if (end - from < GIVEN_BACK_FROM) return from;
  return giveBack(buffer, byteOffset + from, byteOffset + end) - byteOffset;
}

/** Bulk that is taken bit by bit. Much of it is decoded by a thread of its own, while this one models what lies between. */
export class LightBulk {
  readonly name: string;
  /** Bytes that were not taken yet. */
  left: number;
  readonly #stream: Source;
  readonly #checkpoint: Checkpoint;
  #ahead: LightAhead | null = null;
  /** Bytes, from the first one on, whose memory the system has back. */
  #givenBack = 0;
  /** Where those end that it has back of another thread's; 0 if there are none. */
  #givenBackElsewhere = 0;
  #bytes: Uint8Array = new Uint8Array(0);

  private constructor(stream: Source, size: number, name: string, checkpoint: Checkpoint) {
    this.#stream = stream;
    this.#checkpoint = checkpoint;
    this.left = size;
    this.name = name;
  }

  /** Opens `stream`, which makes `size` bytes. Throws DamagedError if it is malformed. */
  static async open(stream: Source, size: number, name: string, checkpoint: Checkpoint): Promise<LightBulk> {
    if (size > LIGHT_LIMIT) {
      throw new DamagedError(`${name} makes ${size} bytes, wanted at most ${LIGHT_LIMIT}`);
    }
    const bulk = new LightBulk(stream, size, name, checkpoint);
    bulk.#ahead = LightAhead.start(stream, size);
    if (bulk.#ahead === null) bulk.#bytes = await bulk.#decode(size);
    return bulk;
  }

  /** The next `size` bytes, of which there must be as many. Throws DamagedError if the stream is malformed. */
  async take(size: number): Promise<Uint8Array> {
    const bytes = await this.#have(size);
    const at = bytes.length - this.left;
    this.#giveBack(bytes, at);
    this.left -= size;
    return bytes.subarray(at, at + size);
  }

  /** Of what was taken, nothing is copied any more once all is decoded. */
  #giveBack(bytes: Uint8Array, taken: number): void {
    if (this.#ahead !== null) {
      if (this.#ahead.result !== DONE) return;
      this.#ahead.retire();
    }
    this.#givenBack = givenBack(bytes, this.#givenBack, taken);
  }

  /** For another thread: all bytes; of them are there the first `progress[0]`, or all if it is null. */
  shared(): { bytes: Uint8Array; progress: Int32Array | null } {
    const ahead = this.#ahead;
    return ahead === null
      ? { bytes: this.#bytes, progress: null }
      : { bytes: ahead.bytes, progress: ahead.words };
  }

  /** The same of what another thread takes, which goes on until `restore`: from byte `from` to `end` it was taken. */
  giveBackElsewhere(from: number, end: number): void {
    if (this.#ahead?.result !== DONE) return;
    this.#givenBackElsewhere = givenBack(this.#ahead.bytes, Math.max(from, this.#givenBackElsewhere), end);
  }

  /** What another thread has taken is to be taken once more. */
  async restore(): Promise<void> {
    if (this.#ahead === null || this.#givenBackElsewhere === 0) return;
    const { length } = this.#ahead.bytes;
    this.#ahead.close();
    this.#ahead = null;
    this.#bytes = await this.#decode(length);
  }

  /** Another thread has taken the next `size` bytes. */
  skip(size: number): void {
    this.left -= size;
  }

  /** After the last byte was taken. Throws DamagedError if the stream goes on. */
  async end(): Promise<void> {
    if (this.left !== 0) throw new DamagedError(`${this.name} holds ${this.left} bytes too many`);
    await this.#have(0);
  }

  close(): void {
    this.#ahead?.close();
  }

  /** All bytes, of which the next `size` are there; all are, and nothing follows, if none are left. */
  async #have(size: number): Promise<Uint8Array> {
    const ahead = this.#ahead;
    if (ahead === null) return this.#bytes;
    const total = ahead.bytes.length;
    const wanted = total - this.left + size;
    for (;;) {
      // Asked first: if it has ended, what is made now is all.
      const { result } = ahead;
      if (ahead.made >= wanted && (this.left > 0 || result === DONE)) return ahead.bytes;
      if (result !== null) throw this.#malformed(ahead.made);
      const isWorking = await ahead.step();
      await this.#checkpoint();
      if (isWorking || ahead.result !== null) continue;
      ahead.close();
      this.#ahead = null;
      this.#bytes = await this.#decode(total);
      return this.#bytes;
    }
  }

  /** In this thread. */
  async #decode(size: number): Promise<Uint8Array> {
    const exports = openLight(false, size);
    let given = 1;
    for (;;) {
      const due = runModule(() => exports.runLight(given === this.#stream.size));
      if (due === DONE) break;
      if (due !== BUFFER_DUE) throw this.#malformed(exports.lightMade() >>> 0);
      const kept = exports.bufferFilled();
      const more = Math.min(BUFFER - kept, this.#stream.size - given);
      this.#stream.read(given, bytesOf(exports, exports.bufferAddress() + kept, more));
      exports.refill(kept + more);
      given += more;
      await this.#checkpoint();
    }
    return bytesOf(exports, exports.lightBulk(), size);
  }

  #malformed(at: number): DamagedError {
    return new DamagedError(`${this.name} is malformed: what follows its byte ${at} cannot be decoded`);
  }
}
