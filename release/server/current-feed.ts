/**
 * The current state of the repository, for the check API: channel indexes, decoded once and kept in memory until
 * `timestamp.json` changes. Reading it costs the same however many releases there are.
 *
 * Signatures are not checked: the server trusts its own disk, and no client trusts the server.
 */
import path from 'node:path';
import { DamagedError, MachineError } from '../../lib/errors.ts';
import { MAX_DOCUMENT } from '../../lib/format/json.ts';
import { digestBytes, readFile } from '../../lib/platform/files.ts';
import { nativeDisk as disk } from '../../lib/platform/native-disk.ts';
import { readDocument, record } from '../../lib/trust/feed/document.ts';
import { type FeedRole, MAX_BYTES } from '../../lib/trust/feed/limits.ts';
import {
  type ChannelIndex,
  decodeIndex,
  indexPath,
  type Target,
  targetName,
} from '../../lib/version/index.ts';

/** Milliseconds for which `timestamp.json` is not looked at again. */
const RECHECK = 250;
const TIMESTAMP = 'timestamp.json';

/** One state of the repository: everything in it was published together. */
interface State {
  identity: string;
  timestamp: { version: number; expires: string };
  /** Versions of the delegated roles, by file name. */
  roles: Record<string, unknown>;
  targets: Map<string, Record<string, unknown> | null>;
  indexes: Map<string, ChannelIndex>;
}

export interface FeedStatus {
  version: number;
  /** As written, e.g. 2030-01-31T00:00:00Z. */
  expires: string;
}

export class CurrentFeed {
  readonly #repository: string;
  readonly #monotonic: () => number;
  #state: State | null = null;
  #checkedAt = Number.NEGATIVE_INFINITY;
  /** How often the repository could not be read. */
  failures = 0;

  constructor(repository: string, monotonic: () => number) {
    this.#repository = repository;
    this.#monotonic = monotonic;
  }

  /** Null if the channel has nothing for that target. DamagedError or MachineError if the repository can't be read. */
  index(channel: string, target: Target): ChannelIndex | null {
    const state = this.#now();
    const name = indexPath(channel, target);
    const kept = state.indexes.get(name);
    if (kept !== undefined) return kept;
    const entry = this.#entry(state, target, name);
    if (entry === null) return null;
    const sha256 = String(record(entry.hashes, name).sha256);
    if (!/^[0-9a-f]{64}$/.test(sha256)) throw new DamagedError(`${name}: wanted a SHA-256, found none`);
    const file = path.join('targets', path.dirname(name), `${sha256}.${path.basename(name)}`);
    const bytes = this.#read(file, MAX_DOCUMENT);
    const found = digestBytes(bytes).sha256;
    if (found !== sha256) throw new DamagedError(`${file}: wanted SHA-256 ${sha256}, found ${found}`);
    const index = decodeIndex(bytes);
    state.indexes.set(name, index);
    return index;
  }

  /** The timestamp, read from the disk now. Throws as `index` does. */
  status(): FeedStatus {
    return this.#load().timestamp;
  }

  #now(): State {
    const now = this.#monotonic();
    if (this.#state !== null && now - this.#checkedAt < RECHECK) return this.#state;
    this.#checkedAt = now;
    const kept = this.#state;
    if (kept !== null && kept.identity === this.#identity()) return kept;
    try {
      this.#state = this.#load();
    } catch (error) {
      this.failures += 1;
      // The last state was published as well. The repository may be readable again next time.
      if (kept === null) throw error;
    }
    return this.#state ?? this.#load();
  }

  #identity(): string | null {
    const found = disk.status(path.join(this.#repository, 'metadata', TIMESTAMP));
    return found === null ? null : `${found.identity} ${found.size} ${found.modified}`;
  }

  #load(): State {
    // Taken before reading: a file that is replaced meanwhile is read again the next time.
    const identity = this.#identity() ?? '';
    const timestamp = this.#document('timestamp', TIMESTAMP);
    const version = versionOf(timestamp.signed, 'snapshot.json', TIMESTAMP);
    const snapshot = this.#document('snapshot', `${version}.snapshot.json`);
    return {
      identity,
      timestamp: { version: timestamp.version, expires: timestamp.expires },
      roles: snapshot.signed,
      targets: new Map(),
      indexes: new Map(),
    };
  }

  /** The entry of the index in the role of its target; null if there is none. */
  #entry(state: State, target: Target, name: string): Record<string, unknown> | null {
    const role = targetName(target);
    let targets = state.targets.get(role);
    if (targets === undefined) {
      targets = this.#targets(state, role);
      state.targets.set(role, targets);
    }
    if (targets === null || !Object.hasOwn(targets, name)) return null;
    return record(targets[name], name);
  }

  #targets(state: State, role: string): Record<string, unknown> | null {
    const file = `${role}.json`;
    const meta = record(state.roles.meta, 'snapshot.json: signed.meta');
    if (!Object.hasOwn(meta, file)) return null;
    const version = versionOf(state.roles, file, 'snapshot.json');
    const { signed } = this.#document('targets', `${version}.${file}`);
    return record(signed.targets, `${file}: signed.targets`);
  }

  #document(role: FeedRole, name: string) {
    return readDocument(this.#read(path.join('metadata', name), MAX_BYTES[role]), role, name);
  }

  #read(name: string, limit: number): Uint8Array {
    const bytes = readFile(disk, path.join(this.#repository, name), limit);
    if (bytes === null)
      throw new MachineError(`${name}: wanted a file of the repository, found nothing there`);
    return bytes;
  }
}

function versionOf(signed: Record<string, unknown>, name: string, file: string): number {
  const meta = record(signed.meta, `${file}: signed.meta`);
  return Number(record(meta[name], `${file}: signed.meta.${name}`).version);
}
