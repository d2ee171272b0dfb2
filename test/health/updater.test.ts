/** The updater is vouched for by a record of its own: from the first install on, and by the release that brings another. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test';
import fs from 'node:fs';
import path from 'node:path';
import { type HealthIssue, Installation, SelfHealingSystem } from '../../lib/index.ts';
import { nativeHost } from '../../lib/platform/native.ts';
import { NATIVE_PLATFORM } from '../support/workshop.ts';
import { openStage, SETTINGS, type Stage } from '../update/stage.ts';

/** @param more bytes that make it another build of the same version */
function program(version: string, more = ''): Uint8Array {
  const script = `#!/bin/sh\ncase "$1" in --version) echo ${version} ;; *) echo '{"event":"result"}' ;; esac\nexit 0\n`;
  return new TextEncoder().encode(`${script}${`# ${version}\n`.repeat(20_000)}${more}`);
}

let stage: Stage;
let pristine: string;
const file = () => path.join(stage.dir, 'dgmo-updater');
const cache = () => path.join(stage.home, 'cache');

/** 1.1.0 has brought 0.2.0 in the place of 0.1.0, which is kept. */
beforeAll(async () => {
  stage = await openStage();
  fs.writeFileSync(file(), program('0.1.0'), { mode: 0o755 });
  await stage.release('1.1.0', {
    updaters: { [NATIVE_PLATFORM]: { version: '0.2.0', content: program('0.2.0') } },
  });
  const manager = stage.manager();
  const update = (await manager.checkForUpdates()) ?? expect.unreachable();
  await manager.applyUpdate(await manager.downloadUpdate(update));
  expect(installed()).toBe('0.2.0');
  pristine = path.join(stage.folder, 'pristine');
  copyAll(stage.folder, pristine);
});
beforeEach(() => copyAll(pristine, stage.folder));
afterAll(() => stage[Symbol.asyncDispose]());

function copyAll(from: string, to: string): void {
  for (const name of ['bin', 'home']) {
    fs.rmSync(path.join(to, name), { recursive: true, force: true });
    fs.cpSync(path.join(from, name), path.join(to, name), {
      recursive: true,
      verbatimSymlinks: true,
      preserveTimestamps: true,
    });
  }
}

const installed = () => Bun.spawnSync([file(), '--version']).stdout.toString().trim();

function flip(at: number): void {
  const bytes = fs.readFileSync(file());
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  fs.writeFileSync(file(), bytes);
}

/** @param running the updater that runs; null: another program, which has the library */
function health(running: string | null = null, version = '0.2.0'): SelfHealingSystem {
  const host = nativeHost();
  const { processes } = host;
  const executable = (pid: number) => (pid === processes.pid ? running : processes.executable(pid));
  return new SelfHealingSystem({
    ...{ installDir: stage.dir, home: stage.home, settings: { ...SETTINGS, version } },
    host: { ...host, processes: { ...processes, executable } },
  });
}

const ofUpdater = ({ issues }: { issues: HealthIssue[] }) => issues.filter(({ where }) => where === file());

test('an updater as it was installed is healthy', async () => {
  expect(ofUpdater(await health().verify({ full: true }))).toEqual([]);
});

test.each([['quick'], ['full']])('one flipped byte is found: %s', async (how) => {
  flip(150_000);
  const [found, ...more] = ofUpdater(await health().verify({ full: how === 'full' }));
  expect(more).toEqual([]);
  expect(found).toMatchObject({ type: 'updater_corruption', severity: 'damage' });
  expect(found?.what).toContain('its bytes are not those of the updater 0.2.0 that was installed');
});

test('a tail that is cut off is found without reading it', async () => {
  fs.truncateSync(file(), 90_000);
  const [found] = ofUpdater(await health().verify());
  expect(found?.what).toMatch(/wanted \d+ bytes, as the updater 0\.2\.0 has, found 90000/);
});

describe('it is put back', () => {
  const damages: [name: string, damage: () => void][] = [
    ['with a flipped byte', () => flip(150_000)],
    ['missing', () => fs.rmSync(file())],
    [
      'with a folder in its place',
      () => {
        fs.rmSync(file());
        fs.mkdirSync(file());
      },
    ],
  ];
  describe.each(damages)('%s', (_, damage) => {
    test('from what was downloaded before, with no network', async () => {
      damage();
      const result = await health(file()).repair({ offline: true });
      expect(result).toMatchObject({ success: true, failed: [], bytesFetched: 0 });
      expect(result.sources).toEqual([{ where: file(), how: '0.2.0, downloaded before' }]);
      expect(fs.readFileSync(file())).toEqual(Buffer.from(program('0.2.0')));
    });

    test('from the feed', async () => {
      fs.rmSync(cache(), { recursive: true });
      damage();
      const result = await health(file()).repair();
      expect(result).toMatchObject({ success: true, failed: [] });
      expect(result.bytesFetched).toBeGreaterThan(100);
      expect(fs.readFileSync(file())).toEqual(Buffer.from(program('0.2.0')));
    });

    test('by the one before it, where nothing else is at hand, and the newer one comes later', async () => {
      fs.rmSync(cache(), { recursive: true });
      damage();
      const result = await health(file()).repair({ offline: true });
      expect(result.success).toBe(true);
      expect(installed()).toBe('0.1.0');
      const left = await health(file(), '0.1.0').verify();
      expect(left.healthy).toBe(true);
      expect(ofUpdater(left)).toMatchObject([
        {
          type: 'updater_outdated',
          severity: 'notice',
          what: 'the updater 0.2.0, which came with 1.1.0, is not there yet',
        },
      ]);
      expect(await health(file(), '0.1.0').repair()).toMatchObject({ success: true, failed: [] });
      expect(fs.readFileSync(file())).toEqual(Buffer.from(program('0.2.0')));
    });
  });

  test('from the copy that runs, if that is the same', async () => {
    const elsewhere = path.join(stage.folder, 'dgmo-updater');
    fs.writeFileSync(elsewhere, program('0.2.0'), { mode: 0o755 });
    flip(150_000);
    const { sources } = await health(elsewhere).repair();
    expect(sources).toEqual([{ where: file(), how: `a copy of ${elsewhere}` }]);
  });

  test('or it is said what to do, and nothing is made worse', async () => {
    fs.rmSync(cache(), { recursive: true });
    for (const name of fs.readdirSync(path.join(stage.dir, '.dgmo-updater/updater')))
      if (name.startsWith('kept-')) fs.rmSync(path.join(stage.dir, '.dgmo-updater/updater', name));
    flip(150_000);
    const before = fs.readFileSync(file());
    const { success, failed } = await health(file()).repair({ offline: true });
    expect(success).toBe(false);
    expect(failed).toMatchObject([{ error: 'there is no good copy of the updater on this machine' }]);
    expect(failed[0]?.advice).toContain('run that one with --install-dir');
    expect(fs.readFileSync(file())).toEqual(before);
  });
});

describe('its own records', () => {
  const records = () => path.join(stage.dir, '.dgmo-updater', 'updater');
  const record = (name: string) => path.join(records(), name);
  const inRecords = ({ issues }: { issues: HealthIssue[] }) =>
    issues.filter(({ where }) => where.startsWith(records()));
  function flipIn(name: string): void {
    const bytes = fs.readFileSync(record(name));
    bytes[30] = (bytes[30] ?? 0) ^ 1;
    fs.writeFileSync(record(name), bytes);
  }
  const newer = 'x'.repeat(5 << 20);

  test.each([
    ['one record of the journal', 'journal', () => flipIn('journal'), "records can't be read"],
    ['the journal, which is lost', 'journal', () => fs.rmSync(record('journal')), 'the journal is missing'],
    ['a journal that is too long', 'journal', () => fs.writeFileSync(record('journal'), newer), 'at most'],
    ['the receipt', 'installed.json', () => flipIn('installed.json'), 'is damaged'],
    ['the receipt, which is lost', 'installed.json', () => fs.rmSync(record('installed.json')), 'no receipt'],
  ])('%s: found and mended', async (_, name, harm, what) => {
    const receipt = fs.readFileSync(record('installed.json'));
    harm();
    expect(inRecords(await health().verify())).toMatchObject([
      { where: record(name), severity: 'damage', what: expect.stringContaining(what) },
    ]);
    expect(await health().repair({ offline: true })).toMatchObject({ success: true, failed: [] });
    expect(inRecords(await health().verify({ full: true }))).toEqual([]);
    expect(fs.readFileSync(record('installed.json'))).toEqual(receipt);
    expect(fs.readFileSync(file())).toEqual(Buffer.from(program('0.2.0')));
  });

  test('both of them: the updater that is there is recorded', async () => {
    for (const name of ['journal', 'installed.json']) fs.writeFileSync(record(name), 'nothing of ours\n');
    const { success, sources } = await health().repair({ offline: true });
    expect(success).toBe(true);
    expect(sources).toContainEqual({
      ...{ where: record('installed.json'), how: 'the updater that is there is recorded' },
    });
    expect(JSON.parse(fs.readFileSync(record('installed.json'), 'utf8'))).toMatchObject({
      receipt: { binary: { version: '0.2.0' } },
    });
  });
});

describe('another one that a person has put there', () => {
  const byHand = () => fs.writeFileSync(file(), program('0.3.0'));

  test('is no damage where it runs, and is recorded', async () => {
    byHand();
    const found = await health(file(), '0.3.0').verify();
    expect(found.healthy).toBe(true);
    expect(ofUpdater(found)).toMatchObject([
      { severity: 'notice', what: 'it was replaced: 0.2.0 is recorded, 0.3.0 runs' },
    ]);
    expect(await health(file(), '0.3.0').repair()).toMatchObject({ success: true, failed: [] });
    expect(installed()).toBe('0.3.0');
    expect(ofUpdater(await health(null, '0.3.0').verify({ full: true }))).toEqual([]);
    flip(150_000);
    expect(ofUpdater(await health(file(), '0.3.0').verify())).toHaveLength(1);
  });

  test('is recorded by init', async () => {
    byHand();
    expect(ofUpdater(await health().verify())).toMatchObject([
      { severity: 'damage', advice: 'If you replaced it yourself, run `dgmo-updater init` to record it.' },
    ]);
    const { installDir, home } = { installDir: stage.dir, home: stage.home };
    await new Installation({ installDir, home, settings: SETTINGS }).adopt({});
    expect(ofUpdater(await health().verify({ full: true }))).toEqual([]);
  });
});
