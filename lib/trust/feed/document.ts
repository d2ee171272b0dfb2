/**
 * One metadata file as bytes and JSON, before anybody's signature on it was checked: what holds for all four kinds
 * (spec 4.2.1 and 4.3 to 4.6). `@tufjs/models` takes any number for a version and any string for a specification
 * version that looks like numbers; here both are what the specification says.
 */
import { DamagedError, NetworkError, TrustError } from '../../errors.ts';
import { integer, stringOf } from '../../format/decoder.ts';
import { parseJson } from '../../format/json.ts';
import { printable } from '../../format/printable.ts';
import { type FeedRole, MAX_BYTES, MAX_ENTRIES } from './limits.ts';

export interface Document {
  /** The file's name as it is told to people, e.g. `snapshot.json`. */
  file: string;
  bytes: Buffer;
  json: Record<string, unknown>;
  signed: Record<string, unknown>;
  version: number;
  /** As written, e.g. 2030-01-31T00:00:00Z. */
  expires: string;
}

const version = integer(1, Number.MAX_SAFE_INTEGER);
const length = integer(0, Number.MAX_SAFE_INTEGER, 'bytes');
/** Spec 4.2.1: another major version can't be understood. Old repositories write two numbers. */
const specVersion = stringOf('version 1.x of the specification', (value) =>
  /^1\.\d{1,6}(\.\d{1,6})?$/.test(value),
);
/** Spec 4.2.1: ISO 8601, UTC, whole seconds. */
const expires = stringOf(
  'a time such as 2030-01-31T00:00:00Z',
  (value) => /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(value) && !Number.isNaN(Date.parse(value)),
);
/** Spec 4.2.1: hexadecimal, under the name of its algorithm. */
const digest = stringOf('lower-case hex digits', (value) => /^([0-9a-f]{2}){16,64}$/.test(value));

/** DamagedError where the bytes are no metadata of this kind; `file` names them in messages. */
export function readDocument(bytes: Uint8Array, role: FeedRole, file: string): Document {
  const json = record(parseJson(bytes, file, MAX_BYTES[role]), file);
  const signed = record(json.signed, `${file}: signed`);
  // Spec 4.2.1: a signature for one kind of metadata is none for another.
  if (signed._type !== role) {
    throw new DamagedError(`${file}: wanted metadata of type ${role}, found another type`);
  }
  specVersion(signed.spec_version, `${file}: signed.spec_version`);
  boundEntries(json, signed, file);
  if (role === 'timestamp' || role === 'snapshot') readMeta(signed, file);
  return {
    file,
    bytes: Buffer.from(bytes),
    json,
    signed,
    version: version(signed.version, `${file}: signed.version`),
    expires: expires(signed.expires, `${file}: signed.expires`),
  };
}

/**
 * The same for what came over the network. Text that is not even JSON is what a proxy or a sign-in page answers in
 * the feed's place: the network's doing. JSON that is no metadata is not trusted.
 */
export function readRemote(bytes: Uint8Array, role: FeedRole, file: string): Document {
  try {
    return readDocument(bytes, role, file);
  } catch (error) {
    if (!(error instanceof DamagedError)) throw error;
    if (isJson(bytes)) throw new TrustError(`not trusted: ${error.message}`, { cause: error });
    throw new NetworkError(`${error.message}`, {
      advice:
        'A proxy or a sign-in page may answer in place of the feed. Try later, or from another network.',
      cause: error,
    });
  }
}

function isJson(bytes: Uint8Array): boolean {
  try {
    JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    return true;
  } catch {
    return false;
  }
}

/** What the lists are is for those who read them; here is only how long they are. */
function boundEntries(json: Record<string, unknown>, signed: Record<string, unknown>, file: string): void {
  const { keys, roles, meta, targets, delegations } = signed;
  const delegated = typeof delegations === 'object' ? (delegations as Record<string, unknown> | null) : null;
  const lists = {
    signatures: json.signatures,
    'signed.keys': keys,
    'signed.roles': roles,
    'signed.meta': meta,
    'signed.targets': targets,
    'signed.delegations.keys': delegated?.keys,
    'signed.delegations.roles': delegated?.roles,
  };
  for (const [path, list] of Object.entries(lists)) {
    if (typeof list !== 'object' || list === null) continue;
    const count = Object.keys(list).length;
    if (count <= MAX_ENTRIES) continue;
    throw new DamagedError(`${file}: ${path}: wanted at most ${MAX_ENTRIES} entries, found ${count}`);
  }
}

/** Spec 4.4 and 4.5: version, and optionally length and hashes, each without the other. */
function readMeta(signed: Record<string, unknown>, file: string): void {
  const path = `${file}: signed.meta`;
  for (const [name, value] of Object.entries(record(signed.meta, path))) {
    const entry = `${path}.${printable(name)}`;
    const meta = record(value, entry);
    version(meta.version, `${entry}.version`);
    if (meta.length !== undefined) length(meta.length, `${entry}.length`);
    if (meta.hashes === undefined) continue;
    const hashes = Object.entries(record(meta.hashes, `${entry}.hashes`));
    if (hashes.length === 0) throw new DamagedError(`${entry}.hashes: wanted a hash, found none`);
    for (const [algorithm, value] of hashes) digest(value, `${entry}.hashes.${printable(algorithm)}`);
  }
}

export function record(value: unknown, path: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new DamagedError(`${path}: wanted an object, found what is none`);
  }
  return value as Record<string, unknown>;
}
