import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { DamagedError, TrustError } from '../../lib/errors.ts';
import { decodeKeyFile, openKey, SCRYPT_COST, sealKey } from '../../lib/trust/index.ts';
import { testKey } from './keys.ts';

const key = testKey(5);
let next = 0;
const random = (count: number) => new Uint8Array(count).fill(++next);
const seal = (passphrase: string) =>
  sealKey(key, { role: 'targets', passphrase, random, cost: SCRYPT_COST.min });
const sealed = seal('correct horse');

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const bytes = (value: string) => new TextEncoder().encode(value);

describe('a key file', () => {
  test('gives the key back to its passphrase', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), (passphrase) => {
        expect(openKey(seal(passphrase), passphrase).seed).toEqual(key.seed);
      }),
      { numRuns: 10 },
    );
  });

  test('opens however the passphrase is composed', () => {
    expect(openKey(seal('Gr\u00fc\u00dfe'), 'Gru\u0308\u00dfe').id).toBe(key.id);
  });

  test('stays shut for another passphrase', () => {
    expect(() => openKey(sealed, 'correct horsf')).toThrow(TrustError);
    expect(() => openKey(sealed, '')).toThrow('wanted its passphrase, found another');
  });

  test('that holds another key than it says is damaged, whoever sealed it', () => {
    const other = testKey(6);
    const options = { role: 'targets', passphrase: 'word', random, cost: SCRYPT_COST.min } as const;
    for (const liar of [
      { ...key, id: other.id },
      { ...key, bytes: other.bytes },
    ])
      expect(() => openKey(sealKey(liar, options), 'word')).toThrow(DamagedError);
  });

  test('shows whose it is, and nothing of the seed', () => {
    expect(decodeKeyFile(sealed)).toMatchObject({ role: 'targets', keyid: key.id });
    expect(text(sealed)).not.toContain(Buffer.from(key.seed).toString('hex'));
    expect(text(seal('x'))).not.toBe(text(seal('x')));
  });

  const replaced: [what: string, from: RegExp, to: string][] = [
    ['role', /"targets"/, '"root"'],
    ['public key', /"public": "../, '"public": "00'],
    ['key id', /"keyid": "../, '"keyid": "00'],
    ['salt', /"salt": "../, '"salt": "ff'],
    ['nonce', /"nonce": "../, '"nonce": "ff'],
    ['cost', /"cost": 10/, '"cost": 11'],
    ['sealed seed', /"sealed": "../, '"sealed": "00'],
    ['tag', /..",?(\s*\}\s*\}\s*)$/, '00"$1'],
  ];
  for (const [what, from, to] of replaced) {
    test(`stays shut when its ${what} was changed`, () => {
      const changed = text(sealed).replace(from, to);
      expect(changed).not.toBe(text(sealed));
      expect(() => openKey(bytes(changed), 'correct horse')).toThrow(TrustError);
    });
  }

  const malformed: [from: RegExp, to: string, message: string][] = [
    [/"dgmo-private-key"/, '"x"', 'key file._type: wanted "dgmo-private-key", found "x"'],
    [/"schema": 1/, '"schema": 2', 'key file.schema: wanted 1, found 2'],
    [/"cost": 10/, '"cost": 40', 'key file.kdf.cost: wanted a whole number from 10 to 20, found 40'],
    [/"r": 8/, '"r": 800', 'key file.kdf.r: wanted 8, found 800'],
    [
      /"targets"/,
      '"admin"',
      'key file.role: wanted "root" or "targets" or "snapshot" or "timestamp", found "admin"',
    ],
    [/"sealed": "../, '"sealed": "', 'key file.cipher.sealed: wanted 96 lower-case hex digits, found'],
  ];
  for (const [from, to, message] of malformed) {
    test(`is damaged with ${to}`, () => {
      expect(() => openKey(bytes(text(sealed).replace(from, to)), 'correct horse')).toThrow(message);
      expect(() => openKey(bytes(text(sealed).replace(from, to)), 'correct horse')).toThrow(DamagedError);
    });
  }
});
