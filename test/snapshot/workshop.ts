/** A home with folders and a store of snapshots on the real disk, and what a test does with them. */
import fs from 'node:fs';
import os from 'node:os';
import { join } from 'node:path';
import type { Disk } from '../../lib/platform/disk.ts';
import { ANY_SIZE, digestFile } from '../../lib/platform/files.ts';
import type { Host } from '../../lib/platform/host.ts';
import { nativeHost } from '../../lib/platform/native.ts';
import {
  carryOut,
  FOLDER_COMPONENTS,
  type FolderComponent,
  listSnapshots,
  type Plan,
  type Profile,
  type ProfileSettings,
  planRestore,
  prepare,
  profileOf,
  prune,
  type RestoreRequest,
  type Snapshot,
  type StoreLayout,
  storeLayout,
  takeSnapshot,
  Verifier,
  verifyRestored,
} from '../../lib/snapshot/index.ts';

export interface Workshop {
  host: Host;
  home: string;
  layout: StoreLayout;
  profile: Profile;
  binary: string;
  root(component: FolderComponent): string;
  take(options?: Partial<Parameters<typeof takeSnapshot>[1]>): Promise<Snapshot>;
  request(snapshot: Snapshot, components?: readonly FolderComponent[]): RestoreRequest;
  /** Plans, prepares, carries out and verifies. */
  restore(snapshot: Snapshot, components?: readonly FolderComponent[]): Promise<Plan>;
  /** All problems of all snapshots. */
  problems(): Promise<string[]>;
  snapshots(): Snapshot[];
  prune(keep: number): ReturnType<typeof prune>;
  remove(): void;
}

export interface WorkshopOptions {
  settings?: ProfileSettings;
  disk?: (disk: Disk) => Disk;
  databases?: Host['databases'];
  /** Milliseconds by which the clock is ahead: then files that were just written count as old, and are recognised. */
  ahead?: number;
  /** Milliseconds since the epoch, instead of the clock; bytes instead of the dice, null for those of the dice. */
  now?: () => number;
  random?: (count: number) => Uint8Array | null;
  /** Where; else a folder of its own that `remove` takes away. */
  home?: string;
}

const checkpoint = async () => undefined;

export function openWorkshop(options: WorkshopOptions = {}): Workshop {
  const native = nativeHost();
  const home = options.home ?? fs.mkdtempSync(join(fs.realpathSync(os.tmpdir()), 'dgmo-snapshot-'));
  const { clock, random } = native;
  const now = options.now ?? (() => clock.now() + (options.ahead ?? 0));
  const host: Host = {
    ...native,
    disk: options.disk?.(native.disk) ?? native.disk,
    databases: options.databases ?? native.databases,
    clock: { ...clock, now },
    random: { bytes: (count) => options.random?.(count) ?? random.bytes(count) },
  };
  const layout = storeLayout(host, home);
  const profile = profileOf(host, { home, app: 'dgmo', store: layout.folder }, options.settings);
  const binary = join(home, 'dgmo');
  if (!fs.existsSync(binary)) fs.writeFileSync(binary, 'the executable', { mode: 0o755 });
  for (const component of FOLDER_COMPONENTS)
    fs.mkdirSync(profile.roots[component][0] ?? '', { recursive: true });

  const workshop: Workshop = {
    host,
    home,
    layout,
    profile,
    binary,
    root: (component) => profile.roots[component][0] ?? '',
    async take(more = {}) {
      const digest = digestFile(host.disk, binary, ANY_SIZE);
      const { snapshot } = await takeSnapshot(host, {
        layout,
        profile,
        reason: 'a test',
        kind: 'manual',
        app: 'dgmo',
        installId: 'an-install',
        version: '1.0.0',
        rollback: null,
        binary: digest === null ? null : { path: binary, digest, sound: true },
        updater: '0.1.0',
        checkpoint,
        ...more,
      });
      return snapshot;
    },
    request: (snapshot, components = FOLDER_COMPONENTS) => ({
      host,
      layout,
      snapshot,
      profile,
      components,
      id: 'a-restore',
      checkpoint,
    }),
    async restore(snapshot, components) {
      const request = workshop.request(snapshot, components);
      const plan = planRestore(request);
      await prepare(request, plan);
      carryOut(request, plan);
      verifyRestored(request, plan);
      verifyRestored(request);
      return plan;
    },
    async problems() {
      const verifier = new Verifier(host, layout, checkpoint);
      const problems: string[] = [];
      try {
        for (const { found } of listSnapshots(host.disk, layout)) {
          if (found instanceof Error) problems.push(found.message);
          else problems.push(...(await verifier.verify(found)).problems);
        }
      } finally {
        verifier.close();
      }
      return problems;
    },
    snapshots: () =>
      listSnapshots(host.disk, layout).flatMap(({ found }) => (found instanceof Error ? [] : [found])),
    prune: (keep) => prune(host, { layout, installId: 'an-install', keep, needed: new Set() }),
    remove: () => {
      if (options.home === undefined) fs.rmSync(home, { recursive: true, force: true });
    },
  };
  return workshop;
}

/** What stands in a folder, told without the code under test: names as bytes in hex where they are no UTF-8. */
export function picture(folder: string | Buffer): Map<string, string> {
  const found = new Map<string, string>();
  look(Buffer.from(folder), '', found);
  return found;
}

function look(folder: Buffer, prefix: string, found: Map<string, string>): void {
  for (const name of fs.readdirSync(folder, { encoding: 'buffer' })) {
    const full = Buffer.concat([folder, Buffer.from('/'), name]);
    const text = name.toString('utf8');
    const path = `${prefix}${text.includes('\ufffd') ? name.toString('hex') : text}`;
    const status = fs.lstatSync(full, { bigint: true });
    const mode = Number(status.mode & 0o7777n).toString(8);
    const micros = (status.mtimeNs + 500n) / 1000n;
    if (status.isSymbolicLink())
      found.set(path, `link ${fs.readlinkSync(full, { encoding: 'buffer' }).toString('hex')}`);
    else if (status.isDirectory()) {
      found.set(path, `folder ${mode} ${micros}`);
      look(full, `${path}/`, found);
    } else if (status.isFile())
      found.set(path, `file ${mode} ${micros} ${status.size} ${contentOf(full, Number(status.size))}`);
    else found.set(path, 'something else');
  }
}

function contentOf(path: Buffer, size: number): string {
  if (size < 64) return fs.readFileSync(path).toString('hex');
  const hash = new Bun.CryptoHasher('sha256');
  const handle = fs.openSync(path, 'r');
  const chunk = Buffer.alloc(1 << 20);
  for (;;) {
    const count = fs.readSync(handle, chunk, 0, chunk.length, null);
    if (count === 0) break;
    hash.update(chunk.subarray(0, count));
  }
  fs.closeSync(handle);
  return hash.digest('hex');
}

/** Bytes that the files in a folder take on the drive. */
export function roomOf(folder: string): number {
  let room = 0;
  for (const entry of fs.readdirSync(folder, { recursive: true, withFileTypes: true }))
    if (entry.isFile()) room += fs.lstatSync(join(entry.parentPath, entry.name)).blocks * 512;
  return room;
}

/** Numbers that a seed decides (mulberry32): below `limit`. */
export function dice(seed: number): (limit: number) => number {
  let state = seed >>> 0;
  return (limit) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) % limit;
  };
}
