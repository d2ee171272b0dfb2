/**
 * Decodes the streams of `mixing`. Memory: the old file, a quarter of it, 12 MiB of the new one, the bulk (at most 128 MiB) and its
 * stream, and at most 220 MiB of tables and windows, whatever the patch says; if it has two lanes, 160 MiB more, of which 64 are the end of the
 * new file. Between unpacked files (../deflate/) all sizes are those of the unpacked ones, and each old stream is in memory besides while it is read.
 */
import { DamagedError } from '../../errors.ts';
import { CHUNK, type Source, sliceSource } from '../../platform/files.ts';
import { LANES_STREAMS } from '../format.ts';
import type { PatchHeader } from '../header.ts';
import { Inflater } from '../inflater.ts';
import { CHECKPOINT_INTERVAL, type Checkpoint, type Output } from '../output.ts';
import type { Region, RegionKind } from './containers/image.ts';
import { convertRegions, isConverted, RestoredFile } from './conversions/converted.ts';
import { DigestAside } from './digest-aside.ts';
import { LIGHT, LightBulk } from './light.ts';
import {
  BUFFER,
  BUFFER_DUE,
  BULK_DUE,
  DONE,
  IMAGES_DUE,
  MixingModule,
  SECOND_DUE,
  WINDOW_FULL,
} from './module.ts';
import { HASH_SIZE, type HashedRegion, HashedRegions } from './page-hashes.ts';
import { costsOf, namedCosts } from './parts.ts';
import { SecondLane } from './second-lane.ts';

/** 2^EXTRA_WINDOW bytes is the window of the stream `extra`, at most. */
const EXTRA_WINDOW = 25;
const LOADED_AT_ONCE = 1 << 20;

/**
 * Writes the new file to `output`. Throws DamagedError if the streams, which are `body`, are malformed.
 *
 * @param onCosts called in the end with the bytes that each part of the model costs
 * @param checkOld called with the SHA-256 of the old file before the first byte is written, which it prevents by throwing
 */
export async function decodeMixing(
  header: PatchHeader,
  body: Source,
  old: Source,
  checkOld: ((sha256: string) => void) | null,
  output: Output,
  checkpoint: Checkpoint,
  onCosts?: (costs: Record<string, number>) => void,
): Promise<void> {
  const { model, second, extra } = streamsOf(header, body);
  const bulk = await openBulk(extra, header.streams.at(-1)?.rawSize ?? 0, checkpoint);
  let decoder: Decoder | null = null;
  let digest: DigestAside | null = null;
  const check = async () => {
    if (digest !== null) checkOld?.(await digest.sha256());
    digest?.close();
    digest = null;
  };
  try {
    const module = MixingModule.open(false, header.fromSize, header.toSize);
    if (onCosts !== undefined) module.exports.countCosts();
    if (header.secondModel === true) module.exports.useSecondModel();
    if (header.thirdModel === true) module.exports.useThirdModel();
    if (header.fourthModel === true) module.exports.useFourthModel();
    if (header.fastSteps === true) module.exports.useFastSteps();
    if (checkOld !== null) digest = new DigestAside(module.bytes(module.exports.oldFile(), old.size));
    await load(module, old, digest, checkpoint);
    decoder = new Decoder(module, bulk, output, check, checkpoint);
    await decoder.make(model, second);
    onCosts?.(decoder.costs);
    await bulk.end();
  } catch (error) {
    // With another old file nothing can be decoded: that is what is wrong then.
    if (error instanceof DamagedError) await check();
    throw error;
  } finally {
    digest?.close();
    decoder?.close();
    bulk.close();
  }
}

/** The model, the second lane if there is one, and the bulk. */
function streamsOf(header: PatchHeader, body: Source) {
  const sizes = header.streams.map(({ compressedSize }) => compressedSize);
  const [model = 0, second = 0] = sizes.length === LANES_STREAMS.length ? sizes : [sizes[0], 0];
  return {
    model: sliceSource(body, 0, model),
    second: second === 0 ? null : sliceSource(body, model, second),
    extra: sliceSource(body, model + second, body.size - model - second),
  };
}

