/** When the background service checks: a year on a simulated clock, and ten thousand installations at once. */
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { runLoop } from '../../lib/service/loop.ts';
import {
  afterCheck,
  byTheClock,
  type CheckEnd,
  INTERVAL,
  type LastCheck,
  lotOf,
  nextCheck,
  occasionOf,
} from '../../lib/service/schedule.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const WELL: CheckEnd = { ended: 'well' };
const UNREACHABLE: CheckEnd = { ended: 'failed', passing: true, retryAfter: null };

interface Year {
  /** How the feed answers at that time. */
  answer?(now: number): CheckEnd;
  /** The networks at that time. */
  networks?(now: number): string;
  /** Milliseconds for which the machine is asleep, if it is at that time. */
  asleep?(now: number): number;
  /** How far the wall clock is off, by the true time. */
  clockError?(now: number): number;
  /** Whether the user has changed a setting by that time, since the last check. */
  changed?(now: number, lastCheck: number): boolean;
  days?: number;
  installId?: string;
}

/** The true times of all checks. The service runs all the time, and sleeps with the machine. */
async function live(year: Year): Promise<number[]> {
  const { answer = () => WELL, networks = () => 'home', asleep = () => 0, clockError = () => 0 } = year;
  const { changed = () => false } = year;
  const end = (year.days ?? 365) * DAY;
  const stop = new AbortController();
  const checks: number[] = [];
  let time = 0;
  let awake = 0;
  const clock = {
    now: () => 1_700_000_000_000 + time + clockError(time),
    monotonic: () => awake,
    sleep: async (milliseconds: number) => {
      time += milliseconds;
      awake += milliseconds;
      time += asleep(time);
      if (time >= end) stop.abort();
    },
  };
  await runLoop({
    clock,
    networks: () => networks(time),
    installId: year.installId ?? 'an install',
    last: null,
    signal: stop.signal,
    work: {
      isOn: () => true,
      mayFindOther: () => changed(time, checks.at(-1) ?? 0),
      check: async () => {
        checks.push(time);
        time += 500;
        return answer(time);
      },
      proceed: async () => null,
      isOver: () => false,
      scheduled: async () => undefined,
    },
  });
  return checks;
}

const gaps = (times: readonly number[]) => times.slice(1).map((time, index) => time - (times[index] ?? 0));
const within = (times: readonly number[], from: number, to: number) =>
  times.filter((time) => from <= time && time < to);

describe('a year', () => {
  test('with nothing special: at the start, and every six hours', async () => {
    const checks = await live({});
    expect(checks[0]).toBe(0);
    expect(checks.length).toBeGreaterThan(4 * 365 - 2);
    expect(checks.length).toBeLessThan(4 * 365 + 3);
    for (const gap of gaps(checks).slice(1)) expect(Math.abs(gap - INTERVAL)).toBeLessThan(MINUTE);
  });

  test('of a laptop that is open from nine to five, except for the weekend: it checks every morning', async () => {
    const isOpen = (time: number) => {
      const day = Math.floor(time / DAY) % 7;
      const hour = (time % DAY) / HOUR;
      return day < 5 && hour >= 9 && hour < 17;
    };
    const asleep = (time: number) => {
      let until = time;
      while (!isOpen(until)) until += 15 * MINUTE - (until % (15 * MINUTE));
      return until - time;
    };
    const checks = await live({ asleep });
    expect(checks.slice(1).every(isOpen)).toBe(true);
    for (let day = 1; day < 365; day++) {
      if (day % 7 >= 5) continue;
      const morning = day * DAY + 9 * HOUR;
      expect(within(checks, morning, morning + 6 * MINUTE)).toHaveLength(1);
      expect(within(checks, morning, morning + 8 * HOUR).length).toBeLessThanOrEqual(3);
    }
  });

  test('with three weeks offline: few tries, and one within minutes after it is back', async () => {
    const [away, back] = [100 * DAY, 121 * DAY];
    const isAway = (time: number) => away <= time && time < back;
    const checks = await live({
      networks: (time) => (isAway(time) ? '' : 'home'),
      answer: (time) => (isAway(time) ? UNREACHABLE : WELL),
    });
    expect(within(checks, away, back).length).toBeLessThan(21 * 5 + 5);
    expect(within(checks, back, back + 6 * MINUTE)).toHaveLength(1);
  });

  test('with a feed that answers 503 for a day: ever fewer tries, and it is back within six hours', async () => {
    const [from, to] = [5 * DAY, 6 * DAY];
    const checks = await live({
      answer: (time) => (from <= time && time < to ? UNREACHABLE : WELL),
      days: 10,
    });
    const tries = within(checks, from, to);
    expect(tries.length).toBeGreaterThan(4);
    expect(tries.length).toBeLessThan(12);
    const pauses = gaps(tries);
    expect(pauses).toEqual(pauses.toSorted((a, b) => a - b));
    expect(within(checks, to, to + 1.25 * INTERVAL).length).toBeGreaterThan(0);
  });

  test('with a feed that answers 503 with Retry-After: no request before that', async () => {
    const [from, to] = [5 * DAY, 6 * DAY];
    const busy: CheckEnd = { ended: 'failed', passing: true, retryAfter: 8 * HOUR };
    const checks = await live({ answer: (time) => (from <= time && time < to ? busy : WELL), days: 10 });
    const tries = within(checks, from, to);
    expect(tries.length).toBeLessThanOrEqual(4);
    for (const pause of gaps(tries)) expect(pause).toBeGreaterThanOrEqual(8 * HOUR);
  });

  test('with a server that wants to be left alone for a year: it is asked again after a day', async () => {
    const never: CheckEnd = { ended: 'failed', passing: true, retryAfter: 365 * DAY };
    const checks = await live({ answer: (time) => (time < HOUR ? never : WELL), days: 3 });
    expect(checks[1]).toBeGreaterThanOrEqual(DAY);
    expect(checks[1]).toBeLessThan(DAY + 6 * MINUTE);
  });

  test('with a clock that is set back by a year: checks go on', async () => {
    const checks = await live({ clockError: (time) => (time > 10 * DAY ? -365 * DAY : 0), days: 40 });
    for (const gap of gaps(checks)) expect(gap).toBeLessThan(1.6 * INTERVAL);
    expect(checks.length).toBeGreaterThan(4 * 40 - 3);
  });

  test('with a clock that jumps forward by a year: one more check', async () => {
    const checks = await live({ clockError: (time) => (time > 10 * DAY ? 365 * DAY : 0), days: 40 });
    expect(checks.length).toBeLessThan(4 * 40 + 5);
    for (const gap of gaps(checks)) expect(gap).toBeLessThan(1.6 * INTERVAL);
  });

  test('with a clock that is set to and fro every minute for a day: at most one check in five minutes', async () => {
    const [from, to] = [10 * DAY, 11 * DAY];
    const checks = await live({
      clockError: (time) => (from <= time && time < to && (time / MINUTE) % 2 < 1 ? 30 * DAY : 0),
      days: 12,
    });
    for (const gap of gaps(checks)) expect(gap).toBeGreaterThanOrEqual(5 * MINUTE);
  });

  test('with a network that comes and goes every minute, and fails: at most one try in five minutes', async () => {
    const checks = await live({
      networks: (time) => ((time / MINUTE) % 2 < 1 ? '' : 'train'),
      answer: () => UNREACHABLE,
      days: 2,
    });
    for (const gap of gaps(checks)) expect(gap).toBeGreaterThanOrEqual(5 * MINUTE);
  });
});

