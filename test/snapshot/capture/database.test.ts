/** A SQLite database that somebody works with is held whole, as it was at one moment. */
import { Database } from 'bun:sqlite';
import { afterEach, describe, expect, test } from 'bun:test';
import fs from 'node:fs';
import { join } from 'node:path';
import type { Databases } from '../../../lib/platform/databases.ts';
import { nativeHost } from '../../../lib/platform/native.ts';
import type { Snapshot } from '../../../lib/snapshot/index.ts';
import { openWorkshop, picture, type Workshop } from '../workshop.ts';

const SNAPSHOTS = 5;
const opened: (() => void)[] = [];

afterEach(() => {
  for (const close of opened.splice(0)) close();
});

function workshopWith(databases?: Databases): Workshop {
  const workshop = openWorkshop(databases === undefined ? {} : { databases });
  opened.push(workshop.remove);
  return workshop;
}

interface Writer {
  file: string;
  /** Transactions that are committed for sure. */
  committed(): number;
  kill(): Promise<void>;
}

async function startWriter(
  workshop: Workshop,
  journal: string,
  { rows = 50, limit = 0 } = {},
): Promise<Writer> {
  const file = join(workshop.root('data'), 'dgmo.db');
  const progress = join(workshop.home, 'progress');
  const child = Bun.spawn(
    [
      process.execPath,
      join(import.meta.dir, 'database-writer.ts'),
      file,
      progress,
      journal,
      String(rows),
      String(limit),
    ],
    { stdin: 'pipe', stdout: 'pipe', stderr: 'inherit' },
  );
  const kill = async () => {
    child.kill('SIGKILL');
    await child.exited;
  };
  opened.unshift(() => child.kill('SIGKILL'));
  const wanted = limit === 0 ? 'ready' : 'done';
  let text = '';
  for await (const chunk of child.stdout) {
    text += new TextDecoder().decode(chunk);
    if (text.includes(wanted)) break;
  }
  return { file, committed: () => Number(fs.readFileSync(progress, 'utf8')), kill };
}

/** The data of the snapshot in another folder. */
async function elsewhere(workshop: Workshop, snapshot: Snapshot): Promise<string> {
  const folder = fs.mkdtempSync(join(workshop.home, 'elsewhere-'));
  const { data } = snapshot.components;
  const roots = data.roots.map((root) => ({ ...root, path: folder, resolved: folder }));
  await workshop.restore({ ...snapshot, components: { ...snapshot.components, data: { ...data, roots } } }, [
    'data',
  ]);
  return folder;
}

/** How many transactions are in it; it must be whole. */
function countIn(file: string): number {
  const database = new Database(file);
  try {
    expect(database.query('PRAGMA integrity_check').values()).toEqual([['ok']]);
    const sum = database.query(
      'SELECT (SELECT sum(amount) FROM left_side) + (SELECT sum(amount) FROM right_side), (SELECT 2000 * count(*) FROM left_side)',
    );
    const [[total, wanted] = []] = sum.values();
    expect(total).toBe(wanted ?? null);
    return Number(database.query('SELECT count FROM counter').values()[0]?.[0]);
  } finally {
    database.close();
  }
}

async function snapshotsUnderWriter(workshop: Workshop, journal: string, rows: number): Promise<void> {
  const writer = await startWriter(workshop, journal, { rows });
  const taken: { snapshot: Snapshot; committed: number }[] = [];
  for (let index = 0; index < SNAPSHOTS; index++) {
    const committed = writer.committed();
    taken.push({ committed, snapshot: await workshop.take() });
  }
  await writer.kill();
  for (const { snapshot, committed } of taken) {
    expect(snapshot.warnings).toEqual([]);
    const folder = await elsewhere(workshop, snapshot);
    expect(fs.readdirSync(folder).filter((name) => name.endsWith('-shm'))).toEqual([]);
    expect(countIn(join(folder, 'dgmo.db'))).toBeGreaterThanOrEqual(committed);
  }
  expect(await workshop.problems()).toEqual([]);
}

