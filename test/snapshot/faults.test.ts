/**
 * Taking, restoring and pruning with every fault at every effect, and whatever a power cut makes of unflushed writes: what
 * stood in the store stays sound, and doing it again succeeds.
 */
import { describe, expect, test } from 'bun:test';
import { errorCode, UpdaterError } from '../../lib/errors.ts';
import { ANY_SIZE, digestFile } from '../../lib/platform/files.ts';
import type { Host } from '../../lib/platform/host.ts';
import {
  carryOut,
  FOLDER_COMPONENTS,
  listSnapshots,
  planRestore,
  prepare,
  profileOf,
  prune,
  type Snapshot,
  storeLayout,
  takeSnapshot,
  Verifier,
  verifyRestored,
} from '../../lib/snapshot/index.ts';
import { LOSSES, SimulatedDisk } from '../host/disk.ts';
import { ERRORS, type Fault, FaultInjector, HARMLESS, Stopped } from '../host/faults.ts';
import { simulatedHost } from '../host/host.ts';

const HOME = '/home/.dgmo';
const BINARY = '/opt/dgmo';

function hostOf(disk: SimulatedDisk, faults = new FaultInjector()): Host {
  return simulatedHost({ disk, faults, versionOf: () => null });
}

async function take(host: Host): Promise<Snapshot> {
  const layout = storeLayout(host, HOME);
  const digest = digestFile(host.disk, BINARY, ANY_SIZE);
  const { snapshot } = await takeSnapshot(host, {
    layout,
    profile: profileOf(host, { home: HOME, app: 'dgmo', store: layout.folder }),
    reason: 'a test',
    kind: 'manual',
    app: 'dgmo',
    installId: 'an-install',
    version: '1.0.0',
    rollback: null,
    binary: digest === null ? null : { path: BINARY, digest, sound: true },
    updater: '0.1.0',
    checkpoint: async () => undefined,
  });
  return snapshot;
}

async function restore(host: Host, snapshot: Snapshot): Promise<void> {
  const layout = storeLayout(host, HOME);
  const profile = profileOf(host, { home: HOME, app: 'dgmo', store: layout.folder });
  const request = {
    host,
    layout,
    snapshot,
    profile,
    components: FOLDER_COMPONENTS,
    id: 'a-restore',
    checkpoint: async () => undefined,
  };
  const plan = planRestore(request);
  await prepare(request, plan);
  carryOut(request, plan);
  verifyRestored(request, plan);
  verifyRestored(request);
}

function pruneTo(host: Host, keep: number): ReturnType<typeof prune> {
  return prune(host, { layout: storeLayout(host, HOME), installId: 'an-install', keep, needed: new Set() });
}

/** The ids of all snapshots; every one of them must be sound. */
async function soundSnapshots(disk: SimulatedDisk): Promise<string[]> {
  const host = hostOf(disk.clone());
  const layout = storeLayout(host, HOME);
  const verifier = new Verifier(host, layout, async () => undefined);
  const ids: string[] = [];
  for (const { id, found } of listSnapshots(host.disk, layout)) {
    if (found instanceof Error) throw found;
    expect((await verifier.verify(found)).problems).toEqual([]);
    ids.push(id);
  }
  verifier.close();
  return ids;
}

function write(disk: SimulatedDisk, path: string, text: string): void {
  disk.place(`${HOME}/${path}`, new TextEncoder().encode(text), 0o644);
}

/** What the folders hold. */
function standing(disk: SimulatedDisk): Record<string, string> {
  const components = /^\/home\/\.dgmo\/(data|config|plugins|evolutions)(\/|$)/;
  return Object.fromEntries(Object.entries(disk.picture()).filter(([path]) => components.test(path)));
}

async function machine(): Promise<{ disk: SimulatedDisk; first: Snapshot; then: Record<string, string> }> {
  const disk = new SimulatedDisk();
  disk.place(BINARY, new TextEncoder().encode('an executable'));
  write(disk, 'data/changes', 'then');
  write(disk, 'data/folder/goes', 'then '.repeat(50));
  write(disk, 'data/stays', 'x'.repeat(70_000));
  write(disk, 'config/settings', '{}');
  disk.symlink('settings', `${HOME}/config/link`);
  disk.flushDirectory(`${HOME}/config`);
  const then = standing(disk);
  return { disk, first: await take(hostOf(disk)), then };
}

function change(disk: SimulatedDisk): void {
  write(disk, 'data/changes', 'now');
  disk.remove(`${HOME}/data/folder/goes`);
  disk.removeDirectory(`${HOME}/data/folder`);
  write(disk, 'data/folder', 'now a file');
  write(disk, 'data/new/deep/file', 'now');
  disk.remove(`${HOME}/config/link`);
  write(disk, 'config/link', 'now a file');
  disk.flushDirectory(`${HOME}/data`);
  disk.flushDirectory(`${HOME}/config`);
}

function faultsOf(name: string): Fault[] {
  const faults: Fault[] = HARMLESS.has(name) ? [] : [{ kind: 'stop' }];
  if (name === 'write') faults.push({ kind: 'short' });
  for (const code of ERRORS[name] ?? []) faults.push({ kind: 'error', code, forGood: true });
  return faults;
}