test('a setting that is changed makes one check due, at once, unless the server wants to be left alone', async () => {
  const at = 2 * DAY + 20 * MINUTE;
  const changed = (now: number, last: number) => now >= at && last < at;
  const [others, checks] = [await live({ days: 3 }), await live({ days: 3, changed })];
  expect(within(checks, at, at + HOUR)).toHaveLength(1);
  expect(within(checks, at, at + MINUTE)).toHaveLength(1);
  expect(checks.length - others.length).toBeLessThanOrEqual(1);
  const answer = (): CheckEnd => ({ ended: 'failed', passing: true, retryAfter: 12 * HOUR });
  expect(await live({ days: 3, answer, changed })).toEqual(await live({ days: 3, answer }));
});

describe('ten thousand installations', () => {
  const lots = Array.from({ length: 10_000 }, (_, index) => lotOf(`install-${index}`));
  const BINS = 36;
  const binsOf = (times: readonly number[]) => {
    const bins = Array.from({ length: BINS }, () => 0);
    for (const time of times) {
      const bin = Math.floor(((time % INTERVAL) / INTERVAL) * BINS);
      bins[bin] = (bins[bin] ?? 0) + 1;
    }
    return bins;
  };
  const expectEven = (bins: readonly number[]) => {
    // Chi-squared with 35 degrees of freedom exceeds 66.6 once in a thousand times; the ids are fixed.
    const mean = lots.length / BINS;
    const chi = bins.reduce((sum, count) => sum + (count - mean) ** 2 / mean, 0);
    expect(chi).toBeLessThan(66.6);
  };

  test('that all have checked at the same moment check evenly over six hours from then on', () => {
    const noon = 1_700_000_000_000;
    const last = { at: noon, failures: 0, notBefore: null };
    const first = lots.map((lot) => nextCheck(last, null, lot));
    expectEven(binsOf(first));
    for (const time of first) {
      expect(time - noon).toBeGreaterThanOrEqual(INTERVAL / 2);
      expect(time - noon).toBeLessThanOrEqual(1.5 * INTERVAL);
    }
    const second = lots.map((lot, index) =>
      nextCheck({ at: first[index] ?? 0, failures: 0, notBefore: null }, null, lot),
    );
    expectEven(binsOf(second));
    for (const [index, time] of second.entries()) expect(time - (first[index] ?? 0)).toBe(INTERVAL);
  });

  test.each(['start', 'wake', 'reconnect'] as const)(
    'that %s at the same moment check over five minutes',
    (kind) => {
      const at = 1_700_000_000_000;
      const last = { at: at - DAY, failures: 0, notBefore: null };
      const delays = lots.map((lot) => nextCheck(last, { kind, at }, lot) - at);
      expect(Math.min(...delays)).toBeGreaterThanOrEqual(0);
      expect(Math.max(...delays)).toBeLessThanOrEqual(5 * MINUTE);
      const busiest = Math.max(
        ...Map.groupBy(delays, (delay) => Math.floor(delay / 1000))
          .values()
          .map((all) => all.length),
      );
      // 33 in a second on average.
      expect(busiest).toBeLessThan(70);
    },
  );

  test('whose server sends all of them away until the same moment do not come all at once', () => {
    const at = 1_700_000_000_000;
    const last = { at: at - HOUR, failures: 1, notBefore: at };
    const times = lots.map((lot) => nextCheck(last, null, lot));
    expect(Math.min(...times)).toBeGreaterThanOrEqual(at);
    const busiest = Math.max(
      ...Map.groupBy(times, (time) => Math.floor(time / 1000))
        .values()
        .map((all) => all.length),
    );
    expect(busiest).toBeLessThan(70);
  });

  test('after a day of 503 no minute has more than a fiftieth of them', () => {
    const outage = 1_700_000_000_000;
    const perMinute = new Map<number, number>();
    for (const lot of lots) {
      let last: LastCheck = { at: outage - INTERVAL * lot.time, failures: 0, notBefore: null };
      for (let now = nextCheck(last, null, lot); now < outage + 2 * DAY; now = nextCheck(last, null, lot)) {
        const minute = Math.floor(now / MINUTE);
        perMinute.set(minute, (perMinute.get(minute) ?? 0) + 1);
        last = afterCheck(last, now < outage + DAY ? UNREACHABLE : WELL, now);
      }
    }
    expect(Math.max(...perMinute.values())).toBeLessThan(lots.length / 50);
  });
});

