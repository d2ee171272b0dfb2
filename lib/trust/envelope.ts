/**
 * The signed envelope, DSSE 1.0 (https://github.com/secure-systems-lab/dsse, envelope.md):
 *
 *     {"payloadType":"...","payload":"<base64>","signatures":[{"keyid":"<hex>","sig":"<base64>"}, ...]}
 *
 * There is one way to write an envelope: these fields in this order, no white space, base64 of RFC 4648 section 4
 * with its padding and zero spare bits. Anything else is damaged, so two different files never mean the same.
 */
import { DamagedError, TrustError } from '../errors.ts';
import { array, hex, line, object, stringOf } from '../format/decoder.ts';
import { parseJson } from '../format/json.ts';
import type { PublicKey } from './key.ts';
import type { TrustedRoot } from './root.ts';
import { type SigningKey, verifySignature } from './signing.ts';

/** 2 MiB: a payload of 1 MiB in base64, and its signatures. */
export const MAX_ENVELOPE = 2 << 20;
const MAX_SIGNATURES = 32;

export interface Envelope {
  payloadType: string;
  payload: Uint8Array;
  signatures: { keyId: string; signature: Uint8Array }[];
}

export interface OpenedEnvelope {
  payload: Uint8Array;
  /** Ids of the trusted keys whose signatures verified. */
  signedBy: string[];
}

/** Signs `payload` with every key. The keys must be distinct. */
export function signEnvelope(payloadType: string, payload: Uint8Array, keys: SigningKey[]): Uint8Array {
  const message = preAuthEncoding(payloadType, payload);
  const signatures = keys.map((key) => ({ keyId: key.id, signature: key.sign(message) }));
  return encodeEnvelope({ payloadType, payload, signatures });
}

/**
 * The payload, if the threshold of the root's distinct `targets` keys signed it. Signatures by unknown keys are ignored (a
 * package may be signed for an older and a newer root at once), and a key counts once however often it signed. Throws
 * DamagedError if it is not an envelope, TrustError if it is of another type or too few keys signed it.
 */
export function openEnvelope(bytes: Uint8Array, payloadType: string, root: TrustedRoot): OpenedEnvelope {
  const envelope = decodeEnvelope(bytes);
  if (envelope.payloadType !== payloadType) {
    throw new TrustError(
      `not trusted: wanted a signed document of type ${payloadType}, found one of type ${envelope.payloadType}`,
    );
  }
  const { keys, threshold } = root.roles.targets;
  const signedBy = verifiedSigners(envelope, keys);
  if (signedBy.length < threshold) {
    throw new TrustError(
      `not trusted: wanted signatures by ${threshold} of the ${keys.length} targets keys of root version ` +
        `${root.version} (${list(keys.map(({ id }) => id))}), found ${signedBy.length} valid among ` +
        `those by ${list(envelope.signatures.map(({ keyId }) => keyId))}`,
      { advice: 'Do not install this. Download the package from where DGMO is published.' },
    );
  }
  return { payload: envelope.payload, signedBy };
}

function verifiedSigners(envelope: Envelope, keys: readonly PublicKey[]): string[] {
  const message = preAuthEncoding(envelope.payloadType, envelope.payload);
  return keys
    .filter((key) =>
      envelope.signatures.some(
        ({ keyId, signature }) => keyId === key.id && verifySignature(key, message, signature),
      ),
    )
    .map(({ id }) => id);
}

/** 12 digits are enough to tell keys apart, and leave the sentence readable. */
function list(keyIds: string[]): string {
  return keyIds.length === 0 ? 'nobody' : keyIds.map((id) => id.slice(0, 12)).join(', ');
}

const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;
const base64 = stringOf('base64', (value) => BASE64.test(value));
const document = object({
  payloadType: line(100),
  payload: base64,
  signatures: array(object({ keyid: hex(32), sig: base64 }), 0, MAX_SIGNATURES),
});

/** Reads an envelope without checking its signatures: for `openEnvelope` and `release inspect`. */
export function decodeEnvelope(bytes: Uint8Array): Envelope {
  const { payloadType, payload, signatures } = document(
    parseJson(bytes, 'envelope', MAX_ENVELOPE),
    'envelope',
  );
  const envelope: Envelope = {
    payloadType,
    payload: fromBase64(payload),
    signatures: signatures.map(({ keyid, sig }) => ({ keyId: keyid, signature: fromBase64(sig) })),
  };
  if (Buffer.compare(encodeEnvelope(envelope), bytes) !== 0) {
    throw new DamagedError('envelope: wanted its canonical form, found another');
  }
  return envelope;
}

function encodeEnvelope({ payloadType, payload, signatures }: Envelope): Uint8Array {
  const value = {
    payloadType,
    payload: toBase64(payload),
    signatures: signatures.map(({ keyId, signature }) => ({ keyid: keyId, sig: toBase64(signature) })),
  };
  return new TextEncoder().encode(JSON.stringify(value));
}

function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}

function fromBase64(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'base64'));
}

/**
 * What is signed, as DSSE defines it (protocol.md): "DSSEv1" SP length of type SP type SP length of payload SP payload,
 * lengths in bytes, decimal. So a signature for one type of document never fits another.
 */
export function preAuthEncoding(payloadType: string, payload: Uint8Array): Uint8Array {
  const typeLength = new TextEncoder().encode(payloadType).length;
  const head = new TextEncoder().encode(`DSSEv1 ${typeLength} ${payloadType} ${payload.length} `);
  const encoded = new Uint8Array(head.length + payload.length);
  encoded.set(head);
  encoded.set(payload, head.length);
  return encoded;
}
