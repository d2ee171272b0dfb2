/** What the parts of the model share: both files, where in them they are, and what the last bytes were like. */

/** Classes of what is made, which contexts distinguish (`classOf` of regions.ts): this is machine code, and this is text. */
export const CODE: u32 = 1;
export const TEXT_CLASS: u32 = 2;

/** Bytes, at most, of the variables of an instance (variables.mjs). */
export const VARIABLES: usize = 4096;

// biome-ignore lint/complexity/noStaticOnlyClass: what is exported otherwise can't be assigned to where it is imported.
export class State {
  static old: usize = 0;
  static oldSize: u32 = 0;
  static newSize: u32 = 0;
  /** The base addresses of both images, two words each. */
  static bases: usize = 0;
  /** + a new place it is the address of its byte. */
  static fresh: usize = 0;

  /** What is made now: from there in the new file to there. */
  static start: u32 = 0;
  static end: u32 = 0;
  /** The present places in both files, and where the step and the region end. */
  static at: u32 = 0;
  static oldAt: u32 = 0;
  static stepEnd: u32 = 0;
  static kindEnd: u32 = 0;
  /** Of the region: its class; its kind, 0 outside of regions. */
  static kind: u32 = 0;
  static code: u32 = 0;
  /** Whether it is code in converted words. */
  static inWords: bool = false;
  /** Whether the step is fast; whether words and suspects are looked for. */
  static fast: bool = false;
  static attentive: bool = false;

  /** Byte by byte, or in blocks that are as predicted. */
  static wary: bool = true;
  /** Bytes in a row as they were; changed ones in a row. */
  static calm: u32 = 0;
  static misses: u32 = 0;
  /** Whether the last bytes were the aligned ones, a bit each. */
  static history: u32 = 0;
  /** Of the block: bytes left (-1: none). */
  static blockLeft: i32 = -1;
  static cleanBlocks: u32 = 0;
  /** 1 if the block begins behind a word or a suspect. */
  static resumed: u32 = 0;

  /** Of the match: 0 none. */
  static matched: u32 = 0;
  static matchedAt: u32 = 0;
  static matchedFresh: bool = false;
  /** Of the identifier that precedes the new place. */
  static wordHash: u32 = 0;
  /** The old place of the last that was wrong. */
  static lastMiss: u32 = 0;
  static indexedTo: u32 = 0;

  /** Where a word began that is becoming another one, 0 if none is; where known ones were denied. */
  static pendingAt: u32 = 0;
  static pendingOld: u32 = 0;
  static deniedAt: u32 = 0xffffffff;
  /** Where a word or a byte was last changed outside of code. */
  static changedAt: u32 = 0x80000000;
}

export function counter(table: usize, index: u32): usize {
  return table + ((<usize>index) << 2);
}
