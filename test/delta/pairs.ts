/** Pairs of small files that are hard on a differ, each for its own reason. All from fixed seeds. */

export interface FilePair {
  name: string;
  old: Uint8Array;
  fresh: Uint8Array;
}

/** A stream of 32-bit numbers (Marsaglia's xorshift): small, seeded, good enough to fill files. */
export function randomNumbers(seed: number): () => number {
  let state = seed | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
}

export function randomBytes(size: number, seed: number): Uint8Array {
  const next = randomNumbers(seed);
  return Uint8Array.from({ length: size }, () => next() >>> 24);
}

/** What an executable looks like to a differ: stretches of code full of addresses, which move by `shift`. */
export function codeLike(size: number, seed: number, shift = 0): Uint8Array {
  const next = randomNumbers(seed);
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  for (let at = 0; at + 4 <= size; at += 4) {
    if (next() % 8 === 0) view.setUint32(at, (next() % 0x100000) + 0x400000 + shift, true);
    else view.setUint32(at, next() % 4096, true);
  }
  return bytes;
}

const join = (...parts: Uint8Array[]) => Uint8Array.from(Buffer.concat(parts));

export function adversarialPairs(): FilePair[] {
  const noise = randomBytes(50_000, 7);
  const code = codeLike(60_000, 3);
  const blocks = Array.from({ length: 40 }, (_, i) => noise.subarray(i * 1000, (i + 1) * 1000));
  const pairs: FilePair[] = [
    { name: 'both empty', old: new Uint8Array(0), fresh: new Uint8Array(0) },
    { name: 'out of nothing', old: new Uint8Array(0), fresh: noise },
    { name: 'one byte', old: Uint8Array.of(1), fresh: Uint8Array.of(255) },
    { name: 'one byte to odd size', old: Uint8Array.of(1), fresh: noise.subarray(0, 333) },
    { name: 'identical', old: noise, fresh: noise },
    { name: 'identical but the last byte', old: noise, fresh: join(noise.subarray(0, -1), Uint8Array.of(1)) },
    { name: 'all equal bytes', old: new Uint8Array(30_001).fill(7), fresh: new Uint8Array(29_999).fill(7) },
    {
      name: 'all equal, another byte',
      old: new Uint8Array(5000).fill(7),
      fresh: new Uint8Array(5001).fill(200),
    },
    { name: 'disjoint', old: noise.map((byte) => byte & 127), fresh: noise.map((byte) => byte | 128) },
    { name: 'every byte moved by one', old: noise, fresh: noise.map((byte) => byte + 1) },
    { name: 'every byte moved by 128', old: noise, fresh: noise.map((byte) => byte + 128) },
    { name: 'all 255 to all 0', old: new Uint8Array(3000).fill(255), fresh: new Uint8Array(3000) },
    { name: 'blocks reversed', old: join(...blocks), fresh: join(...blocks.toReversed()) },
    { name: 'bytes reversed', old: noise, fresh: noise.toReversed() },
    { name: 'doubled', old: noise, fresh: join(noise, noise) },
    {
      name: 'one byte inserted',
      old: noise,
      fresh: join(noise.subarray(0, 777), Uint8Array.of(0), noise.subarray(777)),
    },
    { name: 'a part cut out', old: noise, fresh: join(noise.subarray(0, 20_001), noise.subarray(31_007)) },
    { name: 'short period', old: noise.map((_, i) => i % 3), fresh: noise.map((_, i) => (i + (i >> 9)) % 3) },
    { name: 'addresses moved', old: code, fresh: codeLike(60_000, 3, 0x1234) },
    { name: 'addresses moved back', old: code, fresh: codeLike(60_000, 3, -0x321) },
    {
      name: 'addresses moved, code inserted',
      old: code,
      fresh: join(
        codeLike(60_000, 3, 0x40).subarray(0, 30_000),
        noise.subarray(0, 500),
        codeLike(60_000, 3, 0x80).subarray(30_000),
      ),
    },
    {
      name: 'changes every 31 bytes',
      old: noise,
      fresh: noise.map((byte, i) => (i % 31 === 0 ? byte ^ 1 : byte)),
    },
  ];
  return pairs.concat(
    pairs.map(({ name, old, fresh }) => ({ name: `${name}, swapped`, old: fresh, fresh: old })),
  );
}
