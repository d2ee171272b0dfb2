/**
 * The trusted root: a TUF `root.json` (https://theupdateframework.github.io/specification/v1.0.33/, section 4.3). It
 * names the keys of every role and how many of them must sign. One is compiled into the updater; packages are
 * verified against its `targets` keys, and the feed against all of it.
 *
 * Stricter than TUF, because all keys are made by `release keys init`: only Ed25519, and every key under the id that is
 * computed from it (with other ids, one key under two ids could fill a threshold of two).
 */
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js';
import { Key, Metadata, MetadataKind, Root, Signature } from '@tufjs/models';
import { DamagedError, errorMessage, TrustError } from '../errors.ts';
import { unwanted } from '../format/decoder.ts';
import { parseJson } from '../format/json.ts';
import { printable } from '../format/printable.ts';
import { KEY_TYPE, type PublicKey, publicKey } from './key.ts';
import { missingSignatures } from './missing-signatures.ts';
import type { SigningKey } from './signing.ts';

export const ROLES = ['root', 'targets', 'snapshot', 'timestamp'] as const;
export type RoleName = (typeof ROLES)[number];

export interface Role {
  readonly keys: readonly PublicKey[];
  /** How many distinct keys must sign. */
  readonly threshold: number;
}

export interface TrustedRoot {
  readonly version: number;
  /**
   * Milliseconds since the epoch. The feed is refused after this moment, as TUF demands. A package is not: it may be
   * installed from a stick without a network, where there is no newer root, and an expired root must not take away the
   * user's only way to repair an installation. The version floor limits what an old package can do.
   */
  readonly expires: number;
  readonly roles: Readonly<Record<RoleName, Role>>;
  /** The same for @tufjs/models, which the feed uses. */
  readonly metadata: Metadata<Root>;
}

export function isExpired(root: TrustedRoot, now: number): boolean {
  return now >= root.expires;
}

/** Reads `root.json`. Throws DamagedError if it is malformed, TrustError if its own root keys have not signed it. */
export function decodeRoot(bytes: Uint8Array): TrustedRoot {
  return trustRoot(parseJson(bytes, 'root'));
}

/** The same for parsed JSON, as the compiled-in root is. */
export function trustRoot(json: unknown): TrustedRoot {
  const root = readRoot(json);
  verifyOwnSignatures(root.metadata);
  return root;
}

/** The same for who verifies its signatures by other means, as the feed does. Throws DamagedError. */
export function readRoot(json: unknown): TrustedRoot {
  const metadata = readMetadata(json);
  const { signed } = metadata;
  if (!Number.isSafeInteger(signed.version) || signed.version < 1) {
    throw unwanted('root.signed.version', 'a whole number from 1', signed.version);
  }
  if (!signed.consistentSnapshot) throw unwanted('root.signed.consistent_snapshot', 'true', false);
  const roles = {
    root: readRole(signed, 'root'),
    targets: readRole(signed, 'targets'),
    snapshot: readRole(signed, 'snapshot'),
    timestamp: readRole(signed, 'timestamp'),
  };
  return { version: signed.version, expires: readExpiry(signed.expires), roles, metadata };
}

function readMetadata(json: unknown): Metadata<Root> {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    throw unwanted('root', 'an object', json);
  }
  try {
    return Metadata.fromJSON(MetadataKind.Root, json as Parameters<typeof Metadata.fromJSON>[1]);
  } catch (cause) {
    throw new DamagedError(
      `root: wanted TUF root metadata, found something else (${printable(errorMessage(cause))})`,
      {
        cause,
      },
    );
  }
}

function readRole(root: Root, name: RoleName): Role {
  const path = `root.signed.roles.${name}`;
  const role = root.roles[name];
  if (role === undefined) throw unwanted(path, 'an object', undefined);
  const keys = role.keyIDs.map((id) => readKey(root, id));
  if (!Number.isInteger(role.threshold) || role.threshold < 1 || role.threshold > keys.length) {
    throw unwanted(`${path}.threshold`, `a whole number from 1 to ${keys.length}`, role.threshold);
  }
  return { keys, threshold: role.threshold };
}

