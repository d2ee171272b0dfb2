/**
 * Something of another kind in the place of a file of the updater, for every one of its files: `verify` names it, `repair` moves
 * it aside, and what belongs there is made again. Nothing is removed.
 */
import { afterAll, beforeEach, describe, expect, test } from 'bun:test';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { type OwnFile, ownFilesOfHome, ownRecords } from '../../lib/health/check/own-files.ts';
import { openSession } from '../../lib/install/index.ts';
import { nativeHost } from '../../lib/platform/native.ts';
import { openHealthStage } from './stage.ts';

const here = await openHealthStage();
beforeEach(() => here.reset());
afterAll(() => here[Symbol.asyncDispose]());

const isRoot = process.getuid?.() === 0;
const KINDS = ['file', 'folder', 'pipe', 'symlink', ...(isRoot ? (['device'] as const) : [])] as const;
type Kind = (typeof KINDS)[number];

/** Those that the install has, and those that it may have at times. */
function own(): OwnFile[] {
  const session = openSession(nativeHost(), {
    installDir: here.dir,
    home: { folder: here.home },
    settings: here.settings,
  });
  const { layout, snapshots } = session;
  if (snapshots === null) throw new Error('there is a home');
  const records = ownRecords(session);
  const [model] = records;
  if (model === undefined) throw new Error('there are records');
  const later = [layout.holder, layout.lastHolder, layout.publisher, layout.join(layout.workDir, 'read.json')]
    .filter((file) => !records.some(({ path: known }) => known === file))
    .map((file) => ({ ...model, path: file }));
  return [...records, ...later, ...ownFilesOfHome(session, snapshots)];
}

function put(file: string, kind: Kind): void {
  fs.rmSync(file, { recursive: true, force: true });
  fs.mkdirSync(path.dirname(file), { recursive: true });
  if (kind === 'folder') {
    fs.mkdirSync(file);
    fs.writeFileSync(path.join(file, 'mine'), 'mine\n');
  } else if (kind === 'file') fs.writeFileSync(file, 'mine, a file\n');
  else if (kind === 'pipe') spawnSync('mkfifo', [file]);
  else if (kind === 'device') spawnSync('mknod', [file, 'c', '1', '3']);
  else fs.symlinkSync('/nowhere/at/all', file);
}

/** Where things of that kind are, wherever they were moved to. */
function strangers(kind: Kind): string[] {
  const all = [here.dir, here.home].flatMap((top) =>
    fs
      .readdirSync(top, { recursive: true, withFileTypes: true })
      .map((entry) => ({ entry, file: path.join(entry.parentPath, entry.name) })),
  );
  return all
    .filter(({ entry, file }) => {
      if (kind === 'pipe') return entry.isFIFO();
      if (kind === 'device') return entry.isCharacterDevice();
      if (kind === 'symlink') return entry.isSymbolicLink() && fs.readlinkSync(file) === '/nowhere/at/all';
      if (kind === 'file') return entry.isFile() && fs.readFileSync(file, 'utf8') === 'mine, a file\n';
      return entry.isFile() && entry.name === 'mine';
    })
    .map(({ file }) => file);
}

/** A folder in the place of a folder is none of another kind, nor is a file in the place of a file. */
function kindsFor({ kind }: OwnFile): Kind[] {
  return KINDS.filter((one) => one !== (kind === 'file' ? 'file' : 'folder'));
}

