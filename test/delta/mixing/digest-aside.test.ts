/** What a thread of its own digests has the digest that it would have here; small files need no thread. */
import { expect, test } from 'bun:test';
import { DigestAside } from '../../../lib/delta/mixing/digest-aside.ts';
import { digestBytes } from '../../../lib/platform/files.ts';

test.each([0, 1, 1000, (1 << 26) + 1])('%d bytes', async (size) => {
  const bytes = new Uint8Array(new SharedArrayBuffer(size)).fill(7);
  bytes.set([1, 2, 3].slice(0, size), Math.max(0, size - 3));
  const digest = new DigestAside(bytes);
  for (let read = 0; read < size; read += 1 << 25) digest.read(Math.min(size, read + (1 << 25)));
  expect(await digest.sha256()).toBe(digestBytes(bytes).sha256);
  digest.close();
});
