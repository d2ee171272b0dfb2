/**
 * A feed on the disk, signed by the test keys: what a server serves and `publish` carries away. Its packages are bytes
 * without meaning; everything that names them is true.
 */
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {
  type ChannelIndex,
  encodeIndex,
  encodePage,
  indexPath,
  type ListedFile,
  type ListedRelease,
  MAX_LISTED,
} from '../../../lib/version/index.ts';
import { Repository } from '../../trust/feed/repository.ts';
import { TARGETS_KEYS } from '../../trust/keys.ts';
import { content, sha256 } from './content.ts';

export const TARGET = { platform: 'linux', arch: 'x64' } as const;
const ROLE = 'linux-x64';
const INDEX = indexPath('stable', TARGET);

export interface FeedFolder extends Disposable {
  folder: string;
  repository: Repository;
  /** Of the index that was written last. */
  index: ChannelIndex;
  at(...names: string[]): string;
  /** Another index: files, metadata, and the timestamp last. */
  publish(index: Partial<ChannelIndex>): void;
}

export interface FeedOptions {
  /** Newest first. */
  releases?: readonly string[];
  /** Bytes of a package. */
  size?: number;
  /** When the timestamp expires, milliseconds since the epoch. */
  expires?: number;
}

export function feedFolder({
  releases = ['1.1.0', '1.0.0'],
  size = 4096,
  expires,
}: FeedOptions = {}): FeedFolder {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'dgmo feed ü-'));
  const repository = new Repository({});
  if (expires !== undefined) repository.expires.timestamp = expires;
  const at = (...names: string[]) => path.join(folder, ...names);
  const put = (name: string, bytes: Uint8Array) => {
    const file = at(name);
    if (existsSync(file) && name !== 'metadata/timestamp.json') return;
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, bytes);
  };
  const release = (version: string, number: number): ListedRelease => {
    const file = (name: string, bytes: Uint8Array) => {
      const digest = sha256(bytes);
      const place = `${path.posix.dirname(name)}/${digest}.${path.posix.basename(name)}`;
      put(`targets/${place}`, bytes);
      return { path: place, length: bytes.length, sha256: digest };
    };
    const full = content(number * 3 + 1, size);
    const older = releases[releases.indexOf(version) + 1];
    return {
      version,
      releaseDate: Date.UTC(2026, 0, 1) + number,
      type: 'minor',
      riskLevel: 'low',
      binary: { sha256: sha256(full), size },
      rollout: 100,
      minimumFrom: null,
      manifest: file(`releases/${version}/manifest.json`, content(number * 3 + 2, 500)),
      packages: [
        { kind: 'full', ...file(`releases/${version}/${ROLE}/full.dgmopkg`, full) },
        ...(older === undefined
          ? []
          : [
              {
                kind: 'patch' as const,
                from: older,
                fromChecksum: sha256(content(number * 3 - 2, size)),
                ...file(
                  `releases/${version}/${ROLE}/from-${older}.dgmopkg`,
                  content(number * 3 + 3, size >> 2),
                ),
              },
            ]),
      ],
    };
  };
  const listed = releases.map((version, index) => release(version, releases.length - index));
  // The oldest page first: each names the one before it.
  let older: ListedFile | null = null;
  for (let end = listed.length; end > MAX_LISTED; end = start(end)) {
    const bytes = encodePage({ schema: 1, releases: listed.slice(start(end), end), older });
    const digest = sha256(bytes);
    older = { path: `channels/stable/${ROLE}/${digest}.page.json`, length: bytes.length, sha256: digest };
    put(`targets/${older.path}`, bytes);
  }
  const feed: FeedFolder = {
    folder,
    repository,
    index: {
      schema: 1,
      app: 'dgmo',
      channel: 'stable',
      ...TARGET,
      releases: listed.slice(0, MAX_LISTED),
      minimum: null,
      revoked: [],
      older,
    },
    at,
    publish(changes) {
      feed.index = { ...feed.index, ...changes };
      const bytes = encodeIndex(feed.index);
      const keys = TARGETS_KEYS.slice(0, 1);
      const name = `${path.posix.dirname(INDEX)}/${sha256(bytes)}.${path.posix.basename(INDEX)}`;
      put(`targets/${name}`, bytes);
      repository.publishTargets(ROLE, { files: { [INDEX]: new TextDecoder().decode(bytes) } }, keys);
      const paths = [`channels/*/${ROLE}.json`];
      repository.publish({ delegations: [{ name: ROLE, keys, paths }] });
      for (const [name, bytes] of repository.files)
        if (name !== 'timestamp.json') put(`metadata/${name}`, bytes);
      put('metadata/timestamp.json', repository.files.get('timestamp.json') ?? new Uint8Array());
    },
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
  feed.publish({});
  return feed;
}

/** Where the page begins that ends there. */
function start(end: number): number {
  return Math.max(MAX_LISTED, end - MAX_LISTED);
}

/** `1.<count - 1>.0` down to `1.0.0`. */
export function versions(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `1.${count - 1 - index}.0`);
}