describe('whatever has happened', () => {
  const time = fc.integer({ min: 0, max: 4_000_000_000_000 });
  const last = fc.record({
    at: time,
    failures: fc.nat(100),
    notBefore: fc.option(time, { nil: null }),
  });
  const occasion = fc.option(
    fc.record({ kind: fc.constantFrom('start', 'wake', 'reconnect'), at: time }) as fc.Arbitrary<{
      kind: 'start' | 'wake' | 'reconnect';
      at: number;
    }>,
    { nil: null },
  );

  test('the next check is at most nine hours away, or a day and five minutes if the server says so', () => {
    fc.assert(
      fc.property(last, occasion, time, fc.string(), (before, seen, now, id) => {
        const known = byTheClock(before, now) ?? expect.unreachable();
        const past = seen === null ? null : { ...seen, at: Math.min(seen.at, now) };
        const due = nextCheck(known, past, lotOf(id));
        expect(due).toBeLessThanOrEqual(now + DAY + 5 * MINUTE);
        if (known.notBefore === null) expect(due).toBeLessThanOrEqual(now + 1.5 * INTERVAL);
        else expect(due).toBeGreaterThanOrEqual(known.notBefore);
      }),
    );
  });

  test('a check that has just gone well is followed by none within the hour', () => {
    fc.assert(
      fc.property(occasion, time, fc.string(), (seen, now, id) => {
        const recent = seen === null ? null : { ...seen, at: Math.min(seen.at, now + HOUR - 1) };
        const known = afterCheck(null, WELL, now);
        expect(nextCheck(known, recent, lotOf(id))).toBeGreaterThanOrEqual(now + HOUR);
      }),
    );
  });

  test('a start 20 minutes after a check brings another one if that failed, and none if it went well', () => {
    const lot = lotOf('an install');
    const start = { kind: 'start', at: 20 * MINUTE } as const;
    expect(nextCheck(afterCheck(null, WELL, 0), start, lot)).toBeGreaterThan(2 * HOUR);
    expect(nextCheck(afterCheck(null, UNREACHABLE, 0), start, lot)).toBeLessThan(30 * MINUTE);
  });

  test('a server holds checks off for a day at most', () => {
    const forAWeek: CheckEnd = { ended: 'failed', passing: true, retryAfter: 7 * DAY };
    expect(afterCheck(null, forAWeek, 1000).notBefore).toBe(DAY + 1000);
  });

  test('a sleep that takes as long as it should is no occasion, and a lost network is none', () => {
    const before = { now: 1000, networks: 'a' };
    expect(occasionOf(before, { now: 31_500, networks: 'a' }, 30_000)).toBeNull();
    expect(occasionOf(before, { now: 31_500, networks: '' }, 30_000)).toBeNull();
    expect(occasionOf(before, { now: 0, networks: 'a' }, 30_000)).toBeNull();
    expect(occasionOf(before, { now: 31_500, networks: 'b' }, 30_000)?.kind).toBe('reconnect');
    expect(occasionOf(before, { now: 500_000, networks: 'b' }, 30_000)?.kind).toBe('wake');
  });
});
