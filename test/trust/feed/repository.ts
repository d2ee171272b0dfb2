/**
 * A signed TUF repository in memory, one per test: every metadata file that was ever published, under the address that
 * a client asks for, and knobs to publish what an attacker would.
 */
import { bytesToHex } from '@noble/hashes/utils.js';
import {
  Key,
  Metadata,
  MetaFile,
  Root,
  Signature,
  Snapshot,
  TargetFile,
  Targets,
  Timestamp,
} from '@tufjs/models';
import { NetworkError } from '../../../lib/errors.ts';
import type { MetadataSource, SigningKey } from '../../../lib/trust/index.ts';
import { EXPIRES, ROOT_KEYS, SNAPSHOT_KEY, TARGETS_KEYS, TIMESTAMP_KEY } from '../keys.ts';

export const BASE_URL = 'https://feed.test/metadata/';
/** 2030-01-01, five years before everything here expires. */
export const NOW = Date.UTC(2030, 0, 1);

export interface RoleKeys {
  keys: SigningKey[];
  threshold: number;
}

export interface Delegation {
  name: string;
  keys: SigningKey[];
  threshold?: number;
  paths?: string[];
  pathHashPrefixes?: string[];
  terminating?: boolean;
}

export interface TargetsContent {
  files?: Record<string, string>;
  delegations?: Delegation[];
}

type TopLevel = 'root' | 'targets' | 'snapshot' | 'timestamp';

export class Repository implements MetadataSource {
  readonly files = new Map<string, Uint8Array>();
  /** Every address asked for, without the base. */
  readonly asked: string[] = [];
  /** Answers in the place of `files`: a network that fails, a server that lies. */
  answer: (name: string) => Uint8Array | null | undefined = () => undefined;

  readonly roles: Record<TopLevel, RoleKeys> = {
    root: { keys: ROOT_KEYS, threshold: 2 },
    targets: { keys: TARGETS_KEYS.slice(0, 1), threshold: 1 },
    snapshot: { keys: [SNAPSHOT_KEY], threshold: 1 },
    timestamp: { keys: [TIMESTAMP_KEY], threshold: 1 },
  };
  readonly versions: Record<string, number> = Object.create(null);
  /** Milliseconds since the epoch, by role. */
  readonly expires: Record<string, number> = Object.create(null);
  /** Who signs a role in place of those who should. */
  readonly signers: Record<string, SigningKey[]> = Object.create(null);
  /** What the snapshot and the timestamp say of a file. */
  describe: 'version' | 'length' | 'all' = 'all';
  consistentSnapshot = true;
  specVersion = '1.0.33';
  readonly meta = new Map<string, { version: number; length?: number; hashes?: Record<string, string> }>();

  constructor(content: TargetsContent = { files: { 'dgmo.json': 'one' } }) {
    this.publishRoot();
    this.publish(content);
  }

  async get(url: string): Promise<Uint8Array | null> {
    const name = url.slice(BASE_URL.length);
    this.asked.push(name);
    const answer = this.answer(name);
    return answer === undefined ? (this.files.get(name) ?? null) : answer;
  }

  get trustedRoot(): unknown {
    return JSON.parse(new TextDecoder().decode(this.files.get('1.root.json')));
  }

