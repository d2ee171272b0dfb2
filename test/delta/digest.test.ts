/** Native SHA-256, which everything here leans on, held against @noble/hashes. */
import { expect, test } from 'bun:test';
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import fc from 'fast-check';
import { digestBytes } from '../../lib/platform/files.ts';
import { randomBytes } from './pairs.ts';

test('every size around the block boundaries', () => {
  const bytes = randomBytes(300, 1);
  for (let size = 0; size <= bytes.length; size++) {
    const part = bytes.subarray(0, size);
    expect(digestBytes(part)).toEqual({ sha256: bytesToHex(sha256(part)), size });
  }
});

test('the same bytes in pieces, however they are cut', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 10 }), (pieces) => {
      const hash = new Bun.CryptoHasher('sha256');
      for (const piece of pieces) hash.update(piece);
      expect(hash.digest('hex')).toBe(bytesToHex(sha256(Buffer.concat(pieces))));
    }),
  );
});
