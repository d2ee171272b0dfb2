/** The files that travel to the machine with the keys and back: the exact bytes to sign, and the signatures. */
import { bytesToHex } from '@noble/hashes/utils.js';
import { array, type Decoded, hex, line, object, oneOf, stringOf } from '../../../lib/format/decoder.ts';
import { parseJson } from '../../../lib/format/json.ts';
import { digestBytes } from '../../../lib/platform/files.ts';
import type { RoleName, SigningKey } from '../../../lib/trust/index.ts';
import { ROLES } from '../../../lib/trust/index.ts';

const MAX_FILE = 64 << 20;
const MAX_ENTRIES = 100_000;

export interface WantedSignature {
  role: RoleName;
  keyid: string;
  /** May contain placeholders of earlier messages, in hex. */
  message: Uint8Array;
}

const request = object({
  _type: oneOf('dgmo-sign-request'),
  schema: oneOf(1),
  title: line(4000),
  wanted: array(
    object({
      role: oneOf(...ROLES),
      keyid: hex(32),
      message: stringOf('base64', (value) => /^[A-Za-z0-9+/]*={0,2}$/.test(value)),
    }),
    1,
    MAX_ENTRIES,
  ),
});

const answer = object({
  _type: oneOf('dgmo-signatures'),
  schema: oneOf(1),
  signatures: array(object({ keyid: hex(32), message: hex(32), signature: hex(64) }), 0, MAX_ENTRIES),
});

/** `message`: SHA-256 of what was signed. */
export type SignatureEntry = Decoded<typeof answer>['signatures'][number];

/** 64 bytes that take the place of the signature until it is known. */
export function placeholderOf(keyid: string, message: Uint8Array): Uint8Array {
  const hash = new Bun.CryptoHasher('sha512').update('dgmo placeholder').update(keyid).update(message);
  return new Uint8Array(hash.digest());
}

export function encodeRequest(title: string, wanted: readonly WantedSignature[]): Uint8Array {
  const value: Decoded<typeof request> = {
    _type: 'dgmo-sign-request',
    schema: 1,
    title,
    wanted: wanted.map(({ role, keyid, message }) => ({
      role,
      keyid,
      message: Buffer.from(message).toString('base64'),
    })),
  };
  return json(request(value, 'request'));
}

export function decodeRequest(bytes: Uint8Array): { title: string; wanted: WantedSignature[] } {
  const { title, wanted } = request(parseJson(bytes, 'request', MAX_FILE), 'request');
  return {
    title,
    wanted: wanted.map(({ role, keyid, message }) => ({
      role,
      keyid,
      message: new Uint8Array(Buffer.from(message, 'base64')),
    })),
  };
}

export function decodeSignatures(bytes: Uint8Array): SignatureEntry[] {
  return answer(parseJson(bytes, 'signatures', MAX_FILE), 'signatures').signatures;
}

export function encodeSignatures(signatures: SignatureEntry[]): Uint8Array {
  return json(answer({ _type: 'dgmo-signatures', schema: 1, signatures }, 'signatures'));
}

function json(value: unknown): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify(value, null, 1)}\n`);
}

export interface SignedEntry {
  entry: SignatureEntry;
  wanted: WantedSignature;
  /** What was signed: the message with the signatures in place of the placeholders. */
  message: Uint8Array;
}

/**
 * Signs the messages that these keys are asked for, in order, and skips the others. `look` is called with each message
 * before it is signed; if it throws, nothing more is signed.
 */
export function signRequest(
  wanted: readonly WantedSignature[],
  find: (id: string) => SigningKey | null,
  look: (wanted: WantedSignature, message: Uint8Array) => void,
): SignedEntry[] {
  const made = new Map<string, string>();
  const signed: SignedEntry[] = [];
  for (const each of wanted) {
    const key = find(each.keyid);
    if (key === null) continue;
    const message = filledIn(each.message, made);
    look(each, message);
    const signature = bytesToHex(key.sign(message));
    made.set(bytesToHex(placeholderOf(each.keyid, each.message)), signature);
    const { sha256 } = digestBytes(message);
    signed.push({ entry: { keyid: each.keyid, message: sha256, signature }, wanted: each, message });
  }
  return signed;
}

/** In messages, placeholders are hex digits, as signatures are. */
function filledIn(message: Uint8Array, made: ReadonlyMap<string, string>): Uint8Array {
  const filled = Buffer.from(message);
  for (const [placeholder, signature] of made) {
    for (let at = filled.indexOf(placeholder); at >= 0; at = filled.indexOf(placeholder, at + 1)) {
      filled.write(signature, at, 'latin1');
    }
  }
  return new Uint8Array(filled);
}