  /** A new root; signed by the keys of `also` as well, when it rotates them. */
  publishRoot(also: SigningKey[] = []): void {
    const roles = Object.entries(this.roles);
    const keys = roles.flatMap(([, role]) => role.keys);
    const root = Root.fromJSON({
      _type: 'root',
      ...this.#common('root'),
      consistent_snapshot: this.consistentSnapshot,
      keys: Object.fromEntries(keys.map((key) => [key.id, keyJson(key)])),
      roles: Object.fromEntries(
        roles.map(([name, { keys, threshold }]) => [name, { keyids: keys.map(({ id }) => id), threshold }]),
      ),
    });
    this.#put(`${root.version}.root.json`, new Metadata(root), [
      ...new Set([...(this.signers.root ?? this.roles.root.keys), ...also]),
    ]);
  }

  /** Targets, snapshot and timestamp, the next version of each. */
  publish(content?: TargetsContent): void {
    if (content !== undefined) this.publishTargets('targets', content, this.roles.targets.keys);
    this.publishSnapshot();
    this.publishTimestamp();
  }

  publishTargets(role: string, content: TargetsContent, keys: SigningKey[]): void {
    const { files = {}, delegations } = content;
    const targets = Object.entries(files).map(([path, text]) => [path, fileJson(text)]);
    const signed = Targets.fromJSON({
      _type: 'targets',
      ...this.#common(role),
      targets: Object.fromEntries(targets),
    });
    const json = {
      signed: { ...signed.toJSON(), ...(delegations && { delegations: delegationsJson(delegations) }) },
      signatures: [] as unknown[],
    };
    // Signed by hand: models would put names that look like integers first.
    const canonical = new TextEncoder().encode(canonicalJson(json.signed));
    for (const key of this.signers[role] ?? keys) {
      json.signatures.push({ keyid: key.id, sig: bytesToHex(key.sign(canonical)) });
    }
    const bytes = new TextEncoder().encode(JSON.stringify(json));
    this.files.set(this.#name(role, signed.version), bytes);
    this.meta.set(`${role}.json`, this.#described(signed.version, bytes));
  }

  /** Publishes a changed document under the keys of its role, and what follows from it. */
  resign(role: string, bytes: Uint8Array, keys: SigningKey[]): this {
    const { signed } = JSON.parse(new TextDecoder().decode(bytes));
    const canonical = new TextEncoder().encode(canonicalJson(signed));
    const signatures = keys.map((key) => ({ keyid: key.id, sig: bytesToHex(key.sign(canonical)) }));
    const content = new TextEncoder().encode(JSON.stringify({ signed, signatures }));
    this.files.set(this.#name(role, signed.version), content);
    this.meta.set(`${role}.json`, this.#described(signed.version, content));
    this.publish();
    return this;
  }

  publishSnapshot(): void {
    const signed = new Snapshot({
      ...this.#options('snapshot'),
      meta: Object.fromEntries([...this.meta].map(([name, meta]) => [name, new MetaFile(meta)])),
    });
    const bytes = this.#put(
      this.#name('snapshot', signed.version),
      new Metadata(signed),
      this.signers.snapshot ?? this.roles.snapshot.keys,
    );
    this.#snapshotMeta = this.#described(signed.version, bytes);
  }

  #snapshotMeta: { version: number; length?: number; hashes?: Record<string, string> } = { version: 1 };

  publishTimestamp(): void {
    const signed = new Timestamp({
      ...this.#options('timestamp'),
      snapshotMeta: new MetaFile(this.#snapshotMeta),
    });
    this.#put('timestamp.json', new Metadata(signed), this.signers.timestamp ?? this.roles.timestamp.keys);
  }

  #common(role: string): { spec_version: string; version: number; expires: string } {
    const { specVersion, version, expires } = this.#options(role);
    return { spec_version: specVersion, version, expires };
  }

  #options(role: string): { specVersion: string; version: number; expires: string } {
    const version = (this.versions[role] ?? 0) + 1;
    this.versions[role] = version;
    const expires = `${new Date(this.expires[role] ?? EXPIRES).toISOString().slice(0, 19)}Z`;
    return { specVersion: this.specVersion, version, expires };
  }

  #name(role: string, version: number): string {
    const name = `${encodeURIComponent(role)}.json`;
    return this.consistentSnapshot ? `${version}.${name}` : name;
  }

  #described(
    version: number,
    bytes: Uint8Array,
  ): { version: number; length?: number; hashes?: Record<string, string> } {
    if (this.describe === 'version') return { version };
    if (this.describe === 'length') return { version, length: bytes.length };
    return { version, length: bytes.length, hashes: { sha256: digest(bytes) } };
  }

  #put(name: string, metadata: Metadata<Root | Snapshot | Timestamp>, keys: SigningKey[]): Uint8Array {
    for (const key of keys) {
      metadata.sign((bytes) => new Signature({ keyID: key.id, sig: bytesToHex(key.sign(bytes)) }));
    }
    const bytes = new TextEncoder().encode(JSON.stringify(metadata.toJSON()));
    this.files.set(name, bytes);
    return bytes;
  }
}

export function digest(content: Uint8Array | string): string {
  return new Bun.CryptoHasher('sha256').update(content).digest('hex');
}

export function failing(message: string): never {
  throw new NetworkError(message);
}

export function changed(bytes: Uint8Array | undefined, change: (json: never) => void): Uint8Array {
  const json = JSON.parse(new TextDecoder().decode(bytes)) as never;
  change(json);
  return new TextEncoder().encode(JSON.stringify(json));
}

function fileJson(text: string): ReturnType<TargetFile['toJSON']> {
  const bytes = Buffer.from(text);
  return new TargetFile({ path: '', length: bytes.length, hashes: { sha256: digest(bytes) } }).toJSON();
}

function keyJson(key: SigningKey): ReturnType<Key['toJSON']> {
  return new Key({
    keyID: key.id,
    keyType: 'ed25519',
    scheme: 'ed25519',
    keyVal: { public: bytesToHex(key.bytes) },
  }).toJSON();
}

function delegationsJson(delegations: Delegation[]): unknown {
  return {
    keys: Object.fromEntries(delegations.flatMap(({ keys }) => keys.map((key) => [key.id, keyJson(key)]))),
    roles: delegations.map(({ name, keys, threshold = 1, paths, pathHashPrefixes, terminating = false }) => ({
      name,
      keyids: keys.map(({ id }) => id),
      threshold,
      terminating,
      ...(pathHashPrefixes === undefined
        ? { paths: paths ?? ['*'] }
        : { path_hash_prefixes: pathHashPrefixes }),
    })),
  };
}

/** The canonical JSON that TUF signs (spec 4.2.1), for objects, lists, strings and whole numbers. */
function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value === 'string') return `"${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([name, item]) => `${canonicalJson(name)}:${canonicalJson(item)}`).join(',')}}`;
}
