/** From alignments to the ten streams of a patch (FORMAT.md). */
import { ByteWriter } from '../byte-writer.ts';
import { BSDIFF_STREAMS } from '../format.ts';
import type { Alignment, Matcher } from '../matcher.ts';

export type BsdiffStream = (typeof BSDIFF_STREAMS)[number]['name'];

class Encoder {
  readonly #old: Uint8Array;
  readonly #fresh: Uint8Array;
  readonly #equal: (oldAt: number, newAt: number, limit: number) => number;
  readonly #streams = Object.fromEntries(
    BSDIFF_STREAMS.map(({ name }) => [name, new ByteWriter()]),
  ) as Record<BsdiffStream, ByteWriter>;
  #oldAt = 0;
  #newAt = 0;
  /** Zero bytes of the diff since the last one that was not zero. */
  #zeros = 0;
  readonly #run: number[] = [];

  /** `equal` returns how many bytes are equal from two positions on. */
  constructor(
    old: Uint8Array,
    fresh: Uint8Array,
    equal: (oldAt: number, newAt: number, limit: number) => number,
  ) {
    this.#old = old;
    this.#fresh = fresh;
    this.#equal = equal;
  }

  /** The next `diffLength` new bytes as a difference to those from `oldStart` on, then `extraLength` as they are. Not both may be 0. */
  add(oldStart: number, diffLength: number, extraLength: number): void {
    this.#streams.seeks.zigzag(oldStart - this.#oldAt);
    this.#streams.diffLengths.varint(diffLength);
    this.#streams.extraLengths.varint(extraLength);
    this.#diff(oldStart, diffLength);
    this.#oldAt = oldStart + diffLength;
    this.#newAt += diffLength;
    this.#streams.extra.append(this.#fresh.subarray(this.#newAt, this.#newAt + extraLength));
    this.#newAt += extraLength;
  }

  /** The raw streams by name. Nothing can be added afterwards. */
  finish(): Record<BsdiffStream, Uint8Array> {
    this.#endRun();
    return Object.fromEntries(BSDIFF_STREAMS.map(({ name }) => [name, this.#streams[name].bytes])) as Record<
      BsdiffStream,
      Uint8Array
    >;
  }

  #diff(oldStart: number, length: number): void {
    let carry = 0;
    for (let i = 0; i < length; i++) {
      if (carry === 0) {
        const same = this.#equal(oldStart + i, this.#newAt + i, length - i);
        if (same > 0) {
          this.#endRun();
          this.#zeros += same;
          i += same;
          if (i >= length) break;
        }
      }
      const from = this.#old[oldStart + i] ?? 0;
      const digit = (((this.#fresh[this.#newAt + i] ?? 0) - from - carry) << 24) >> 24;
      carry = (from + digit + carry) >> 8;
      if (digit === 0) {
        this.#endRun();
        this.#zeros++;
      } else {
        this.#run.push(digit & 255);
      }
    }
  }

  #endRun(): void {
    const run = this.#run;
    if (run.length === 0) return;
    this.#streams.skips.varint(this.#zeros);
    this.#streams.runs.varint(run.length);
    const values = this.#streams[`values${Math.min(run.length, 4) as 1 | 2 | 3 | 4}`];
    for (const digit of run) values.byte(digit);
    this.#zeros = 0;
    run.length = 0;
  }
}

/**
 * Extends the seeds towards each other as far as that pays, and encodes what follows from them. The last seed is the end of the
 * new file, of length 0.
 */
export function encodeSeeds(
  matcher: Matcher,
  seeds: readonly Alignment[],
): { alignments: Alignment[]; raw: Record<BsdiffStream, Uint8Array> } {
  const files = matcher.files;
  const encoder = new Encoder(files.old, files.fresh, (oldAt, newAt, limit) =>
    matcher.equal(oldAt, newAt, limit),
  );
  const alignments: Alignment[] = [];
  // The first alignment is the common beginning of both files, which may be empty.
  let left: Alignment = { newStart: 0, oldStart: 0, length: 0 };
  for (const right of seeds) {
    const { up, down } = matcher.extend(left, right);
    const length = left.length + up;
    const extraLength = right.newStart - down - (left.newStart + length);
    if (length + extraLength > 0) encoder.add(left.oldStart, length, extraLength);
    if (length > 0) alignments.push({ ...left, length });
    left = {
      newStart: right.newStart - down,
      oldStart: right.oldStart - down,
      length: right.length + down,
    };
  }
  return { alignments, raw: encoder.finish() };
}
