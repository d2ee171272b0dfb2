/**
 * The new file of a patch as a Source, without writing it anywhere: any part of it can be read, from the old file and from what
 * the patch holds, which is kept in memory. The old file may be such a Source itself. What is read is not verified: whoever
 * reads all of it compares the digest.
 */
import { DamagedError } from '../../errors.ts';
import { digestSource, type Source, sliceSource } from '../../platform/files.ts';
import { BsdiffStreams } from '../bsdiff/streams.ts';
import { ByteWriter } from '../byte-writer.ts';
import { BSDIFF } from '../format.ts';
import { type PatchHeader, readPatchHeader } from '../header.ts';

/**
 * Only of a patch of `bsdiff`: the other algorithm can't begin in the middle. Throws DamagedError if the patch is damaged, or the
 * old file has another size than it was made for.
 */
export async function openPatched(
  patch: Source,
  old: Source,
): Promise<{ header: PatchHeader; source: Source }> {
  const header = readPatchHeader(patch);
  if (header.algorithm !== BSDIFF)
    throw new DamagedError(`a file can't be read through a patch made with "${header.algorithm}"`);
  const body = sliceSource(patch, header.headerSize, header.size);
  const found = await digestSource(body, () => undefined);
  if (found !== header.patchChecksum)
    throw new DamagedError(
      `the patch is damaged: the SHA-256 of its content is ${found}, wanted ${header.patchChecksum}`,
    );
  if (old.size !== header.fromSize)
    throw new DamagedError(
      `the patch was made from a file of ${header.fromSize} bytes, found one of ${old.size}`,
    );
  const pieces = new Pieces();
  const streams = new BsdiffStreams(header, body);
  try {
    await collect(streams, old, pieces);
  } finally {
    streams.close();
  }
  return { header, source: pieces.over(old, header.toSize) };
}

async function collect(streams: BsdiffStreams, old: Source, pieces: Pieces): Promise<void> {
  const { diff } = streams;
  for (let step = await streams.next(); step !== null; step = await streams.next()) {
    const { newAt, oldAt, diffLength, extraLength } = step;
    if (diffLength > 0) pieces.copy(newAt, oldAt);
    diff.begin();
    for (let at = 0; at < diffLength; ) {
      at += await diff.skip(diffLength - at);
      if (at === diffLength) break;
      const piece = new Uint8Array(Math.min(diff.changing, diffLength - at));
      old.read(oldAt + at, piece);
      await diff.addTo(piece);
      pieces.change(newAt + at, piece);
      at += piece.length;
    }
    for (let at = 0; at < extraLength; ) {
      const extra = await streams.fillExtra();
      const piece = extra.take(Math.min(extraLength - at, extra.available));
      pieces.place(newAt + diffLength + at, piece);
      at += piece.length;
    }
  }
  await streams.end();
}

/** Numbers in ascending order, each with another one. */
class Places {
  readonly starts: number[] = [];
  readonly values: number[] = [];

  add(start: number, value: number): void {
    this.starts.push(start);
    this.values.push(value);
  }

  /** The index of the last one that starts at or before `position`; -1 if there is none. */
  at(position: number): number {
    let low = 0;
    let high = this.starts.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.starts[middle] ?? 0) <= position) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }
}

class Pieces {
  /** Where each stretch of the new file comes from: a position in the old file, or ~ a position in `#held`. */
  readonly #stretches = new Places();
  /** Bytes that differ within stretches from the old file: a position in `#held`, where the next one follows. */
  readonly #changes = new Places();
  readonly #held = new ByteWriter();

  copy(newAt: number, oldAt: number): void {
    this.#stretches.add(newAt, oldAt);
  }

  place(newAt: number, bytes: Uint8Array): void {
    this.#stretches.add(newAt, ~this.#held.size);
    this.#held.append(bytes);
  }

  change(newAt: number, bytes: Uint8Array): void {
    this.#changes.add(newAt, this.#held.size);
    // The length of each is one byte in front of it.
    for (let at = 0; at < bytes.length; at += 255) {
      const part = bytes.subarray(at, at + 255);
      if (at > 0) this.#changes.add(newAt + at, this.#held.size);
      this.#held.byte(part.length);
      this.#held.append(part);
    }
  }

  over(old: Source, size: number): Source {
    const held = this.#held.bytes;
    return {
      size,
      read: (position, into) => {
        if (position < 0 || position + into.length > size)
          throw new DamagedError(`wanted ${into.length} bytes at ${position} of a file of ${size} bytes`);
        this.#fill(old, held, position, into);
      },
    };
  }

  #fill(old: Source, held: Uint8Array, position: number, into: Uint8Array): void {
    const end = position + into.length;
    const { starts, values } = this.#stretches;
    let index = this.#stretches.at(position);
    for (let at = position; at < end; index++) {
      const start = starts[index] ?? 0;
      const to = Math.min(end, starts[index + 1] ?? end);
      const piece = into.subarray(at - position, to - position);
      const from = values[index] ?? 0;
      if (from >= 0) old.read(from + at - start, piece);
      else piece.set(held.subarray(~from + at - start, ~from + to - start));
      at = to;
    }
    this.#change(held, position, into);
  }

  #change(held: Uint8Array, position: number, into: Uint8Array): void {
    const { starts, values } = this.#changes;
    const end = position + into.length;
    for (let index = Math.max(0, this.#changes.at(position)); index < starts.length; index++) {
      const start = starts[index] ?? 0;
      if (start >= end) return;
      const at = values[index] ?? 0;
      const skipped = Math.max(0, position - start);
      const length = Math.min(held[at] ?? 0, end - start) - skipped;
      if (length > 0)
        into.set(held.subarray(at + 1 + skipped, at + 1 + skipped + length), start + skipped - position);
    }
  }
}
