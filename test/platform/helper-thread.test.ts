/** A helper thread's steps are waited for, also those that were taken before somebody waited. */
import { expect, test } from 'bun:test';
import os from 'node:os';
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
