/**
 * The frames of an older framed binary, by what is in them: what a new binary has in common with it, at whatever place, need not
 * be compressed again. Half of opencode 1.18.34 is in 1.18.33 as well, 360 of its 709 groups of 256 KiB: the runtime.
 */
import { digestBytes, type Source } from '../../platform/files.ts';
import type { Frame } from './frame-index.ts';

/** A frame, and how many bytes come out of it. */
export interface MadeFrame {
  frame: Uint8Array;
  rawSize: number;
}

export class OlderFrames {
  readonly #source: Source;
  readonly #byContent: ReadonlyMap<string, readonly Frame[]>;

  /** @param groups what is in each group, and its frames; `source` has to stay open */
  constructor(source: Source, groups: ReadonlyMap<string, readonly Frame[]>) {
    this.#source = source;
    this.#byContent = groups;
  }

  has(raw: Uint8Array): boolean {
    return this.#byContent.has(contentOf(raw));
  }

  /** The frames that make exactly these bytes; null if there are none. */
  of(raw: Uint8Array): MadeFrame[] | null {
    const frames = this.#byContent.get(contentOf(raw));
    if (frames === undefined) return null;
    return frames.map(({ offset, length, rawSize }) => {
      const frame = new Uint8Array(length);
      this.#source.read(offset, frame);
      return { frame, rawSize };
    });
  }
}

/** What a group of frames is found by. */
export function contentOf(raw: Uint8Array): string {
  return digestBytes(raw).sha256;
}
