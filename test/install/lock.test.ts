import { expect, test } from 'bun:test';
import { LockedError } from '../../lib/errors.ts';
import { lockUnlessOtherStarts, withLock } from '../../lib/install/lock.ts';
import { openSession } from '../../lib/install/open.ts';
import type { Host } from '../../lib/platform/host.ts';
import { simulatedHost } from '../host/host.ts';
import { executable, INSTALL_DIR, installedDisk, versionOf } from '../host/install.ts';

const DGMO = 41;
const PATIENCE = { limit: 60_000, interrupted: () => false };

/** A machine for two updaters, with a lock that one of them can hold. */
function machine() {
  const disk = installedDisk('linux', executable('1.0.0'));
  const host = simulatedHost({ disk, versionOf });
  let held = false;
  const locks = {
    acquire: () => {
      if (held) return null;
      held = true;
      return { release: () => (held = false) };
    },
  };
  const { layout } = openSession(host, { installDir: INSTALL_DIR, app: 'dgmo' });
  const waiting: (() => void)[] = [];
  /** What the other updater does while this one sleeps. */
  const duringSleep = (act: () => void) => waiting.push(act);
  const clock = {
    ...host.clock,
    sleep: async (milliseconds: number) => {
      await host.clock.sleep(milliseconds);
      waiting.shift()?.();
    },
  };
  const all: Host = { ...host, locks, clock };
  return {
    host: all,
    layout,
    duringSleep,
    note: (awaits: number) =>
      disk.place(layout.holder, new TextEncoder().encode(`${JSON.stringify({ awaits })}\n`)),
  };
}

test('a second updater is refused while the first is at work, and the lock is free after it', async () => {
  const { host, layout } = machine();
  await withLock(host, layout, async () => {
    await expect(withLock(host, layout, async () => 'never')).rejects.toThrow(LockedError);
  });
  expect(await withLock(host, layout, async () => 'free')).toBe('free');
});

test('what keeps the lock from an updater, and is none, is named with a way out', async () => {
  const { host, layout } = machine();
  host.locks.acquire(layout.lock);
  const refusal = async (pid: number | null) => {
    const locks = { ...host.locks, sharedHolder: () => ({ pid }) };
    return withLock({ ...host, locks }, layout, async () => 'never').catch((error: unknown) => error);
  };
  const error = await refusal(7);
  expect(error).toBeInstanceOf(LockedError);
  expect(error).toMatchObject({
    message: `${layout.lock} can't be locked: process 7 holds a shared lock on it, which no dgmo-updater does; nothing was changed`,
    advice: expect.stringContaining(`\`rm ${layout.lock}\` is safe`),
  });
  expect(await refusal(null)).toMatchObject({ message: expect.stringContaining('another program holds') });
});

test('the holder starts DGMO if it waits for it, even if it records that a moment after it took the lock', async () => {
  const { host, layout, duringSleep, note } = machine();
  host.locks.acquire(layout.lock);
  duringSleep(() => note(DGMO));
  expect(await lockUnlessOtherStarts(host, layout, DGMO, PATIENCE)).toBeNull();
  expect(host.clock.monotonic()).toBeLessThan(1000);
});

test('the holder starts DGMO if it waited for it and has finished', async () => {
  const { host, layout } = machine();
  await withLock(host, layout, async () => undefined, DGMO);
  expect(await lockUnlessOtherStarts(host, layout, DGMO, PATIENCE)).toBeNull();
  expect(host.locks.acquire(layout.lock)).not.toBeNull();
});

test('the second updater starts DGMO if the first waited for another process, or was killed', async () => {
  const other = machine();
  await withLock(other.host, other.layout, async () => undefined, DGMO + 1);
  expect(await lockUnlessOtherStarts(other.host, other.layout, DGMO, PATIENCE)).not.toBeNull();

  // The note of a killed holder exists, but the lock is not held.
  const killed = machine();
  killed.note(DGMO);
  expect(await lockUnlessOtherStarts(killed.host, killed.layout, DGMO, PATIENCE)).not.toBeNull();
});

test('waiting for the lock is bounded', async () => {
  const { host, layout } = machine();
  host.locks.acquire(layout.lock);
  expect(await lockUnlessOtherStarts(host, layout, DGMO, PATIENCE)).toBeNull();
  expect(host.clock.monotonic()).toBeLessThan(61_000);
});