const PUBLIC_KEY = /^[0-9a-f]{64}$/;

function readKey(root: Root, id: string): PublicKey {
  const path = `root.signed.keys.${printable(id)}`;
  const found = Object.hasOwn(root.keys, id) ? root.keys[id] : undefined;
  if (found === undefined) throw unwanted(path, 'an object', undefined);
  if (found.keyType !== KEY_TYPE) throw unwanted(`${path}.keytype`, `"${KEY_TYPE}"`, found.keyType);
  if (found.scheme !== KEY_TYPE) throw unwanted(`${path}.scheme`, `"${KEY_TYPE}"`, found.scheme);
  const value = found.keyVal.public;
  if (value === undefined || !PUBLIC_KEY.test(value)) {
    throw unwanted(`${path}.keyval.public`, '64 lower-case hex digits', value);
  }
  const key = publicKey(hexToBytes(value));
  if (key.id !== id) throw unwanted(path, `its key under the id ${key.id}`, id);
  return key;
}

const EXPIRES = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;

function readExpiry(expires: string): number {
  const time = Date.parse(expires);
  if (!EXPIRES.test(expires) || Number.isNaN(time)) {
    throw unwanted('root.signed.expires', 'a time such as 2030-01-31T00:00:00Z', expires);
  }
  return time;
}

/** Spec 5.3.4: the threshold of this root's own root keys. */
function verifyOwnSignatures(metadata: Metadata<Root>): void {
  try {
    metadata.verifyDelegate('root', metadata);
  } catch (cause) {
    const reason = missingSignatures(cause) ?? printable(errorMessage(cause));
    throw new TrustError(`root version ${metadata.signed.version}: ${reason}`, { cause });
  }
}

/**
 * Spec 5.3.4 and 5.3.5: whether `next` is the version after `root`, and enough of the root keys of `root` signed it. That
 * enough of its own keys did was checked when it was decoded.
 */
export function follows(root: TrustedRoot, next: TrustedRoot): boolean {
  if (next.version !== root.version + 1) return false;
  try {
    root.metadata.verifyDelegate('root', next.metadata);
    return true;
  } catch {
    // Of two roots that were decoded it can say only that there are too few signatures.
    return false;
  }
}

export interface RootDraft {
  version: number;
  /** Milliseconds since the epoch, rounded down to seconds. */
  expires: number;
  roles: Record<RoleName, { keys: readonly PublicKey[]; threshold: number }>;
}

/** A new `root.json`, signed by these root keys and checked by `decodeRoot`. */
export function makeRoot(draft: RootDraft, rootKeys: readonly SigningKey[]): Uint8Array {
  const keys = ROLES.flatMap((name) => draft.roles[name].keys);
  const metadata = new Metadata(
    Root.fromJSON({
      _type: MetadataKind.Root,
      spec_version: '1.0.31',
      version: draft.version,
      expires: `${new Date(draft.expires).toISOString().slice(0, 19)}Z`,
      consistent_snapshot: true,
      keys: Object.fromEntries(keys.map((key) => [key.id, tufKey(key).toJSON()])),
      roles: Object.fromEntries(
        ROLES.map((name) => {
          const role = draft.roles[name];
          return [name, { keyids: role.keys.map(({ id }) => id), threshold: role.threshold }];
        }),
      ),
    }),
  );
  for (const key of rootKeys) {
    metadata.sign((message) => new Signature({ keyID: key.id, sig: bytesToHex(key.sign(message)) }));
  }
  const bytes = new TextEncoder().encode(`${JSON.stringify(metadata.toJSON(), null, 2)}\n`);
  decodeRoot(bytes);
  return bytes;
}

function tufKey(key: PublicKey): Key {
  return new Key({
    keyID: key.id,
    keyType: KEY_TYPE,
    scheme: KEY_TYPE,
    keyVal: { public: bytesToHex(key.bytes) },
  });
}
