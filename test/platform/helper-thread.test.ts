/** A helper thread's steps are waited for, also those that were taken before somebody waited. */
import { expect, test } from 'bun:test';
import os from 'node:os';
import path from 'node:path';
import { HelperThread } from '../../lib/platform/threads/helper-thread.ts';

const turn = () => new Promise((resolve) => setImmediate(resolve));

test.skipIf(os.availableParallelism() < 2)(
  'a step that was taken before is not waited for again',
  async () => {
    const told = new Int32Array(new SharedArrayBuffer(4));
    const script = `
    const { parentPort, workerData } = require('node:worker_threads');
    parentPort.on('message', () => undefined);
    parentPort.postMessage(null);
    Atomics.store(workerData, 0, 1);
  `;
    const thread = HelperThread.start(script, told);
    while (Atomics.load(told, 0) === 0) await turn();
    // The message has been sent; it arrives as the event loop turns.
    for (let i = 0; i < 1000; i++) await turn();
    expect(await thread?.step()).toBe(true);
    thread?.end();
  },
);

test.skipIf(process.platform !== 'linux')('where few files may be open, the work is done without', () => {
  const script = `
    const { HelperThread } = await import(${JSON.stringify(path.resolve(import.meta.dir, '../../lib/platform/threads/helper-thread.ts'))});
    const started = [1, 2, 3].map(() => HelperThread.start('', null));
    console.log(started.every((thread) => thread === null));
    process.exit(0);
  `;
  const limited = Bun.spawnSync([
    '/bin/sh',
    '-c',
    'ulimit -n 16; exec "$0" -e "$1"',
    process.execPath,
    script,
  ]);
  expect(limited.stdout.toString()).toBe('true\n');
  expect(limited.exitCode).toBe(0);
});
