/**
 * A JSON document that carries its own digest, so that damage is found before anything in it is believed:
 *
 *     { "<field>": <value>, "digest": "<SHA-256 of JSON.stringify(value), in hex>" }
 *
 * The digest covers the value, not the white space around it. It finds damage, not forgery. Used for the receipt of an
 * install and for the documents of snapshots.
 */
import { DamagedError, errorMessage } from '../errors.ts';
import { hex, object, unwanted } from './decoder.ts';
import { parseJson } from './json.ts';

/** @param indent spaces for each level */
export function encodeSealed(field: string, value: unknown, indent: number): Uint8Array {
  return encoder.encode(`${JSON.stringify({ [field]: value, digest: digestOf(value) }, null, indent)}\n`);
}

/**
 * The value, whose shape is for the caller to check.
 *
 * @param limit bytes of the whole document
 * @param damaged makes the error from a sentence that says what is wrong
 */
export function decodeSealed(
  bytes: Uint8Array,
  field: string,
  limit: number,
  damaged: (what: string) => DamagedError,
): unknown {
  const { value, digest } = open(bytes, field, limit, damaged);
  const found = digestOf(value);
  if (found === digest) return value;
  throw damaged(`the SHA-256 of its content is ${found}, but it says ${digest}`);
}

function open(
  bytes: Uint8Array,
  field: string,
  limit: number,
  damaged: (what: string) => DamagedError,
): { value: unknown; digest: string } {
  try {
    const decode = object({ [field]: present, digest: hex(32) });
    const { [field]: value, digest } = decode(parseJson(bytes, 'its content', limit), 'its content');
    return { value, digest: String(digest) };
  } catch (error) {
    if (error instanceof DamagedError) throw damaged(errorMessage(error));
    throw error;
  }
}

function present(value: unknown, path: string): unknown {
  if (value === undefined) throw unwanted(path, 'a value', value);
  return value;
}

const encoder = new TextEncoder();

function digestOf(value: unknown): string {
  return new Bun.CryptoHasher('sha256').update(encoder.encode(JSON.stringify(value))).digest('hex');
}
