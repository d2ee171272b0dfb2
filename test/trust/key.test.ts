import { describe, expect, test } from 'bun:test';
import { createHash, createPublicKey, verify } from 'node:crypto';
import { ed25519 } from '@noble/curves/ed25519.js';
import { Key } from '@tufjs/models';
import fc from 'fast-check';
import { publicKey, signingKey, verifySignature } from '../../lib/trust/index.ts';
import { testKey } from './keys.ts';

const hex = (text: string) => new Uint8Array(Buffer.from(text, 'hex'));

/** RFC 8032 section 7.1, TEST 1 and TEST 3. */
const RFC8032 = [
  {
    seed: '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60',
    public: 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
    message: '',
    signature:
      'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
  },
  {
    seed: 'c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7',
    public: 'fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025',
    message: 'af82',
    signature:
      '6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a',
  },
];

describe('Ed25519 keys', () => {
  for (const [index, vector] of RFC8032.entries()) {
    test(`sign and verify as RFC 8032 has it (${index + 1})`, () => {
      const key = signingKey(hex(vector.seed));
      expect(Buffer.from(key.bytes).toString('hex')).toBe(vector.public);
      expect(Buffer.from(key.sign(hex(vector.message))).toString('hex')).toBe(vector.signature);
      expect(verifySignature(key, hex(vector.message), hex(vector.signature))).toBe(true);
    });
  }

  test('make signatures that another implementation verifies', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), fc.uint8Array(), (seed, message) => {
        const key = signingKey(seed);
        const der = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), key.bytes]);
        const other = createPublicKey({ key: der, format: 'der', type: 'spki' });
        expect(verify(null, message, other, key.sign(message))).toBe(true);
      }),
      { numRuns: 20 },
    );
  });

  test('have the id that TUF gives them', () => {
    const key = testKey(7);
    const bytes = Buffer.from(key.bytes).toString('hex');
    const tuf = new Key({ keyID: '', keyType: 'ed25519', scheme: 'ed25519', keyVal: { public: bytes } });
    const canonical = JSON.stringify(sorted(tuf.toJSON()));
    expect(key.id).toBe(createHash('sha256').update(canonical).digest('hex'));
  });

  test('do not verify what was changed, cut or signed by another', () => {
    const key = testKey(1);
    const message = new TextEncoder().encode('release');
    const signature = key.sign(message);
    for (let bit = 0; bit < 512; bit += 1) {
      const flipped = signature.slice();
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(verifySignature(key, message, flipped)).toBe(false);
    }
    expect(verifySignature(key, message, signature.subarray(0, 63))).toBe(false);
    expect(verifySignature(key, message, new Uint8Array(65))).toBe(false);
    expect(verifySignature(testKey(2), message, signature)).toBe(false);
  });

  test('refuse the second form of a signature: S + L', () => {
    const key = testKey(1);
    const message = new TextEncoder().encode('release');
    const signature = key.sign(message);
    const order = ed25519.Point.Fn.ORDER;
    const s = BigInt(`0x${Buffer.from(signature.subarray(32).toReversed()).toString('hex')}`) + order;
    const malleated = signature.slice();
    malleated.set(Buffer.from(s.toString(16).padStart(64, '0'), 'hex').reverse(), 32);
    expect(verifySignature(key, message, malleated)).toBe(false);
  });

  test('of small order verify nothing, though ZIP 215 would accept any message under them', () => {
    const identity = new Uint8Array(32);
    identity[0] = 1;
    const signature = new Uint8Array(64);
    signature[0] = 1;
    const message = new TextEncoder().encode('anything');
    expect(ed25519.verify(signature, message, identity, { zip215: true })).toBe(true);
    expect(verifySignature(publicKey(identity), message, signature)).toBe(false);
  });
});

function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, inner]) => [name, sorted(inner)]),
  );
}
