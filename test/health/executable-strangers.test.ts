/** Something else than a file in the place of the executable: every command says what it is, and those that change something put it aside. */
import { afterAll, beforeEach, describe, expect, test } from 'bun:test';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { parseTarget } from '../../lib/version/index.ts';
import { bundlePublished } from '../../release/commands/bundle-published.ts';
import { NATIVE_PLATFORM } from '../support/workshop.ts';
import { openHealthStage } from './stage.ts';

const here = await openHealthStage();
await here.stage.release('1.2.0');
beforeEach(() => here.reset());
afterAll(() => here[Symbol.asyncDispose]());

const other = path.join(here.stage.folder, 'other');
const updater = path.join(here.dir, 'dgmo-updater');
const NAMES: Record<string, string> = {
  folder: 'a folder',
  pipe: 'a pipe, a socket or a device',
  'symlink to itself': 'a symlink',
  'symlink that leads nowhere': 'a symlink',
  'symlink to another program': 'a symlink',
  'symlink to the updater': 'a symlink',
};

function put(kind: string): void {
  fs.rmSync(here.dgmo, { recursive: true, force: true });
  if (kind === 'folder') {
    fs.mkdirSync(here.dgmo);
    fs.writeFileSync(path.join(here.dgmo, 'mine'), 'mine\n');
  } else if (kind === 'pipe') spawnSync('mkfifo', [here.dgmo]);
  else if (kind === 'symlink to itself') fs.symlinkSync('dgmo', here.dgmo);
  else if (kind === 'symlink that leads nowhere') fs.symlinkSync('nowhere', here.dgmo);
  else if (kind === 'symlink to the updater') fs.symlinkSync('dgmo-updater', here.dgmo);
  else {
    fs.copyFileSync('/bin/sleep', other);
    fs.symlinkSync(other, here.dgmo);
  }
}

async function bundled(version: string, from: string | null): Promise<string> {
  const output = path.join(here.stage.folder, `${version}-${from}.dgmopkg`);
  const target = parseTarget(NATIVE_PLATFORM) ?? expect.unreachable();
  await bundlePublished({ version, target, repo: here.stage.feed.folder, from, output, alone: false });
  return output;
}

const next = await bundled('1.2.0', '1.1.0');
const whole = await bundled('1.1.0', null);

/** What was put there, wherever it is now. */
function aside(): string[] {
  return fs.readdirSync(here.dir).filter((name) => name.startsWith('dgmo.damaged-'));
}

describe.skipIf(process.platform === 'win32').each(Object.keys(NAMES))('a %s', (kind) => {
  beforeEach(() => put(kind));
  const name = NAMES[kind] ?? '';

  test('commands that look: 11, and what it is', async () => {
    const status = await here.run('status');
    expect([status.code, status.out]).toEqual([11, expect.stringContaining(`${name} is in its place`)]);
    const verify = await here.run('verify');
    expect([verify.code, verify.out]).toEqual([11, expect.stringContaining(`found ${name}`)]);
    expect((await here.run('status', '--json')).result()).toMatchObject({ binary: 'changed', instead: name });
    expect((await here.run('check')).code).toBe(0);
    expect(aside()).toEqual([]);
  });

  test('a package of another version, and init: 11, and `repair`', async () => {
    for (const argv of [
      ['--apply', next, '--no-wait', '--no-relaunch'],
      ['init', '--version', '1.1.0'],
    ]) {
      const { code, error } = await here.run(...argv);
      expect([code, error]).toEqual([11, expect.stringContaining(`is no executable, but ${name}`)]);
      expect(error).toContain('`dgmo-updater repair` puts the executable back');
      // A repair may have nothing to repair from.
      if (argv[0] === '--apply')
        expect(error).toContain('Or move that out of the way, and apply a package that contains the full');
    }
    expect(aside()).toEqual([]);
  });

  test('an update, which puts back what is damaged: not what somebody may have put there themselves', async () => {
    const { code, error } = await here.run('update', '--yes');
    if (kind !== 'symlink to another program' && kind !== 'symlink to the updater') {
      expect([code, here.stage.version(), aside()]).toEqual([0, '1.2.0', [expect.any(String)]]);
      return;
    }
    expect([code, aside()]).toEqual([11, []]);
    expect(error).toContain(
      `not the 1.1.0 that was installed, but a symlink to the program ${kind === 'symlink to the updater' ? updater : other}`,
    );
    expect(error).toContain('and keeps the symlink beside');
  });

  test.each([
    ['repair', '1.1.0'],
    ['rollback', '1.0.0'],
  ])('%s: it is moved aside, and %s is there', async (command, version) => {
    const { code } = await here.run(command, '--yes');
    expect(code).toBe(0);
    expect(here.stage.version()).toBe(version);
    expect(fs.lstatSync(here.dgmo).mode & 0o7777).toBe(0o755);
    expect(aside()).toHaveLength(1);
    expect((await here.run('verify')).code).toBe(0);
  });

  test('a package of the installed version: the same', async () => {
    const { code } = await here.run('--apply', whole, '--no-wait', '--no-relaunch');
    expect(code).toBe(0);
    expect(here.stage.version()).toBe('1.1.0');
    expect(aside()).toHaveLength(1);
  });
});

test.skipIf(process.platform === 'win32')(
  'a program that a symlink there leads to is not ended by a rollback',
  async () => {
    put('symlink to another program');
    const process = spawn(other, ['60']);
    await once(process, 'spawn');
    try {
      expect(here.host.processes.running(other)).toEqual([process.pid ?? 0]);
      expect((await here.run('rollback', '--yes', '--kill')).code).toBe(0);
      expect(process.exitCode ?? process.signalCode).toBeNull();
    } finally {
      process.kill('SIGKILL');
      await once(process, 'exit');
    }
  },
);

test.skipIf(process.platform === 'win32').each([
  ['missing', () => fs.rmSync(here.dgmo)],
  ['an empty file', () => fs.writeFileSync(here.dgmo, '')],
  ['no program', () => fs.writeFileSync(here.dgmo, 'hello\n')],
  ['a symlink', () => put('symlink to another program')],
  ['a folder', () => put('folder')],
])(
  'a rollback of the config alone with an executable that is %s: 11, and nothing is changed',
  async (_, damage) => {
    damage();
    const { code, error } = await here.run('rollback', '--yes', '--only', 'config');
    expect([code, error]).toEqual([11, expect.stringContaining('nothing was changed')]);
    expect(error).toContain('`dgmo-updater repair` puts the executable back');
  },
);

test.skipIf(process.platform === 'win32')(
  'with another program that somebody has put there it is carried out',
  async () => {
    fs.writeFileSync(here.dgmo, '#!/bin/sh\necho 9.9.9\n');
    expect((await here.run('rollback', '--yes', '--only', 'config')).code).toBe(0);
  },
);

test('after a rollback from a missing executable nothing claims to keep it', async () => {
  fs.rmSync(here.dgmo);
  expect((await here.run('rollback', '--yes')).code).toBe(0);
  expect((await here.run('status')).out).toMatch(/Before: +nothing kept/);
});

test.skipIf(process.platform === 'win32')(
  'a rollback within a version lets the executable be run again',
  async () => {
    const created = await here.run('snapshots', 'create', '--json');
    const { id } = created.result() as { id: string };
    fs.chmodSync(here.dgmo, 0o644);
    expect((await here.run('rollback', '--yes', id)).code).toBe(0);
    expect(fs.lstatSync(here.dgmo).mode & 0o7777).toBe(0o755);
    expect(here.stage.version()).toBe('1.1.0');
  },
);