/** Does the work with every fault at every effect, and calls `after` with what each leaves. The number of faults. */
async function everywhere(
  start: SimulatedDisk,
  work: (host: Host) => Promise<unknown>,
  after: (disk: SimulatedDisk) => Promise<void>,
): Promise<number> {
  const clean = new FaultInjector();
  await work(hostOf(start.clone(), clean));
  let points = 0;
  const tried = new Set<string>();
  for (const [at, name] of clean.seen.entries()) {
    for (const fault of faultsOf(name)) {
      points++;
      const disk = start.clone();
      try {
        await work(hostOf(disk, new FaultInjector({ at, fault })));
      } catch (error) {
        if (!(error instanceof Stopped) && !(error instanceof UpdaterError) && errorCode(error) === undefined)
          throw error;
      }
      if (fault.kind !== 'stop') expect([at, name, fault, disk.openHandles()]).toEqual([at, name, fault, 0]);
      for (const loss of fault.kind === 'stop' ? LOSSES : (['kept', 'lost'] as const)) {
        const left = disk.after(loss);
        const picture = JSON.stringify([left.picture(), left.durablePicture()]);
        if (tried.has(picture)) continue;
        tried.add(picture);
        try {
          await after(left);
        } catch (error) {
          throw new Error(`effect ${at} (${name}), ${JSON.stringify(fault)}, unflushed ${loss}: ${error}`, {
            cause: error,
          });
        }
      }
    }
  }
  console.log(`  ${points} faults and stops`);
  return points;
}

describe('with every fault at every effect', () => {
  test('a snapshot: the earlier ones stay sound, and the next one succeeds', async () => {
    const { disk, first, then } = await machine();
    change(disk);
    const now = standing(disk);
    const done = disk.clone();
    const second = await take(hostOf(done));
    expect(await soundSnapshots(done.after('lost'))).toEqual([first.id, second.id]);
    const points = await everywhere(disk, take, async (left) => {
      expect(await soundSnapshots(left)).toContain(first.id);
      expect(standing(left)).toEqual(now);
      const again = await take(hostOf(left));
      expect(await soundSnapshots(left)).toContain(again.id);
      await restore(hostOf(left), first);
      expect(standing(left)).toEqual(then);
      await restore(hostOf(left), again);
      expect(standing(left)).toEqual(now);
    });
    expect(points).toBeGreaterThan(100);
  });

  test('the very first snapshot', async () => {
    const { disk } = await machine();
    for (const path of Object.keys(disk.picture())
      .filter((path) => path.startsWith(`${HOME}/.snapshots`))
      .reverse()) {
      if (disk.status(path)?.kind === 'directory') disk.removeDirectory(path);
      else disk.remove(path);
    }
    disk.flushDirectory(HOME);
    const points = await everywhere(disk, take, async (left) => {
      const again = await take(hostOf(left));
      expect(await soundSnapshots(left)).toContain(again.id);
    });
    expect(points).toBeGreaterThan(100);
  });

  test('a restore: done again it comes to what it should, and so does a way back', async () => {
    const { disk, first, then } = await machine();
    change(disk);
    const now = standing(disk);
    const second = await take(hostOf(disk));
    const done = disk.clone();
    await restore(hostOf(done), first);
    for (const loss of LOSSES) expect(standing(done.after(loss))).toEqual(then);
    const points = await everywhere(
      disk,
      (host) => restore(host, first),
      async (left) => {
        expect(await soundSnapshots(left)).toEqual([first.id, second.id]);
        const other = left.clone();
        await restore(hostOf(left), first);
        expect(standing(left)).toEqual(then);
        await restore(hostOf(other), second);
        expect(standing(other)).toEqual(now);
      },
    );
    expect(points).toBeGreaterThan(100);
  });

  test('a restore that only removes is on the drive when it is done', async () => {
    const { disk, first, then } = await machine();
    write(disk, 'data/new', 'now');
    await restore(hostOf(disk), first);
    for (const loss of LOSSES) expect(standing(disk.after(loss))).toEqual(then);
  });

  test('a prune that writes packs anew: what is kept stays sound, and done again it gives back the room', async () => {
    const { disk } = await machine();
    write(
      disk,
      'data/goes',
      Buffer.from(Array.from({ length: 50_000 }, (_, index) => (index * index) & 127)).toString(),
    );
    write(disk, 'data/keeps', 'in the same pack');
    const second = await take(hostOf(disk));
    disk.remove(`${HOME}/data/goes`);
    const third = await take(hostOf(disk));
    const clean = disk.clone();
    const { removed, freed } = await pruneTo(hostOf(clean), 1);
    expect(removed).toHaveLength(2);
    const packs = Object.keys(clean.picture()).filter((path) => path.startsWith(`${HOME}/.snapshots/packs/`));
    expect(packs).toHaveLength(1);
    expect(freed).toBeGreaterThan(0);
    const points = await everywhere(
      disk,
      (host) => pruneTo(host, 1),
      async (left) => {
        expect(await soundSnapshots(left)).toContain(third.id);
        await pruneTo(hostOf(left), 1);
        expect(await soundSnapshots(left)).toEqual([third.id]);
        const files = (each: SimulatedDisk) =>
          Object.keys(each.picture()).filter((path) => path.startsWith(`${HOME}/.snapshots/`)).length;
        expect(files(left)).toBe(files(clean));
      },
    );
    expect(points).toBeGreaterThan(50);
    expect(second.id).not.toBe(third.id);
  });
});
