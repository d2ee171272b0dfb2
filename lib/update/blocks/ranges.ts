/** Which ranges of a file to ask for, to have all of its parts with few requests. Pure. */

/** A part of a file, with its own digest. */
export interface Part {
  /** Of its first byte in the file. */
  offset: number;
  /** Bytes, at least 1. */
  length: number;
  /** 64 lower-case hex digits. */
  sha256: string;
}

/** Both bounds are included, as in HTTP. */
export interface ByteRange {
  first: number;
  last: number;
}

/**
 * Bytes between two parts that are fetched as well, to save a request. A request costs about as much as they do: its
 * headers, and a connection with TLS.
 */
const MOST_BETWEEN = 1 << 15;

/** `parts` in the order of their offsets. */
export function planRanges(parts: readonly Pick<Part, 'offset' | 'length'>[]): ByteRange[] {
  const ranges: ByteRange[] = [];
  for (const { offset, length } of parts) {
    const end = offset + length - 1;
    const before = ranges.at(-1);
    if (before !== undefined && offset - before.last - 1 <= MOST_BETWEEN)
      before.last = Math.max(before.last, end);
    else ranges.push({ first: offset, last: end });
  }
  return ranges;
}
