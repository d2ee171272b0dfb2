/** Bytes that servers and tests agree upon without sending them to each other. */

/** 1 MiB unless said otherwise; the same for the same seed. */
export function content(seed: number, size = 1 << 20): Uint8Array {
  const words = new Uint32Array(Math.ceil(size / 4));
  let state = (seed * 2_654_435_761) >>> 0 || 1;
  for (let index = 0; index < words.length; index++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    words[index] = state >>> 0;
  }
  return new Uint8Array(words.buffer, 0, size);
}

/** What `large` serves: more than a process needs that holds little at a time. */
export const LARGE = 192 << 20;

export function sha256(bytes: Uint8Array): string {
  return new Bun.CryptoHasher('sha256').update(bytes).digest('hex');
}
