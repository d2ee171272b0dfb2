/** The stream `extra` by the light coder (../assembly/mixing/light): all of it is decoded before the first byte is needed. */
import { DamagedError } from '../../errors.ts';
import type { Source } from '../../platform/files.ts';
import type { Checkpoint } from '../output.ts';
import { BUFFER, BUFFER_DUE, DONE, instantiate, type LightExports, noMemory, runModule } from './module.ts';

/** The first byte of such a stream. A frame of zstd begins with another one. */
export const LIGHT = 1;
/** Bytes of bulk, at most: they are in memory. */
export const LIGHT_LIMIT = 1 << 27;

/** So many bytes of one class of content (`classOf` of ../assembly/mixing/addresses/regions.ts). */
export interface Stretch {
  size: number;
  class: number;
}

function openLight(encode: boolean, size: number): LightExports {
  const exports: LightExports = instantiate();
  if (exports.openLight(encode, size) === 0) throw noMemory();
  return exports;
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

/** Bulk that is taken bit by bit. */
export class LightBulk {
  readonly name: string;
  /** Bytes that were not taken yet. */
  left: number;
  readonly #bytes: Uint8Array;

  private constructor(bytes: Uint8Array, name: string) {
    this.#bytes = bytes;
    this.left = bytes.length;
    this.name = name;
  }

  /** Decodes `stream`, which makes `size` bytes. Throws DamagedError if it is malformed. */
  static async decode(
    stream: Source,
    size: number,
    name: string,
    checkpoint: Checkpoint,
  ): Promise<LightBulk> {
    if (size > LIGHT_LIMIT) {
      throw new DamagedError(`${name} makes ${size} bytes, wanted at most ${LIGHT_LIMIT}`);
    }
    const exports = openLight(false, size);
    let given = 1;
    for (;;) {
      const due = runModule(() => exports.runLight(given === stream.size));
      if (due === DONE) break;
      if (due !== BUFFER_DUE) {
        throw new DamagedError(
          `${name} is malformed: what follows its byte ${exports.lightMade() >>> 0} cannot be decoded`,
        );
      }
      const kept = exports.bufferFilled();
      const more = Math.min(BUFFER - kept, stream.size - given);
      stream.read(given, bytesOf(exports, exports.bufferAddress() + kept, more));
      exports.refill(kept + more);
      given += more;
      await checkpoint();
    }
    return new LightBulk(bytesOf(exports, exports.lightBulk(), size), name);
  }

  /** The next `size` bytes, of which there must be as many. */
  take(size: number): Uint8Array {
    const at = this.#bytes.length - this.left;
    this.left -= size;
    return this.#bytes.subarray(at, at + size);
  }
}
