/**
 * Applying a patch: one pass over the new file, which is digested and passed on as it is made. Memory is bounded: for
 * `bsdiff` by one chunk and a window for each stream, whatever the files; mixing/decode.ts says it for `mixing`. Every number
 * of the patch is checked against both files before it is used.
 */
import { DamagedError } from '../errors.ts';
import { copyAndDigest, type Digest, RunningDigest, type Source, sliceSource } from '../platform/files.ts';
import { BsdiffStreams } from './bsdiff/streams.ts';
import { unpacked } from './deflate/decode.ts';
import { MIXING } from './format.ts';
import { type PatchHeader, readPatchHeader } from './header.ts';
import { decodeMixing } from './mixing/decode.ts';
import { CHECKPOINT_INTERVAL, type Checkpoint, Output } from './output.ts';

/** What to do if a new file reads back otherwise than it was written. */
export const NOT_KEPT =
  'Nothing was changed. Another program has written to the new file, or the drive does not keep what it is given. Try again, and if this happens again, have the drive checked.';

export interface ApplyOptions {
  patch: Source;
  old: Source;
  /** Receives the new file piece by piece; a piece is valid until `write` returns. What it throws ends the work. */
  write: (chunk: Uint8Array) => void;
  checkpoint?: Checkpoint;
  /** What was written, as it reads back when all is. Without it, what is passed to `write` is digested. */
  readBack?: () => Promise<Digest>;
  /** Whether the old file's digest is checked before the first byte is written. Default true. */
  verifyOld?: boolean;
  /** Called in the end, for a patch of `mixing`, with the bytes that each part of what is modelled costs. */
  onCosts?: (costs: Record<string, number>) => void;
}

/**
 * Writes the new file and returns its digest, which is the header's `toChecksum`. Throws DamagedError if the old file is
 * not the one that the patch was made from, or the patch is damaged: then what was written must be discarded.
 */
export async function applyPatch(options: ApplyOptions): Promise<Digest> {
  const { patch, old, checkpoint = () => undefined, verifyOld = true } = options;
  const header = readPatchHeader(patch);
  const body = sliceSource(patch, header.headerSize, header.size);
  const found = await digestSource(body, checkpoint);
  if (found !== header.patchChecksum) {
    throw new DamagedError(
      `the patch is damaged: the SHA-256 of its content is ${found}, wanted ${header.patchChecksum}`,
    );
  }
  if (old.size !== header.fromSize)
    throw otherBinary(header, `${old.size} bytes`, `${header.fromSize} bytes`);
  const checkOld = (sha256: string) => {
    if (sha256 !== header.fromChecksum) throw otherBinary(header, `SHA-256 ${sha256}`, header.fromChecksum);
  };
  const verify = async () => {
    if (verifyOld) checkOld(await digestSource(old, checkpoint));
  };
  const { write, readBack } = options;
  const running = new RunningDigest();
  const digested = (chunk: Uint8Array) => {
    write(chunk);
    running.update(chunk);
  };
  const passOn = readBack === undefined ? digested : write;
  const output = new Output(passOn, checkpoint);
  if (header.unpackedSize !== undefined) {
    await verify();
    const inner = await unpacked(header, header.unpackedSize, body, old);
    const packed = new Output(passOn, checkpoint, inner.packing);
    await decodeMixing(inner.header, inner.body, inner.old, null, packed, checkpoint, options.onCosts);
    packed.end();
  } else if (header.algorithm === MIXING) {
    // It is read once, and digested as it is read.
    await decodeMixing(header, body, old, verifyOld ? checkOld : null, output, checkpoint, options.onCosts);
  } else {
    await verify();
    await decodeBsdiff(header, body, old, output);
  }
  const digest = readBack === undefined ? running.digest() : await readBack();
  if (digest.sha256 !== header.toChecksum) {
    throw new DamagedError(
      `${readBack === undefined ? 'the patch gave a file with' : 'what the patch gave reads back as'} SHA-256 ${digest.sha256}, wanted ${header.toChecksum} (version ${header.toVersion})`,
      readBack === undefined ? {} : { advice: NOT_KEPT },
    );
  }
  return digest;
}

async function decodeBsdiff(header: PatchHeader, body: Source, old: Source, output: Output): Promise<void> {
  const streams = new BsdiffStreams(header, body);
  try {
    await rebuild(streams, old, output);
  } finally {
    streams.close();
  }
}

function otherBinary(header: PatchHeader, found: string, wanted: string): DamagedError {
  return new DamagedError(
    `the old file is not the one this patch was made from (version ${header.fromVersion}): it has ${found}, wanted ${wanted}`,
  );
}

async function rebuild(streams: BsdiffStreams, old: Source, output: Output): Promise<void> {
  const { diff } = streams;
  for (let step = await streams.next(); step !== null; step = await streams.next()) {
    let { oldAt } = step;
    diff.begin();
    for (let left = step.diffLength; left > 0; ) {
      const piece = output.room(left);
      old.read(oldAt, piece);
      await diff.addTo(piece);
      left -= piece.length;
      oldAt += piece.length;
      if (output.full) await output.flush();
    }
    for (let left = step.extraLength; left > 0; ) {
      const extra = await streams.fillExtra();
      const piece = output.room(Math.min(left, extra.available));
      piece.set(extra.take(piece.length));
      left -= piece.length;
      if (output.full) await output.flush();
    }
  }
  await output.flush();
  await streams.end();
}

async function digestSource(source: Source, checkpoint: Checkpoint): Promise<string> {
  let next = 0;
  const { sha256 } = await copyAndDigest(source, {
    checkpoint(done) {
      if (done < next) return undefined;
      next = done + CHECKPOINT_INTERVAL;
      return checkpoint();
    },
  });
  return sha256;
}
