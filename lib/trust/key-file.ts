/**
 * A private key in a file: JSON, the seed encrypted with AES-256-GCM under a key that scrypt (RFC 7914) derives from a
 * passphrase. Everything else in the file is authenticated with it, so a file whose role was changed can't be opened.
 */
import { createCipheriv, createDecipheriv } from 'node:crypto';
import { scrypt } from '@noble/hashes/scrypt.js';
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js';
import { DamagedError, TrustError } from '../errors.ts';
import { type Decoded, hex, integer, object, oneOf, stringOf } from '../format/decoder.ts';
import { parseJson } from '../format/json.ts';
import { ROLES, type RoleName } from './root.ts';
import { type SigningKey, signingKey } from './signing.ts';

export const KEY_FILE_TYPE = 'dgmo-private-key';

/** log2 of scrypt's N. 17 takes 128 MiB and about 0.7 s. Without the bounds a forged file could take hours. */
export const SCRYPT_COST = { default: 17, min: 10, max: 20 };
const SCRYPT_R = 8;
const SCRYPT_P = 1;
const SALT_SIZE = 16;
const NONCE_SIZE = 12;
const TAG_SIZE = 16;
const SEED_SIZE = 32;

const keyFile = object({
  _type: oneOf(KEY_FILE_TYPE),
  schema: oneOf(1),
  role: oneOf(...ROLES),
  keyid: hex(32),
  public: hex(32),
  kdf: object({
    name: oneOf('scrypt'),
    cost: integer(SCRYPT_COST.min, SCRYPT_COST.max),
    r: oneOf(SCRYPT_R),
    p: oneOf(SCRYPT_P),
    salt: hex(SALT_SIZE),
  }),
  cipher: object({
    name: oneOf('aes-256-gcm'),
    nonce: hex(NONCE_SIZE),
    sealed: stringOf(
      `${2 * (SEED_SIZE + TAG_SIZE)} lower-case hex digits`,
      (value) => /^[0-9a-f]*$/.test(value) && value.length === 2 * (SEED_SIZE + TAG_SIZE),
    ),
  }),
});

/** The unencrypted part of the file, and the encrypted seed. */
export type KeyFile = Decoded<typeof keyFile>;

export interface SealOptions {
  role: RoleName;
  passphrase: string;
  /** Source of randomness, for salt and nonce. */
  random: (count: number) => Uint8Array;
  /** log2 of scrypt's N, from SCRYPT_COST.min to max. */
  cost?: number;
}

/** The content of a key file. */
export function sealKey(key: SigningKey, options: SealOptions): Uint8Array {
  const head: Omit<KeyFile, 'cipher'> = {
    _type: KEY_FILE_TYPE,
    schema: 1,
    role: options.role,
    keyid: key.id,
    public: bytesToHex(key.bytes),
    kdf: {
      name: 'scrypt',
      cost: options.cost ?? SCRYPT_COST.default,
      r: SCRYPT_R,
      p: SCRYPT_P,
      salt: bytesToHex(options.random(SALT_SIZE)),
    },
  };
  const nonce = options.random(NONCE_SIZE);
  const cipher = createCipheriv('aes-256-gcm', wrappingKey(head, options.passphrase), nonce);
  cipher.setAAD(associatedData(head));
  const sealed = Buffer.concat([cipher.update(key.seed), cipher.final(), cipher.getAuthTag()]);
  const file: KeyFile = {
    ...head,
    cipher: { name: 'aes-256-gcm', nonce: bytesToHex(nonce), sealed: sealed.toString('hex') },
  };
  const bytes = new TextEncoder().encode(`${JSON.stringify(file, null, 2)}\n`);
  decodeKeyFile(bytes);
  return bytes;
}

/** Reads a key file without its passphrase. Throws DamagedError if it is malformed. */
export function decodeKeyFile(bytes: Uint8Array): KeyFile {
  return keyFile(parseJson(bytes, 'key file', 64 * 1024), 'key file');
}

/** Throws DamagedError if the file is malformed, TrustError if the passphrase is wrong or the file was changed. */
export function openKey(bytes: Uint8Array, passphrase: string): SigningKey {
  const { cipher, ...head } = decodeKeyFile(bytes);
  const key = signingKey(unseal(head, cipher, passphrase));
  if (key.id !== head.keyid || bytesToHex(key.bytes) !== head.public) {
    throw new DamagedError(`key file: wanted the key ${head.keyid}, found ${key.id} inside`);
  }
  return key;
}

function unseal(head: Omit<KeyFile, 'cipher'>, cipher: KeyFile['cipher'], passphrase: string): Uint8Array {
  const sealed = hexToBytes(cipher.sealed);
  const decipher = createDecipheriv('aes-256-gcm', wrappingKey(head, passphrase), hexToBytes(cipher.nonce), {
    authTagLength: TAG_SIZE,
  });
  decipher.setAAD(associatedData(head));
  decipher.setAuthTag(sealed.subarray(SEED_SIZE));
  try {
    return new Uint8Array(Buffer.concat([decipher.update(sealed.subarray(0, SEED_SIZE)), decipher.final()]));
  } catch (cause) {
    throw new TrustError(
      `the ${head.role} key ${head.keyid.slice(0, 12)} can't be opened: wanted its passphrase, found another`,
      {
        advice: 'Give the one that the keys were made with, or were given last by `release keys passwd`.',
        cause,
      },
    );
  }
}

/** NFKC: the same passphrase typed on two systems may differ in how letters are composed. */
function wrappingKey({ kdf }: Pick<KeyFile, 'kdf'>, passphrase: string): Uint8Array {
  return scrypt(passphrase.normalize('NFKC'), hexToBytes(kdf.salt), {
    N: 2 ** kdf.cost,
    r: kdf.r,
    p: kdf.p,
    dkLen: 32,
    maxmem: 2 ** SCRYPT_COST.max * 128 * SCRYPT_R + 2 ** 20,
  });
}

function associatedData({ role, keyid, public: publicHex, kdf }: Omit<KeyFile, 'cipher'>): Uint8Array {
  return new TextEncoder().encode(
    JSON.stringify([KEY_FILE_TYPE, 1, role, keyid, publicHex, kdf.name, kdf.cost, kdf.r, kdf.p, kdf.salt]),
  );
}