class Decoder {
  readonly #module: MixingModule;
  readonly #bulk: Inflater | LightBulk;
  readonly #output: Output;
  readonly #beforeFirst: () => Promise<void>;
  readonly #checkpoint: Checkpoint;
  #second: SecondLane | null = null;
  /** Bytes of the new file that were passed on. */
  #passed = 0;
  #hashed: HashedRegions | undefined;
  #restored: RestoredFile | undefined;

  /** `beforeFirst` is called before the first byte is passed on, and before the old file is changed in memory. */
  constructor(
    module: MixingModule,
    bulk: Inflater | LightBulk,
    output: Output,
    beforeFirst: () => Promise<void>,
    checkpoint: Checkpoint,
  ) {
    this.#module = module;
    this.#bulk = bulk;
    this.#output = output;
    output.onChunk = (chunk) => this.#hashes.update(chunk);
    this.#beforeFirst = beforeFirst;
    this.#checkpoint = checkpoint;
  }

  /** What precedes all else, and the new file, or the part of the first lane, while the second one makes its own. */
  async make(model: Source, second: Source | null): Promise<void> {
    const module = this.#module;
    const { exports } = module;
    if (this.#bulk instanceof LightBulk) exports.careful();
    if (second !== null) exports.splitAt(0);
    let given = 0;
    for (;;) {
      const due = module.run(given === model.size);
      if (due === null) throw malformed(exports.made() >>> 0);
      if (due === BUFFER_DUE) {
        const kept = exports.bufferFilled();
        const size = Math.min(BUFFER - kept, model.size - given);
        model.read(given, module.bytes(exports.bufferAddress() + kept, size));
        exports.refill(kept + size);
        given += size;
      } else if (due === IMAGES_DUE) {
        await this.#convertOld();
      } else if (due === SECOND_DUE) {
        if (second !== null) this.#second = this.#openSecond(second);
      } else if (due === WINDOW_FULL) {
        await this.#passOn(exports.made() >>> 0, exports.freshAt(0));
        exports.slide();
        this.#second?.giveBackBulk();
      } else if (due === BULK_DUE) {
        await this.#placeBulk();
      } else if (due === DONE) {
        break;
      }
    }
    await this.#passOn(exports.made() >>> 0, exports.freshAt(0));
    await this.#second?.finish((made, fresh) => this.#passOn(made, fresh, true));
  }

  get costs(): Record<string, number> {
    return namedCosts([costsOf(this.#module), this.#second?.costs ?? []]);
  }

  close(): void {
    this.#second?.close();
  }

  #openSecond(source: Source): SecondLane {
    const stream = new Uint8Array(source.size);
    source.read(0, stream);
    const bulk = this.#bulk;
    if (bulk instanceof LightBulk) return new SecondLane(this.#module, stream, bulk, this.#checkpoint);
    if (bulk.left === 0) return new SecondLane(this.#module, stream, null, this.#checkpoint);
    throw new DamagedError('the patch has two lanes and bulk by zstd, wanted the light coder');
  }

  async #convertOld(): Promise<void> {
    const regions = convertedRegions(this.#module, 0);
    const last = regions.at(-1);
    if (last === undefined) return;
    await this.#beforeFirst();
    const size = last.offset + last.size;
    convertRegions(this.#module.bytes(this.#module.exports.oldFile(), size), regions);
  }

  async #placeBulk(): Promise<void> {
    const bulk = this.#bulk;
    const module = this.#module;
    const { exports } = module;
    const wanted = exports.bulkSize();
    const made = exports.made() >>> 0;
    if (exports.bulkHashes() === 0) {
      if (bulk.left < wanted) throw new DamagedError(`${bulk.name} ends too early`);
      await copyBulk(bulk, module, wanted);
    } else {
      await this.#passOn(made, exports.freshAt(0));
      this.#hashes.write(made, module.bytes(exports.freshAt(made), wanted));
    }
    exports.bulkPlaced();
  }

  /** All up to `made`; byte 0 of the new file would be at `fresh` in memory. A second lane leaves the digests of pages out. */
  async #passOn(made: number, fresh: number, isSecond = false): Promise<void> {
    if (this.#passed === 0) await this.#beforeFirst();
    while (this.#passed < made) {
      const span = isSecond ? this.#hashes.spanAt(this.#passed) : CHUNK;
      const chunk = this.#module.bytes(fresh + this.#passed, Math.min(CHUNK, span, made - this.#passed));
      if (isSecond) this.#hashes.write(this.#passed, chunk);
      this.#passed += chunk.length;
      for (const piece of this.#asItIs.take(chunk)) await this.#output.pass(piece);
    }
  }

  get #asItIs(): RestoredFile {
    this.#restored ??= new RestoredFile(convertedRegions(this.#module, 1));
    return this.#restored;
  }

  /** The regions are known when the first byte is made. */
  get #hashes(): HashedRegions {
    this.#hashed ??= new HashedRegions(hashedRegions(this.#module));
    return this.#hashed;
  }
}

/** Where in the new file the digests of which pages are. */
function hashedRegions(module: MixingModule): HashedRegion[] {
  const { exports } = module;
  return Array.from({ length: exports.regionCount(1) }, (_, index) => {
    const pageSize = exports.hashedPages(index);
    const [offset = 0, size = 0, end = 0] = module.words(exports.regionAt(1, index), 4);
    const pages = pageSize === 0 ? 0 : Math.ceil(end / pageSize) - size / HASH_SIZE;
    return { offset, size, pages: { start: pages * pageSize, end, pageSize } };
  }).filter(({ pages }) => pages.pageSize > 0);
}

function convertedRegions(module: MixingModule, file: 0 | 1): Region[] {
  const { exports } = module;
  return Array.from({ length: exports.regionCount(file) }, (_, index) => {
    const region = module.words(exports.regionAt(file, index), 7);
    const [offset = 0, size = 0, address = 0, kind = 0] = region;
    const words = region[6] === 1 ? { inWords: true as const } : {};
    return { offset, size, address, kind: kind as RegionKind, ...words };
  }).filter(isConverted);
}

async function openBulk(stream: Source, size: number, checkpoint: Checkpoint): Promise<Inflater | LightBulk> {
  const name = 'the stream extra of the patch';
  const first = new Uint8Array(1);
  if (stream.size > 0) stream.read(0, first);
  if (first[0] === LIGHT) return await LightBulk.open(stream, size, name, checkpoint);
  return new Inflater(stream, size, EXTRA_WINDOW, name);
}

async function load(
  module: MixingModule,
  old: Source,
  digest: DigestAside | null,
  checkpoint: Checkpoint,
): Promise<void> {
  const start = module.exports.oldFile() >>> 0;
  for (let at = 0; at < old.size; at += LOADED_AT_ONCE) {
    const piece = module.bytes(start + at, Math.min(LOADED_AT_ONCE, old.size - at));
    old.read(at, piece);
    digest?.read(at + piece.length);
    if (at % CHECKPOINT_INTERVAL === 0) await checkpoint();
  }
}

async function copyBulk(bulk: Inflater | LightBulk, module: MixingModule, wanted: number): Promise<void> {
  const { exports } = module;
  const start = exports.freshAt(exports.made() >>> 0) >>> 0;
  if (bulk instanceof LightBulk) {
    module.bytes(start, wanted).set(await bulk.take(wanted));
    return;
  }
  for (let done = 0; done < wanted; ) {
    if (!bulk.has(1)) await bulk.fill(1);
    const size = Math.min(wanted - done, bulk.available);
    module.bytes(start + done, size).set(bulk.take(size));
    done += size;
  }
}

function malformed(at: number): DamagedError {
  return new DamagedError(
    `the patch is malformed: what follows byte ${at} of the new file cannot be decoded`,
  );
}
