/**
 * Decodes the streams of `mixing`. Memory: the old file, a quarter of it, 12 MiB of the new one, the bulk (at most 128 MiB; below 64 MiB
 * twice, and its stream), and at most 220 MiB of tables and windows, whatever the patch says.
 */
import { DamagedError } from '../../errors.ts';
import { CHUNK, RunningDigest, type Source } from '../../platform/files.ts';
import type { PatchHeader } from '../header.ts';
import { Inflater } from '../inflater.ts';
import { CHECKPOINT_INTERVAL, type Checkpoint, type Output } from '../output.ts';
import { LIGHT, LightBulk } from './light.ts';
import { BUFFER, BUFFER_DUE, BULK_DUE, DONE, MixingModule, WINDOW_FULL } from './module.ts';
import { HASH_SIZE, type HashedPart, PageHashes } from './page-hashes.ts';

/** 2^EXTRA_WINDOW bytes is the window of the stream `extra`, at most. */
export const EXTRA_WINDOW = 25;
const LOADED_AT_ONCE = 1 << 18;

/**
 * Writes the new file to `output`. Throws DamagedError if the streams, which are `body`, are malformed.
 *
 * @param checkOld called with the SHA-256 of the old file before the first byte is written, which it prevents by throwing
 */
export async function decodeMixing(
  header: PatchHeader,
  body: Source,
  old: Source,
  checkOld: ((sha256: string) => void) | null,
  output: Output,
  checkpoint: Checkpoint,
): Promise<void> {
  const [model, extra] = header.streams;
  const modelSize = model?.rawSize ?? 0;
  const frame = {
    size: body.size - modelSize,
    read: (at: number, into: Uint8Array) => body.read(modelSize + at, into),
  };
  const bulk = await openBulk(frame, extra?.rawSize ?? 0, checkpoint);
  try {
    const module = new MixingModule(false, header.fromSize, header.toSize);
    const digest = checkOld === null ? null : new RunningDigest();
    await load(module, old, digest, checkpoint);
    if (digest !== null) checkOld?.(digest.digest().sha256);
    await decodeModel(header, body, module, output, bulk);
    await bulk.end();
  } finally {
    bulk.close();
  }
}

async function decodeModel(
  header: PatchHeader,
  body: Source,
  module: MixingModule,
  output: Output,
  bulk: Inflater | LightBulk,
): Promise<void> {
  const modelSize = header.streams[0]?.rawSize ?? 0;
  const { exports } = module;
  if (bulk instanceof LightBulk) exports.careful();
  let hashes: PageHashes | undefined;
  let given = 0;
  let passed = 0;
  // The regions are known when the first byte is made.
  const digested = () => {
    hashes ??= new PageHashes(hashedParts(module));
    return hashes;
  };
  const passOn = async () => {
    const made = exports.made() >>> 0;
    for (; passed < made; passed = Math.min(made, passed + CHUNK)) {
      const chunk = module.bytes(exports.freshAt(passed), Math.min(CHUNK, made - passed));
      digested().update(chunk);
      await output.pass(chunk);
    }
  };
  for (;;) {
    const due = module.run(given === modelSize);
    if (due === null) throw malformed(exports.made() >>> 0);
    if (due === BUFFER_DUE) {
      const kept = exports.bufferFilled();
      const size = Math.min(BUFFER - kept, modelSize - given);
      body.read(given, module.bytes(exports.bufferAddress() + kept, size));
      exports.refill(kept + size);
      given += size;
    } else if (due === WINDOW_FULL) {
      await passOn();
      exports.slide();
    } else if (due === BULK_DUE) {
      const wanted = exports.bulkSize();
      const hashesFrom = exports.bulkHashes() >>> 0;
      if (hashesFrom > 0) {
        await passOn();
        module.bytes(exports.freshAt(passed), wanted).set(digested().bytes(hashesFrom - 1, wanted));
        exports.bulkPlaced();
        continue;
      }
      if (bulk.left < wanted) throw new DamagedError(`${bulk.name} ends too early`);
      await copyBulk(bulk, module, wanted);
      exports.bulkPlaced();
    } else if (due === DONE) {
      break;
    }
  }
  await passOn();
}

/** What is digested page by page. */
function hashedParts(module: MixingModule): HashedPart[] {
  const { exports } = module;
  return Array.from({ length: exports.regionCount(1) }, (_, index) => {
    const pageSize = exports.hashedPages(index);
    const [, size = 0, end = 0] = module.words(exports.regionAt(1, index), 4);
    const pages = pageSize === 0 ? 0 : Math.ceil(end / pageSize) - size / HASH_SIZE;
    return { start: pages * pageSize, end, pageSize };
  }).filter(({ pageSize }) => pageSize > 0);
}

async function openBulk(stream: Source, size: number, checkpoint: Checkpoint): Promise<Inflater | LightBulk> {
  const name = 'the stream extra of the patch';
  const first = new Uint8Array(1);
  if (stream.size > 0) stream.read(0, first);
  if (first[0] === LIGHT) return await LightBulk.open(stream, size, name, checkpoint);
  return new Inflater(stream, size, EXTRA_WINDOW, name);
}

/** In pieces that are still in the processor's cache when they are digested. */
async function load(
  module: MixingModule,
  old: Source,
  digest: RunningDigest | null,
  checkpoint: Checkpoint,
): Promise<void> {
  const start = module.exports.oldFile() >>> 0;
  for (let at = 0; at < old.size; at += LOADED_AT_ONCE) {
    const piece = module.bytes(start + at, Math.min(LOADED_AT_ONCE, old.size - at));
    old.read(at, piece);
    digest?.update(piece);
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
