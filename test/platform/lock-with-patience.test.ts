/** Waiting for a lock: it is bounded, and no lock is left held. */
import { describe, expect, test } from 'bun:test';
import type { Lock, Locks } from '../../lib/platform/host.ts';
import { lockWithPatience } from '../../lib/platform/lock-with-patience.ts';

/** A lock that another process holds for the first `held` tries, and a clock that advances only by sleeping. */
function machine(held: number) {
  let now = 0;
  const state = { tries: 0, holds: 0, slept: [] as number[] };
  const lock: Lock = { release: () => void state.holds-- };
  const locks: Locks = {
    acquire() {
      if (state.tries++ < held) return null;
      state.holds++;
      return lock;
    },
  };
  const clock = {
    now: () => now,
    monotonic: () => now,
    sleep: async (milliseconds: number) => {
      state.slept.push(milliseconds);
      now += milliseconds;
    },
  };
  return { locks, clock, state };
}

const PATIENCE = { limit: 100, pause: 30 };

describe('a lock', () => {
  test('that is free is taken at once', async () => {
    const host = machine(0);
    expect(await lockWithPatience(host, '/lock', PATIENCE)).not.toBeNull();
    expect(host.state).toEqual({ tries: 1, holds: 1, slept: [] });
  });

  test('that is released while we wait is taken', async () => {
    const host = machine(2);
    let waits = 0;
    expect(await lockWithPatience(host, '/lock', { ...PATIENCE, onWait: () => waits++ })).not.toBeNull();
    expect(host.state).toEqual({ tries: 3, holds: 1, slept: [30, 30] });
    expect(waits).toBe(2);
  });

  test('that is not released is given up at the limit', async () => {
    const host = machine(Number.POSITIVE_INFINITY);
    expect(await lockWithPatience(host, '/lock', PATIENCE)).toBeNull();
    expect(host.state).toEqual({ tries: 5, holds: 0, slept: [30, 30, 30, 10] });
  });

  test('is tried once even if the limit has passed', async () => {
    expect(await lockWithPatience(machine(0), '/lock', { limit: -1, pause: 30 })).not.toBeNull();
    const held = machine(1);
    expect(await lockWithPatience(held, '/lock', { limit: -1, pause: 30 })).toBeNull();
    expect(held.state.slept).toEqual([]);
  });

  test('is not waited for after an interruption', async () => {
    const host = machine(Number.POSITIVE_INFINITY);
    const onWait = () => {
      if (host.state.slept.length === 2) throw new Error('interrupted');
    };
    await expect(lockWithPatience(host, '/lock', { ...PATIENCE, onWait })).rejects.toThrow('interrupted');
    expect(host.state).toMatchObject({ tries: 3, holds: 0 });
  });

  test('is released, or not waited for, if it became pointless', async () => {
    const free = machine(0);
    expect(await lockWithPatience(free, '/lock', { ...PATIENCE, isPointless: (has) => has })).toBeNull();
    expect(free.state).toEqual({ tries: 1, holds: 0, slept: [] });
    const held = machine(1);
    expect(await lockWithPatience(held, '/lock', { ...PATIENCE, isPointless: (has) => !has })).toBeNull();
    expect(held.state).toEqual({ tries: 1, holds: 0, slept: [] });
  });

  test('is released if isPointless throws', async () => {
    const host = machine(0);
    const isPointless = () => {
      throw new Error('the drive reported an error');
    };
    await expect(lockWithPatience(host, '/lock', { ...PATIENCE, isPointless })).rejects.toThrow('the drive');
    expect(host.state.holds).toBe(0);
  });
});
