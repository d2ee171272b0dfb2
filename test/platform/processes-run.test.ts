/** A program that is run for its output ends with whoever runs it, even where that one is killed. */
import { afterEach, beforeEach, expect, test } from 'bun:test';
import { spawn } from 'node:child_process';
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
  const deadline = performance.now() + 10_000;
  while (!reached()) {
    if (performance.now() > deadline) throw new Error(`not reached within 10 s: ${reached}`);
    await Bun.sleep(10);
  }
}

const options = (timeLimit: number) => ({ environment: {}, workingDirectory: folder, timeLimit });

test.skipIf(process.platform === 'win32')(
  'a version that hangs goes when the updater is killed',
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

test.skipIf(process.platform === 'win32')('and at its time limit otherwise', async () => {
  const result = await nativeProcesses.run(hanging, ['--version'], options(300));
  expect(result).toMatchObject({ code: null, signal: 'SIGKILL', timedOut: true });
  await until(() => running(hanging).length === 0);
});
