/**
 * A repository for tests: keys and an empty feed in a temporary folder, made with the code behind `release init`, and
 * releases added with the code behind `release add`, in this process and within milliseconds.
 *
 *     using feed = await makeFeed({ app?, days?, disk? });
 *     await feed.add('1.0.0', { 'linux-x64': bytes }, { channel?, rollout?, notes?, type?, risk?, evolutions?,
 *                    dataVersion?, rollbackMin?, confirm?, updaters?, deltas?, from?, minimum?, minimumFrom?, level? });
 *     await feed.rollout('1.0.0', 50); await feed.revoke('1.0.0', 'it lost data'); await feed.refresh();
 *     feed.folder        the repository: `metadata/` and `targets/` are what a server serves
 *     feed.root          root.json as bytes; feed.rootJson the same as JSON (`compiledInRoot` of openFeed)
 *     feed.keys          folder with the key files (passphrase PASSPHRASE of run.ts), for the command line
 *     feed.client()      the updater's own client (lib/trust/feed) over the folder, with a memory of its own
 *
 * The same bytes and versions give the same patches; dates are those of the clock.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { nativeHost } from '../../lib/platform/native.ts';
import {
  type Feed,
  type MetadataSource,
  makeRoot,
  openFeed,
  type RoleName,
  type SigningKey,
  sealKey,
  signingKey,
} from '../../lib/trust/index.ts';
import {
  type ChannelIndex,
  decodeIndex,
  type Evolution,
  indexPath,
  parseTarget,
  type RiskLevel,
  type Target,
  type UpdateType,
} from '../../lib/version/index.ts';
import { signersOf } from '../../release/keys/signers.ts';
import { readDescription } from '../../release/manifest/options.ts';
import { initialize } from '../../release/repository/initialize.ts';
import { addRelease } from '../../release/repository/releases/add-release.ts';
import { revoke, setRollout } from '../../release/repository/releases/change-listing.ts';
import { readConfigSchema } from '../../release/repository/releases/config-schema.ts';
import type { Added } from '../../release/repository/releases/entries.ts';
import { DEFAULT_PATCHES } from '../../release/repository/releases/spacing.ts';
import type { RepositorySettings } from '../../release/repository/settings.ts';
import { refresh } from '../../release/repository/signing/renew.ts';
import { inProcessWorkers } from '../../release/work/workers.ts';
import { PASSPHRASE } from './run.ts';

const DAY = 24 * 60 * 60 * 1000;

export interface FeedOptions {
  app?: string;
  days?: RepositorySettings['days'];
}

/** `files`: content by path, beside `evolution.json`; those below `bin/` are executable. */
export type TestEvolution = Evolution & { files?: Record<string, string | Uint8Array> };

export interface ReleaseOptions {
  channel?: string;
  /** Percent. */
  rollout?: number;
  /** Markdown. */
  notes?: string;
  type?: UpdateType;
  risk?: RiskLevel;
  evolutions?: TestEvolution[];
  dataVersion?: number;
  rollbackMin?: string;
  /** Seconds. */
  confirm?: number;
  /** The JSON Schema of its config. */
  configSchema?: unknown;
  /** The updater that comes with it, for each target. */
  updaters?: Record<string, { version: string; content: Uint8Array }>;
  deltas?: number;
  from?: string[];
  minimum?: string;
  minimumFrom?: string;
  /** Of zstd; 3 unless given. */
  level?: number;
}

export interface TestFeed extends Disposable {
  folder: string;
  keys: string;
  root: Uint8Array;
  rootJson: unknown;
  /** `binaries`: name of a target to the content. What was made, target by target. */
  add(version: string, binaries: Record<string, Uint8Array>, options?: ReleaseOptions): Promise<Added[]>;
  rollout(version: string, percent: number, options?: { channel?: string; lower?: boolean }): Promise<void>;
  revoke(version: string, reason?: string): Promise<void>;
  /** Publishes the next root, of the same keys. Returns it. */
  newRoot(): Uint8Array;
  /** What is due, or, with `all`, everything but the root is signed again. */
  refresh(options?: { all?: boolean }): Promise<void>;
  /** A client that has never been here, unless `folder` is where one kept its metadata before. */
  client(options?: { folder?: string; now?: number }): Feed;
  /** What a new client is told of a channel now. */
  index(channel: string, target: string): Promise<ChannelIndex | null>;
}