async function tryThem(files: readonly OwnFile[], kind: Kind): Promise<void> {
  for (const { path: file } of files) put(file, kind);
  const before = strangers(kind).length;
  expect(before).toBe(files.length);
  const { issues } = await here.health().verify({ full: true });
  for (const { path: file } of files) {
    const issue = issues.find(
      ({ where, what }) => where === file && /^wanted a (file|folder) of dgmo-updater/.test(what),
    );
    expect([file, kind, issue?.repair ?? null]).toEqual([
      file,
      kind,
      expect.stringContaining('move it aside'),
    ]);
  }
  expect(issues.filter(({ what }) => /\b(ENXIO|EISDIR|ELOOP)\b/.test(what))).toEqual([]);
  const { success, failed } = await here.health().repair();
  expect([files.map(({ path: file }) => file), kind, success, failed]).toEqual([
    files.map(({ path: file }) => file),
    kind,
    true,
    [],
  ]);
  expect(strangers(kind)).toHaveLength(before);
  expect(here.stage.version()).toBe('1.1.0');
}

describe.skipIf(process.platform === 'win32')('something else in the place of', () => {
  // One in seven, to save time: each is tried below, with the others of its room.
  test('one file of the updater alone', async () => {
    const files = own();
    expect(files.length).toBeGreaterThan(60);
    for (const [number, file] of files.entries()) {
      if (number % 7 !== 3) continue;
      here.reset();
      const kinds = kindsFor(file);
      const kind = kinds[Math.floor(number / 7) % kinds.length];
      if (kind !== undefined) await tryThem([file], kind);
    }
  });

  test('each folder of the home', async () => {
    const folders = own().filter(
      ({ path: file, kind }) => kind === 'directory' && file.startsWith(here.home + path.sep),
    );
    expect(folders.length).toBeGreaterThan(7);
    for (const [number, folder] of folders.entries()) {
      here.reset();
      // What was read and is a minute old is remembered by its path, which leads through a file then.
      const host = nativeHost();
      const clock = { ...host.clock, now: () => Date.now() + 60_000 };
      await here.health({ host: { ...host, clock } }).verify({ full: true });
      const kind = KINDS.filter((one) => one !== 'folder')[number % 2];
      if (kind !== undefined) await tryThem([folder], kind);
    }
  });

  for (const kind of KINDS.filter((one) => one !== 'file')) {
    test(`all files of a room: a ${kind}`, async () => {
      const rooms = Map.groupBy(
        own().filter((file) => file.kind === 'file'),
        ({ type }) => type,
      );
      expect([...rooms.keys()].length).toBeGreaterThan(5);
      for (const files of rooms.values()) {
        here.reset();
        await tryThem(files, kind);
      }
    });
  }

  test('a symlink that leads to a file: settings may be kept elsewhere, locks and records may not', async () => {
    const elsewhere = path.join(here.stage.folder, 'elsewhere');
    const damaged = async (file: string) => {
      here.reset();
      fs.writeFileSync(elsewhere, fs.existsSync(file) ? fs.readFileSync(file) : '');
      fs.rmSync(file, { force: true });
      fs.symlinkSync(elsewhere, file);
      return !(await here.health().verify()).healthy;
    };
    expect(await damaged(path.join(here.home, 'choices.json'))).toBe(false);
    expect(await damaged(path.join(here.home, '.snapshots', 'lock'))).toBe(true);
    expect(await damaged(path.join(here.workDir, 'installed.json'))).toBe(true);
  });

  test('the lock of the feed: a check works again', async () => {
    const lock = own().find(({ path: file }) => /trust.feed.[^/]+.lock$/.test(file));
    if (lock === undefined) throw new Error('the feed has a lock');
    await tryThem([lock], 'folder');
    expect(await here.stage.manager().checkForUpdates()).toBeNull();
  });
});

test('the list has every file in the work dir and in the home but what is the user’s', () => {
  const known = new Set(own().map(({ path: file }) => file));
  const users = ['config', 'plugins', 'data', 'evolutions'].map((name) => path.join(here.home, name));
  const files = [here.workDir, here.home].flatMap((top) =>
    fs
      .readdirSync(top, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => path.join(entry.parentPath, entry.name)),
  );
  const unknown = files.filter(
    (file) => !known.has(file) && !users.some((folder) => file.startsWith(`${folder}${path.sep}`)),
  );
  expect(unknown).toEqual([]);
});
