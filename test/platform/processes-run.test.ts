/** A program that is run for its output ends with the process that runs it, even if that is killed. */
import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { nativeProcesses } from '../../lib/platform/native-processes.ts';
import { buildStandin } from '../support/standin.ts';

const { forceEnd, running } = nativeProcesses;
const MODULE = path.resolve(import.meta.dir, '../../lib/platform/native-processes.ts');

let folder: string;
let hanging: string;

beforeEach(async () => {
  folder = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'run ')));
  hanging = path.join(folder, 'dgmo');
  fs.copyFileSync(await buildStandin({ version: '2.0.0', behaviour: 'hang' }), hanging);
});
afterEach(() => {
  for (const pid of running(hanging)) forceEnd(pid);
  fs.rmSync(folder, { recursive: true });
});

async function until(reached: () => boolean): Promise<void> {
  while (!reached()) {
    await Bun.sleep(10);
  }
}

const options = (timeLimit: number) => ({ environment: {}, workingDirectory: folder, timeLimit });

test.skipIf(process.platform === 'win32')(
  'a version that hangs ends when the updater is killed',
  async () => {
    const call = `await nativeProcesses.run(${JSON.stringify(hanging)}, ['--version'], ${JSON.stringify(options(50_000))})`;
    const updater = spawn(
      process.execPath,
      ['-e', `import { nativeProcesses } from ${JSON.stringify(MODULE)}; ${call}`],
      { stdio: 'ignore' },
    );
    const ended = new Promise((resolve) => updater.on('exit', resolve));
    await until(() => running(hanging).length === 1);
    updater.kill('SIGKILL');
    await ended;
    await until(() => running(hanging).length === 0);
  },
);

test.skipIf(process.platform === 'win32')('a version that hangs ends at its time limit', async () => {
  const result = await nativeProcesses.run(hanging, ['--version'], options(300));
  expect(result).toMatchObject({ code: null, signal: 'SIGKILL', timedOut: true });
  await until(() => running(hanging).length === 0);
});

describe.skipIf(process.platform === 'win32')('what can not be started is told apart from what fails', () => {
  const file = () => path.join(folder, 'program');
  const write = (content: string, mode: number) => fs.writeFileSync(file(), content, { mode });

  test.each([
    ['is not there', () => undefined, 'ENOENT'],
    ['may not be executed', () => write('#!/bin/sh\n', 0o644), 'EACCES'],
    ['has no format that is known', () => write('nothing', 0o755), 'ENOEXEC'],
    ['wants a loader that is not there', () => write('#!/no/such/loader\n', 0o755), 'ENOENT'],
  ])('a file that %s', async (_, prepare, code) => {
    prepare();
    const result = await nativeProcesses.run(file(), ['--version'], options(5000));
    expect(result).toMatchObject({ started: false, code });
    // A sentence, not the name of a call.
    expect('reason' in result ? result.reason : '').not.toContain('spawn');
  });

  test.skipIf(spawnSync('strace', ['-V']).status !== 0)('a system with no room for a process', () => {
    const call = `console.log(JSON.stringify(await nativeProcesses.run('/bin/true', [], ${JSON.stringify(options(5000))})))`;
    const { stdout } = spawnSync('strace', [
      ...['-f', '-o', '/dev/null', '-e', 'trace=vfork', '-e', 'inject=vfork:error=EAGAIN'],
      ...[process.execPath, '-e', `import { nativeProcesses } from ${JSON.stringify(MODULE)}; ${call}`],
    ]);
    expect(JSON.parse(stdout.toString())).toMatchObject({ started: false, code: 'EAGAIN' });
  });

  test('a program that fails was started, and what it leaves behind does not keep us', async () => {
    write('#!/bin/sh\necho said\necho wrong >&2\nsleep 10 &\nexit 3\n', 0o755);
    const result = await nativeProcesses.run(file(), [], options(20_000));
    expect(result).toMatchObject({
      started: true,
      code: 3,
      signal: null,
      stdout: 'said\n',
      stderr: 'wrong\n',
    });
    expect('duration' in result ? result.duration : Number.POSITIVE_INFINITY).toBeLessThan(9000);
  });
});
