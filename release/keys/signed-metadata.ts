/**
 * TUF metadata as bytes to sign, decoded strictly: only the fields, and only the form, that a repository of ours writes.
 * A field that nobody reads could say anything, and a second form could show a signer something else than clients see.
 */
import { Metadata, MetadataKind, Signature } from '@tufjs/models';
import { DamagedError } from '../../lib/errors.ts';
import {
  array,
  boolean,
  checked,
  type Decoded,
  type Decoder,
  hex,
  integer,
  object,
  oneOf,
  optional,
  stringOf,
  unwanted,
} from '../../lib/format/decoder.ts';
import { parseJson } from '../../lib/format/json.ts';
import { printable } from '../../lib/format/printable.ts';
import { publicKey, ROLES } from '../../lib/trust/index.ts';
import { isFeedPath } from '../../lib/version/download-url.ts';
import { type RevocationTimes, revocationTimes } from '../../lib/version/index.ts';

const MAX_BYTES = 5_000_000;
const MAX_ENTRIES = 4096;
const MAX_KEYS = 64;
const KEY_ID = /^[0-9a-f]{64}$/;
const DOCUMENT_NAME = /^[a-z0-9-]{1,64}\.json$/;

/** An object whose names are data. */
function dictionary<T>(isName: (name: string) => boolean, decode: Decoder<T>): Decoder<Record<string, T>> {
  return (value, path) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw unwanted(path, 'an object', value);
    }
    const entries = Object.entries(value);
    if (entries.length > MAX_ENTRIES) throw unwanted(path, `at most ${MAX_ENTRIES} fields`, entries.length);
    return Object.fromEntries(
      entries.map(([name, item]) => {
        if (!isName(name)) throw new DamagedError(`${path}: found a field named ${printable(name)}`);
        return [name, decode(item, `${path}.${name}`)];
      }),
    );
  };
}

const keys = checked(
  dictionary(
    (name) => KEY_ID.test(name),
    object({ keytype: oneOf('ed25519'), scheme: oneOf('ed25519'), keyval: object({ public: hex(32) }) }),
  ),
  (found, path) => {
    for (const [id, { keyval }] of Object.entries(found)) {
      const own = publicKey(Buffer.from(keyval.public, 'hex')).id;
      if (own !== id) throw unwanted(`${path}.${id}`, `its key under the id ${own}`, id);
    }
  },
);

const signers = { keyids: array(hex(32), 1, MAX_KEYS), threshold: integer(1, MAX_KEYS) };
const role = object(signers);
const delegatedRole = object({
  ...signers,
  name: stringOf('a name of a-z, 0-9 and dash', (name) => /^[a-z0-9-]{1,64}$/.test(name)),
  terminating: boolean,
  paths: array(
    stringOf('a pattern of paths', (path) => /^[\w.+*?/-]{1,1024}$/.test(path)),
    0,
    MAX_ENTRIES,
  ),
});

/** Every role has as many distinct keys as must sign, and every key has a role. */
function requireKeys(
  known: Readonly<Record<string, unknown>>,
  roles: readonly Decoded<typeof role>[],
  path: string,
): void {
  for (const { keyids, threshold } of roles) {
    const distinct = new Set(keyids).size;
    if (distinct < keyids.length) throw unwanted(path, 'each key once in a role', keyids);
    if (threshold > distinct) throw unwanted(path, `a threshold of at most ${distinct}`, threshold);
    const unknown = keyids.find((id) => !Object.hasOwn(known, id));
    if (unknown !== undefined) throw unwanted(path, 'keys that are given', unknown);
  }
  const used = new Set(roles.flatMap(({ keyids }) => keyids));
  const unused = Object.keys(known).find((id) => !used.has(id));
  if (unused !== undefined) throw unwanted(path, 'only keys that have a role', unused);
}

const common = {
  spec_version: stringOf('version 1.0.x of the specification', (value) => /^1\.0\.\d{1,4}$/.test(value)),
  version: integer(1, Number.MAX_SAFE_INTEGER),
  expires: stringOf(
    'a time such as 2030-01-31T00:00:00Z',
    (value) => /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(value) && !Number.isNaN(Date.parse(value)),
  ),
};
const length = integer(0, Number.MAX_SAFE_INTEGER, 'bytes');
const file = object({
  length,
  hashes: object({ sha256: hex(32) }),
  custom: optional<RevocationTimes | null>(revocationTimes, null),
});
const document = object({
  version: integer(1, Number.MAX_SAFE_INTEGER),
  length,
  hashes: object({ sha256: hex(32) }),
});

const root = checked(
  object({
    _type: oneOf('root'),
    ...common,
    consistent_snapshot: oneOf(true),
    keys,
    roles: object({ root: role, targets: role, snapshot: role, timestamp: role }),
  }),
  (found, path) => requireKeys(found.keys, Object.values(found.roles), `${path}.roles`),
);

const delegations = checked(object({ keys, roles: array(delegatedRole, 0, MAX_ENTRIES) }), (found, path) =>
  requireKeys(found.keys, found.roles, `${path}.roles`),
);

const targets = object({
  _type: oneOf('targets'),
  ...common,
  targets: dictionary(isFeedPath, file),
  delegations: optional<Decoded<typeof delegations> | null>(delegations, null),
});

const snapshot = object({
  _type: oneOf('snapshot'),
  ...common,
  meta: dictionary((name) => DOCUMENT_NAME.test(name), document),
});

const timestamp = object({
  _type: oneOf('timestamp'),
  ...common,
  meta: object({ 'snapshot.json': document }),
});

export type SignedRoot = Decoded<typeof root>;
export type SignedTargets = Decoded<typeof targets>;
type SignedSnapshot = Decoded<typeof snapshot>;
type SignedTimestamp = Decoded<typeof timestamp>;
export type SignedMetadata = SignedRoot | SignedTargets | SignedSnapshot | SignedTimestamp;

const KINDS = { root, targets, snapshot, timestamp };

/** DamagedError if these are not the very bytes that are signed for some metadata of ours. */
export function decodeSignedMetadata(message: Uint8Array): SignedMetadata {
  const value = parseJson(message, 'metadata', MAX_BYTES);
  const type = oneOf(...ROLES)(
    typeof value === 'object' && value !== null && '_type' in value ? value._type : undefined,
    'metadata._type',
  );
  const decoded = KINDS[type](value, 'metadata');
  if (Buffer.compare(canonicalBytes(type, value), message) !== 0) {
    throw new DamagedError('metadata: wanted its canonical form, found another');
  }
  return decoded;
}

/** What a client computes and verifies the signature of. */
function canonicalBytes(type: (typeof ROLES)[number], signed: unknown): Uint8Array {
  const json = { signed, signatures: [] } as Parameters<typeof Metadata.fromJSON>[1];
  const metadata = {
    root: () => Metadata.fromJSON(MetadataKind.Root, json),
    targets: () => Metadata.fromJSON(MetadataKind.Targets, json),
    snapshot: () => Metadata.fromJSON(MetadataKind.Snapshot, json),
    timestamp: () => Metadata.fromJSON(MetadataKind.Timestamp, json),
  }[type]();
  let bytes: Uint8Array = new Uint8Array();
  metadata.sign((message) => {
    bytes = message;
    return new Signature({ keyID: '', sig: '' });
  });
  return bytes;
}
