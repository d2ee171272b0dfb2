/** The client as a program: its protocol, several of them on one folder, and what a kill leaves behind. */
import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { digest, Repository } from '../trust/feed/repository.ts';
import { putFiles, type Serving, serve } from '../trust/feed/serving.ts';

const KEPT = ['root.json', 'timestamp.json', 'snapshot.json', 'targets.json'];

let base: string;
let repository: Repository;
let server: Serving;

beforeEach(async () => {
  base = fs.mkdtempSync(path.join(os.tmpdir(), 'dgmo-conformance-'));
  repository = new Repository();
  server = await serve(path.join(base, 'served'), repository);
  fs.mkdirSync(path.join(base, 'targets'));
  expect(await run('init', path.join(base, 'served', '1.root.json'))).toBe(0);
});

afterEach(async () => {
  await server.stop();
  fs.rmSync(base, { recursive: true, force: true });
});

function start(...args: string[]): ChildProcess {
  const options = {
    '--metadata-dir': path.join(base, 'kept'),
    '--metadata-url': `http://127.0.0.1:${server.port}`,
    '--target-base-url': `http://127.0.0.1:${server.port}`,
    '--target-dir': path.join(base, 'targets'),
  };
  return spawn(
    process.execPath,
    [path.join(import.meta.dir, 'client.ts'), ...Object.entries(options).flat(), ...args],
    { stdio: 'ignore' },
  );
}

async function run(...args: string[]): Promise<number | null> {
  const child = start(...args);
  await once(child, 'exit');
  return child.exitCode;
}

const kept = (name: string) => fs.readFileSync(path.join(base, 'kept', name), 'utf8');
const published = (name: string) => new TextDecoder().decode(repository.files.get(name));

function publishMore(): void {
  repository.publishRoot();
  repository.publish({ files: { 'dgmo.json': 'another' } });
  putFiles(path.join(base, 'served'), repository);
}

const CURRENT = ['2.root.json', 'timestamp.json', '2.snapshot.json', '2.targets.json'];

test('init, refresh, download; what is not there, and what is not signed, fails', async () => {
  expect(await run('refresh')).toBe(0);
  expect(KEPT.map(kept)).toEqual(
    ['1.root.json', 'timestamp.json', '1.snapshot.json', '1.targets.json'].map(published),
  );
  const served = path.join(base, 'served', `${digest('one')}.dgmo.json`);
  fs.writeFileSync(served, 'two');
  expect(await run('download', '--target-name', 'dgmo.json')).toBe(1);
  expect(fs.readdirSync(path.join(base, 'targets'))).toEqual([]);
  fs.writeFileSync(served, 'one');
  expect(await run('download', '--target-name', 'dgmo.json')).toBe(0);
  expect(fs.readFileSync(path.join(base, 'targets', 'dgmo.json'), 'utf8')).toBe('one');
  expect(await run('download', '--target-name', 'other')).toBe(1);
});

describe('one folder', () => {
  test('six clients at once all succeed, and leave what is published', async () => {
    expect(await run('refresh')).toBe(0);
    publishMore();
    expect(await Promise.all(Array.from({ length: 6 }, () => run('refresh')))).toEqual([0, 0, 0, 0, 0, 0]);
    expect(KEPT.map(kept)).toEqual(CURRENT.map(published));
  });

  test('a client that is killed while it waits for any file leaves whole files, and no lock', async () => {
    expect(await run('refresh')).toBe(0);
    const before = KEPT.map(kept);
    publishMore();
    for (const [index, name] of CURRENT.entries()) {
      await server.behave({ [name]: 'stall' });
      const child = start('refresh');
      await server.asked(name);
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
      const expected = KEPT.map((_, file) => (file < index ? published(CURRENT[file] ?? '') : before[file]));
      expect(KEPT.map(kept)).toEqual(expected as string[]);
    }
    await server.behave({});
    expect(await run('refresh')).toBe(0);
    expect(KEPT.map(kept)).toEqual(CURRENT.map(published));
  });
});
