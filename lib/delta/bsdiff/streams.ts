/** The streams of a patch of `bsdiff` as they are read: step by step, every number checked against both files before it is used. */
import { DamagedError } from '../../errors.ts';
import { type Source, sliceSource } from '../../platform/files.ts';
import { BSDIFF_STREAMS, type StreamName } from '../format.ts';
import type { PatchHeader } from '../header.ts';
import { Inflater, VARINT_LIMIT } from '../inflater.ts';
import { SparseDiff } from './sparse-diff.ts';

/** `diffLength` bytes of the new file from `newAt` on are those of the old file from `oldAt` on plus the diff; then new bytes follow. */
export interface Step {
  newAt: number;
  oldAt: number;
  diffLength: number;
  extraLength: number;
}

export class BsdiffStreams {
  readonly diff: SparseDiff;
  readonly #header: PatchHeader;
  readonly #streams = new Map<StreamName, Inflater>();
  readonly #control: readonly [Inflater, Inflater, Inflater];
  readonly #extra: Inflater;
  #newAt = 0;
  #oldAt = 0;

  /** `body` is everything after the header. Throws DamagedError if a stream is malformed. */
  constructor(header: PatchHeader, body: Source) {
    this.#header = header;
    try {
      this.#open(body);
    } catch (error) {
      this.close();
      throw error;
    }
    const stream = (name: StreamName) => this.#streams.get(name) as Inflater;
    this.#control = [stream('diffLengths'), stream('extraLengths'), stream('seeks')];
    this.#extra = stream('extra');
    const values = [stream('values1'), stream('values2'), stream('values3'), stream('values4')];
    this.diff = new SparseDiff(stream('skips'), stream('runs'), values, header.toSize);
  }

  #open(body: Source): void {
    let at = 0;
    for (const [index, { name, windowLog }] of BSDIFF_STREAMS.entries()) {
      const { rawSize = 0, compressedSize = 0 } = this.#header.streams[index] ?? {};
      const frame = sliceSource(body, at, compressedSize);
      this.#streams.set(name, new Inflater(frame, rawSize, windowLog, `the stream ${name} of the patch`));
      at += compressedSize;
    }
  }

  /** The next step; null once all of the new file is made. Throws DamagedError if it is malformed. */
  async next(): Promise<Step | null> {
    const { toSize, fromSize } = this.#header;
    const newAt = this.#newAt;
    if (newAt >= toSize) return null;
    for (const control of this.#control) {
      if (!control.has(VARINT_LIMIT)) await control.fill(VARINT_LIMIT);
    }
    const [diffLengths, extraLengths, seeks] = this.#control;
    const diffLength = diffLengths.varint();
    const extraLength = extraLengths.varint();
    const oldAt = this.#oldAt + seeks.zigzag();
    const end = newAt + diffLength + extraLength;
    if (end === newAt || end > toSize) {
      throw new DamagedError(
        `the patch is malformed: at byte ${newAt} it makes ${end - newAt} more of a file of ${toSize} bytes`,
      );
    }
    if (oldAt < 0 || oldAt + diffLength > fromSize) {
      throw new DamagedError(
        `the patch is malformed: at byte ${newAt} it reads ${diffLength} bytes at ${oldAt} of a file of ${fromSize} bytes`,
      );
    }
    this.#newAt = end;
    this.#oldAt = oldAt + diffLength;
    return { newAt, oldAt, diffLength, extraLength };
  }

  /** Waits until new bytes that follow a step can be taken, at least one. Throws DamagedError if there are none. */
  async fillExtra(): Promise<Inflater> {
    const extra = this.#extra;
    if (extra.left === 0) throw new DamagedError(`${extra.name} ends too early`);
    if (!extra.has(1)) await extra.fill(1);
    return extra;
  }

  /** Throws DamagedError if anything is left once the new file is made. */
  async end(): Promise<void> {
    this.diff.end();
    for (const each of this.#streams.values()) await each.end();
  }

  /** Releases the decoders in any state. */
  close(): void {
    for (const stream of this.#streams.values()) stream.close();
  }
}
