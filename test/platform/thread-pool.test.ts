/** Work for a thread that never comes: at the limit of processes nothing may be waited for without end. */
import { expect, test } from 'bun:test';
import { MachineError } from '../../lib/errors.ts';
import { byThread, inThread } from '../../lib/platform/threads/thread-pool.ts';

const never = () => new Promise<string>(() => undefined);
const failing = () => Promise.reject(new Error('EIO'));

test('the result, or the failure, of the thread if it comes in time', async () => {
  expect(
    await inThread(
      async () => 'there',
      () => 'here',
      10_000,
    ),
  ).toBe('there');
  await expect(inThread(failing, () => 'here', 10_000)).rejects.toThrow('EIO');
});

test('what no thread takes up is done here, and the next is not waited for, until one of them comes back', async () => {
  let finish: (result: string) => void = () => undefined;
  const late = () =>
    new Promise<string>((resolve) => {
      finish = resolve;
    });
  expect(await inThread(late, () => 'here', 1)).toBe('here');
  expect(await inThread(never, () => 'at once', 10_000_000)).toBe('at once');
  finish('at last');
  await Promise.resolve();
  expect(
    await inThread(
      async () => 'there',
      () => 'here',
      10_000,
    ),
  ).toBe('there');
});

test('what only a thread can do is not waited for without end either: 12', async () => {
  expect(await byThread(Promise.resolve('there'), 'decompressing')).toBe('there');
  await expect(byThread(failing(), 'decompressing')).rejects.toThrow('EIO');
  const stuck = byThread(never(), 'decompressing the patch', 60);
  await expect(stuck).rejects.toThrow(MachineError);
  await expect(stuck).rejects.toThrow(
    'decompressing the patch: the system has given no thread for it in 1 s',
  );
});