export async function makeFeed({ app = 'dgmo', days }: FeedOptions = {}): Promise<TestFeed> {
  const top = mkdtempSync(path.join(os.tmpdir(), 'dgmo-feed-'));
  const folder = path.join(top, 'repository');
  const keys = path.join(top, 'keys');
  const host = nativeHost();
  const { root, roles, all } = writeKeys(keys);
  const signers = signersOf((id) => all.find((key) => key.id === id) ?? null, keys);
  await initialize(host, folder, { app, root, ...(days && { days }) }, signers);
  let files = 0;
  let rootVersion = 1;
  const source: MetadataSource = folderSource(folder);

  const feed: TestFeed = {
    folder,
    keys,
    root,
    rootJson: JSON.parse(new TextDecoder().decode(root)),
    async add(version, binaries, options = {}) {
      const drop = path.join(top, `binaries-${files++}`);
      mkdirSync(drop);
      const list = Object.entries(binaries).map(([name, content]) => {
        const file = path.join(drop, name);
        writeFileSync(file, content);
        return { target: requireTarget(name), file };
      });
      const { added } = await addRelease(
        host,
        folder,
        {
          version,
          channel: options.channel ?? 'stable',
          binaries: list,
          description: describe(version, drop, options),
          updaters: Object.entries(options.updaters ?? {}).map(([name, { version, content }]) => {
            const file = path.join(drop, `updater-${name}`);
            writeFileSync(file, content);
            return { target: requireTarget(name), file, version };
          }),
          configSchema:
            options.configSchema === undefined
              ? null
              : readConfigSchema(
                  new TextEncoder().encode(JSON.stringify(options.configSchema)),
                  'schema.json',
                ),
          deltas: options.deltas ?? DEFAULT_PATCHES,
          from: options.from ?? [],
          rollout: options.rollout ?? null,
          minimum: options.minimum ?? null,
          minimumFrom: options.minimumFrom ?? null,
          level: options.level ?? 3,
          applyLimit: null,
        },
        signers,
        {
          workers: inProcessWorkers(host.disk),
          limits: { slots: 2, memory: 1 << 30 },
          report: { made: () => undefined, progress: () => undefined, say: () => undefined },
          trial: null,
          stop: new AbortController().signal,
        },
      );
      return added;
    },
    async rollout(version, percent, { channel = 'stable', lower = false } = {}) {
      await setRollout(host, folder, { version, percent, channel, lower }, signers);
    },
    async revoke(version, reason = 'it does not work') {
      await revoke(host, folder, { version, reason, channel: null }, signers);
    },
    newRoot() {
      const draft = { version: ++rootVersion, expires: Date.now() + 365 * DAY, roles };
      const bytes = makeRoot(draft, roles.root.keys);
      writeFileSync(path.join(folder, 'metadata', `${rootVersion}.root.json`), bytes);
      return bytes;
    },
    async refresh(options) {
      await refresh(host, folder, signers, options);
    },
    client: ({ folder: kept = mkdtempSync(path.join(top, 'client-')), now } = {}) =>
      openFeed({
        disk: host.disk,
        locks: host.locks,
        platform: host.platform,
        folder: kept,
        source,
        baseUrl: BASE_URL,
        compiledInRoot: feed.rootJson,
        now: () => now ?? Date.now(),
      }),
    async index(channel, target) {
      const found = await feed.client().target(indexPath(channel, requireTarget(target)));
      if (found === null) return null;
      return decodeIndex(readFileSync(path.join(folder, 'targets', found.location)));
    },
    [Symbol.dispose]: () => rmSync(top, { recursive: true, force: true }),
  };
  return feed;
}

const BASE_URL = 'https://feed.test/metadata/';

/** The metadata of a folder as a server would give it. */
export function folderSource(folder: string): MetadataSource {
  return {
    async get(url) {
      const file = path.join(folder, 'metadata', url.slice(BASE_URL.length));
      return (await Bun.file(file).exists()) ? new Uint8Array(readFileSync(file)) : null;
    },
  };
}

function requireTarget(name: string): Target {
  const target = parseTarget(name);
  if (target === null) throw new Error(`no target ${name}`);
  return target;
}

function describe(version: string, drop: string, options: ReleaseOptions) {
  const notes = path.join(drop, 'notes.md');
  if (options.notes !== undefined) writeFileSync(notes, options.notes);
  const evolution = (options.evolutions ?? []).map(({ files = {}, ...described }) => {
    const folder = path.join(drop, 'evolutions', described.id);
    const all = { ...files, 'evolution.json': JSON.stringify(described) };
    for (const [name, content] of Object.entries(all)) {
      const file = path.join(folder, name);
      mkdirSync(path.dirname(file), { recursive: true });
      writeFileSync(file, content, { mode: name.startsWith('bin/') ? 0o755 : 0o644 });
    }
    return folder;
  });
  return readDescription(version, {
    notes: options.notes === undefined ? undefined : notes,
    type: options.type,
    risk: options.risk,
    evolution,
    'data-version': options.dataVersion?.toString(),
    'rollback-min': options.rollbackMin,
    confirm: options.confirm === undefined ? undefined : String(options.confirm),
    'no-rollback': false,
  });
}

type Roles = Record<RoleName, { keys: SigningKey[]; threshold: number }>;

/** Key files and root.json as `release keys init` makes them, with the cheapest scrypt. */
function writeKeys(folder: string): { root: Uint8Array; roles: Roles; all: SigningKey[] } {
  const { random } = nativeHost();
  const make = (count: number) => Array.from({ length: count }, () => signingKey(random.bytes(32)));
  const roles: Roles = {
    root: { keys: make(3), threshold: 2 },
    targets: { keys: make(1), threshold: 1 },
    snapshot: { keys: make(1), threshold: 1 },
    timestamp: { keys: make(1), threshold: 1 },
  };
  const root = makeRoot({ version: 1, expires: Date.now() + 365 * DAY, roles }, roles.root.keys);
  mkdirSync(folder, { mode: 0o700 });
  writeFileSync(path.join(folder, 'root.json'), root);
  for (const role of ['root', 'targets', 'snapshot', 'timestamp'] as const) {
    for (const [index, key] of roles[role].keys.entries()) {
      const sealed = sealKey(key, { role, passphrase: PASSPHRASE, random: random.bytes, cost: 10 });
      writeFileSync(path.join(folder, `${role}-${index + 1}.key`), sealed, { mode: 0o600 });
    }
  }
  return { root, roles, all: Object.values(roles).flatMap(({ keys }) => keys) };
}
