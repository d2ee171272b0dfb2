/** Bytes of many kinds, by a seed. */
export class Random {
  private state: number;

  constructor(seed: number) {
    this.state = (seed | 0) + 0x9e3779b9;
  }

  /** A number below `limit`. */
  below(limit: number): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.state ^ (this.state >>> 15), this.state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  }

  /** Up to `most` bytes: pieces of samples, of noise of small and large alphabets, and of what came before, near and far. */
  input(samples: readonly Uint8Array[], most: number): Uint8Array {
    const bytes = new Uint8Array(1 + this.below(most));
    for (let at = 0; at < bytes.length; ) {
      const size = Math.min(bytes.length - at, 1 + this.below(2 ** (1 + this.below(15))));
      const kind = this.below(4);
      const sample = samples[this.below(samples.length)] ?? bytes;
      if (kind === 0) {
        const alphabet = 1 + this.below(2 ** this.below(9));
        for (let i = 0; i < size; i++) bytes[at + i] = Math.min(this.below(alphabet), this.below(alphabet));
        at += size;
      } else if (kind === 1) {
        const start = this.below(sample.length - 1);
        const piece = sample.subarray(start, start + size);
        bytes.set(piece, at);
        at += piece.length;
      } else {
        const distance = 1 + this.below(Math.max(1, Math.min(at, 2 ** this.below(17))));
        const length = kind === 2 ? Math.min(size, 300) : Math.min(size, 1 + this.below(6));
        for (let i = 0; i < length; i++) bytes[at + i] = bytes[at + i - distance] ?? 0;
        at += length;
      }
    }
    return bytes;
  }
}
