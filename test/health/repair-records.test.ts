/** What a repair writes down: its line in the history, and the snapshot that it begins with. */
import { afterAll, beforeEach, describe, expect, test } from 'bun:test';
import fs from 'node:fs';
import path from 'node:path';
import { DamagedError, Installation, type Snapshot, SnapshotManager } from '../../lib/index.ts';
import { openHealthStage } from './stage.ts';

const here = await openHealthStage();
beforeEach(() => here.reset());
afterAll(() => here[Symbol.asyncDispose]());

const place = () => ({ installDir: here.dir, home: here.home, settings: here.settings });
const snapshots = () => new SnapshotManager(place());
const history = async () =>
  (await new Installation(place()).history()).filter(({ kind }) => kind === 'repair');
const remove = (...names: string[]) => {
  for (const name of names) fs.rmSync(path.join(here.home, name), { recursive: true, force: true });
};
function flip(file: string): void {
  const bytes = fs.readFileSync(file);
  bytes[20_000] = (bytes[20_000] ?? 0) ^ 0x20;
  fs.writeFileSync(file, bytes);
}

describe('the history', () => {
  test('has a repair that put everything right', async () => {
    flip(here.dgmo);
    await here.health().repair();
    const [entry, ...more] = await history();
    expect(more).toEqual([]);
    expect(entry).toMatchObject({ from: '1.1.0', to: '1.1.0', ended: 'done', reason: null });
    expect(entry?.milliseconds).toBeGreaterThan(0);
    expect(entry?.installId).not.toBeNull();
    expect((await here.run('history')).out).toMatch(/repair +1\.1\.0 +1\.1\.0 .*done/);
  });

  test('has one of the executable alone, as an update and the service make it', async () => {
    flip(here.dgmo);
    await here.health().repairExecutable();
    expect(await history()).toMatchObject([{ ended: 'done' }]);
  });

  test('has one that left something, and what', async () => {
    remove('cache', '.snapshots');
    flip(here.dgmo);
    await here.health().repair({ offline: true });
    expect(await history()).toMatchObject([
      { ended: 'failed', reason: `${here.dgmo}: there is no good copy of 1.1.0 on this machine` },
    ]);
  });

  test('has one that was interrupted', async () => {
    flip(here.dgmo);
    const stop = new AbortController();
    const health = here.health({
      signal: stop.signal,
      onEvent: ({ event }) => void (event === 'repairing' && stop.abort()),
    });
    await expect(health.repair()).rejects.toThrow('interrupted');
    expect(await history()).toMatchObject([{ ended: 'interrupted' }]);
  });

  test('has none where nothing was to be repaired', async () => {
    await here.health().repair();
    expect(await history()).toEqual([]);
  });
});

describe('the snapshot before a repair', () => {
  const stored = () => fs.readdirSync(path.join(here.home, '.snapshots', 'binaries'));

  /** Repairs the executable, and returns the snapshot that it began with. */
  async function before(): Promise<Snapshot> {
    const { snapshot, success } = await here.health().repair();
    expect(success).toBe(true);
    const found = await snapshots().listSnapshots();
    const one = found.find(({ id }) => id === snapshot)?.found;
    return one === undefined || one instanceof Error ? expect.unreachable() : one;
  }

  test('has no damaged executable, and says so', async () => {
    const had = stored();
    flip(here.dgmo);
    const { components, reason } = await before();
    expect(components.binary).toBeNull();
    expect(reason).toBe('Before a repair; the executable was damaged, and is left out');
    expect(stored()).toEqual(had);
  });

  test('is not what a rollback goes back to, and brings no damage back if it is named', async () => {
    flip(here.dgmo);
    const { id } = await before();
    await expect(snapshots().rollback(id)).rejects.toThrow(DamagedError);
    expect(here.stage.version()).toBe('1.1.0');
    await snapshots().rollback(id, { only: ['config', 'data'] });
    expect(here.stage.version()).toBe('1.1.0');
    await snapshots().rollback();
    expect(here.stage.version()).toBe('1.0.0');
  });

  test('is not offered where no older version is left', async () => {
    for (const name of fs.readdirSync(here.workDir))
      if (name.startsWith('kept-')) fs.rmSync(path.join(here.workDir, name));
    remove('.snapshots');
    flip(here.dgmo);
    await before();
    await expect(snapshots().rollback()).rejects.toThrow('there is no version before 1.1.0 to go back to');
    expect((await here.health().situation()).goBackTo).toBeNull();
  });

  test('keeps another program that somebody has put there', async () => {
    fs.writeFileSync(here.dgmo, '#!/bin/sh\necho 9.9.9\n');
    const { components } = await before();
    expect(components.binary).toMatchObject({ sound: false });
    expect(stored()).toContain(components.binary?.checksum ?? '');
  });
});