describe('a database that is written as fast as it goes', () => {
  test('with a write-ahead log', () => snapshotsUnderWriter(workshopWith(), 'wal', 50));
  test('with a rollback journal', () => snapshotsUnderWriter(workshopWith(), 'delete', 50));
  test('of more than 20 MB, checkpointed all the time', () =>
    snapshotsUnderWriter(workshopWith(), 'wal', 11_000));

  test('is not held whole, and said so, where nobody can be kept from writing', async () => {
    const workshop = workshopWith({ hold: () => null });
    const writer = await startWriter(workshop, 'wal', { rows: 11_000 });
    // On a busy machine the writer may not get a turn while one is taken.
    let warnings: readonly string[] = [];
    while (warnings.length === 0) ({ warnings } = await workshop.take());
    await writer.kill();
    expect(warnings.join()).toContain('kept changing while it was read');
  });
});

test('a database that is open is held by a read transaction, which is let go of', async () => {
  let held = 0;
  let released = 0;
  const native = nativeHost().databases;
  const workshop = workshopWith({
    hold(path) {
      const hold = native.hold(path);
      if (hold === null) return null;
      held++;
      return {
        release() {
          released++;
          hold.release();
        },
      };
    },
  });
  const writer = await startWriter(workshop, 'wal', { limit: 5 });
  await workshop.take();
  await writer.kill();
  expect({ held, released }).toEqual({ held: 1, released: 1 });
});

describe('a log that a killed writer left', () => {
  test('goes with its database', async () => {
    const workshop = workshopWith();
    const writer = await startWriter(workshop, 'wal', { limit: 30 });
    await writer.kill();
    expect(fs.statSync(`${writer.file}-wal`).size).toBeGreaterThan(0);
    const snapshot = await workshop.take();
    expect(snapshot.warnings).toEqual([]);
    expect(countIn(join(await elsewhere(workshop, snapshot), 'dgmo.db'))).toBe(30);
  });

  test('and whatever else is in the folder stay as they were: nothing is made, moved or removed', async () => {
    const workshop = workshopWith();
    const writer = await startWriter(workshop, 'wal', { limit: 30 });
    await writer.kill();
    fs.rmSync(`${writer.file}-shm`);
    const before = picture(workshop.root('data'));
    const { warnings } = await workshop.take();
    expect(warnings).toEqual([]);
    expect(picture(workshop.root('data'))).toEqual(before);
  });
});

describe('the index of a log', () => {
  test('is in no snapshot, and goes when its database is put back', async () => {
    const workshop = workshopWith();
    const writer = await startWriter(workshop, 'wal', { limit: 30 });
    const snapshot = await workshop.take();
    await writer.kill();
    expect(fs.existsSync(`${writer.file}-shm`)).toBe(true);
    const later = new Database(writer.file);
    later.exec('UPDATE counter SET count = 99; PRAGMA wal_checkpoint(TRUNCATE)');
    later.exec('UPDATE counter SET count = 100');
    // Closed by force, as by a kill: the index stays.
    const kept = ['', '-wal', '-shm'].map((end) => [end, fs.readFileSync(`${writer.file}${end}`)] as const);
    later.close();
    for (const [end, content] of kept) fs.writeFileSync(`${writer.file}${end}`, content);
    await workshop.restore(snapshot);
    expect(fs.existsSync(`${writer.file}-shm`)).toBe(false);
    expect(countIn(writer.file)).toBe(30);
  });

  test('stays where the database is what it was', async () => {
    const workshop = workshopWith();
    const writer = await startWriter(workshop, 'wal', { limit: 30 });
    await writer.kill();
    const snapshot = await workshop.take();
    await workshop.restore(snapshot);
    expect(fs.existsSync(`${writer.file}-shm`)).toBe(true);
  });
});

test('an empty file with a name like a database is no database: nothing is made beside it', async () => {
  const workshop = workshopWith();
  for (const name of ['d', 'd-wal']) fs.writeFileSync(join(workshop.root('data'), name), '');
  await workshop.take();
  expect(fs.readdirSync(workshop.root('data')).sort()).toEqual(['d', 'd-wal']);
});
