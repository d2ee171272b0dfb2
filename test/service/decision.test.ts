/** What is done about an update, what it waits for, and what is said about it: pure decisions. */
import { describe, expect, test } from 'bun:test';
import {
  AWAY,
  isIdle,
  isInWindow,
  obstacleToDownload,
  obstacleToInstall,
  usedSince,
  wishFor,
} from '../../lib/service/decision.ts';
import {
  currentNotices,
  type Notice,
  noticeText,
  notificationText,
  withNotice,
} from '../../lib/service/notice.ts';
import { idleProcesses, withWord } from '../../lib/service/sessions.ts';

describe('what is done', () => {
  const own = { direction: 'forward' as const, managedBy: null };
  test.each([
    ['all', false, 'install'],
    ['all', true, 'install'],
    ['security', false, 'tell'],
    ['security', true, 'install'],
    ['manual', true, 'tell'],
    ['off', true, 'leave'],
  ] as const)('%s, security %p: %s', (autoUpdate, isSecurity, wish) => {
    expect(wishFor({ autoUpdate }, { ...own, isSecurity })).toBe(wish);
  });

  test('nothing is installed by itself where a package manager has to', () => {
    const managed = { ...own, managedBy: 'Tea', isSecurity: true };
    expect(wishFor({ autoUpdate: 'all' }, managed)).toBe('tell');
    expect(wishFor({ autoUpdate: 'off' }, managed)).toBe('leave');
  });

  test('an older version is never installed by itself', () => {
    expect(wishFor({ autoUpdate: 'all' }, { ...own, isSecurity: true, direction: 'back' })).toBe('tell');
    expect(wishFor({ autoUpdate: 'off' }, { ...own, isSecurity: true, direction: 'back' })).toBe('leave');
  });
});

describe('what it waits for', () => {
  const waits = { onMetered: 'wait', onBattery: 'wait', updateWindow: null } as const;
  const goes = { onMetered: 'go', onBattery: 'go', updateWindow: null } as const;
  const on = (onBattery: boolean | null, metered: boolean | null) => ({ onBattery, metered });

  test('a download for power and network, if the system says how they are', () => {
    expect(obstacleToDownload(waits, on(false, true))).toBe('metered');
    expect(obstacleToDownload(waits, on(true, false))).toBe('battery');
    for (const supply of [on(false, false), on(null, null)])
      expect(obstacleToDownload(waits, supply)).toBeNull();
    expect(obstacleToDownload(goes, on(true, true))).toBeNull();
  });

  test('an installation for the window, then for DGMO, then for power', () => {
    const now = { localTime: 12 * 3_600_000, isIdle: false, onBattery: true };
    const night = { ...waits, updateWindow: '02:00-05:00' };
    expect(obstacleToInstall(night, now)).toBe('window');
    expect(obstacleToInstall(waits, now)).toBe('running');
    expect(obstacleToInstall(waits, { ...now, isIdle: true })).toBe('battery');
    expect(obstacleToInstall(goes, { ...now, isIdle: true })).toBeNull();
    expect(obstacleToInstall(waits, { ...now, isIdle: true, onBattery: null })).toBeNull();
  });

  test('a window begins with its first minute, ends before its last, and may go over midnight', () => {
    const at = (time: string) => Date.parse(`2026-03-29T${time}Z`);
    const inside = (window: string) =>
      ['01:59:59', '02:00:00', '04:59:59', '05:00:00'].map((time) => isInWindow(window, at(time)));
    expect(inside('02:00-05:00')).toEqual([false, true, true, false]);
    expect(inside('05:00-02:00')).toEqual([true, false, false, true]);
    expect(inside('22:00-02:00')).toEqual([true, false, false, false]);
    expect(isInWindow(null, at('03:00:00'))).toBe(true);
  });
});

describe('whether a session would be disturbed', () => {
  const nobody = { untouched: AWAY, used: 0 };
  const unknown = { untouched: null, used: null };
  test('not if none runs, or each that runs has said so', () => {
    expect(isIdle({ running: [], saidIdle: [], ...unknown })).toBe(true);
    expect(isIdle({ running: [1, 2], saidIdle: [2, 1], ...unknown })).toBe(true);
    expect(isIdle({ running: [1, 2], saidIdle: [1], ...unknown })).toBe(false);
  });

  test('not if nobody is there and it does nothing; else it is', () => {
    expect(isIdle({ running: [1], saidIdle: [], ...nobody })).toBe(true);
    expect(isIdle({ running: [1], saidIdle: [], ...nobody, untouched: AWAY - 1 })).toBe(false);
    expect(isIdle({ running: [1], saidIdle: [], ...nobody, used: 60_000 })).toBe(false);
    expect(isIdle({ running: [1], saidIdle: [], ...nobody, used: null })).toBe(false);
    expect(isIdle({ running: [1], saidIdle: [], ...nobody, untouched: null })).toBe(false);
  });

  test('what it has used counts from the last time that it worked, or was started', () => {
    const first = { pids: '1', at: 0, time: 1000 };
    expect(usedSince(null, first)).toEqual({ first, used: null });
    expect(usedSince(first, { pids: '1', at: AWAY - 1, time: 1000 })).toEqual({ first, used: null });
    expect(usedSince(first, { pids: '1', at: AWAY, time: 1500 })).toEqual({ first, used: 500 });
    for (const other of [
      { pids: '2', at: AWAY, time: 1000 },
      { pids: '1', at: AWAY, time: 60_000 },
    ])
      expect(usedSince(first, other)).toEqual({ first: other, used: null });
  });

  test('a word counts for its process, half a day, and until it is taken back', () => {
    const none = { schema: 1 as const, idle: [] };
    const word = withWord(none, 7, true, 1000);
    expect(idleProcesses(word, 2000)).toEqual([7]);
    expect(idleProcesses(withWord(word, 8, true, 1500), 2000)).toEqual([7, 8]);
    expect(idleProcesses(withWord(word, 7, false, 1500), 2000)).toEqual([]);
    expect(idleProcesses(word, 1000 + 12 * 3_600_000)).toEqual([]);
    // The clock was set back.
    expect(idleProcesses(word, 999)).toEqual([]);
  });
});

describe('what is said at the next start', () => {
  const notice = (kind: Notice['kind'], version: string, reason: string | null = null): Notice => ({
    ...{ kind, version, reason, at: 1, from: null },
  });
  const kinds = (notices: readonly Notice[]) => notices.map(({ kind, version }) => `${kind} ${version}`);

  test('the last word about each update, and about the health', () => {
    const said = [
      notice('available', '1.1.0'),
      notice('damaged', '1.0.0', 'a'),
      notice('waiting', '1.2.0'),
      notice('repaired', '1.0.0', 'b'),
      notice('installed', '1.2.0'),
    ].reduce<Notice[]>(withNotice, []);
    expect(kinds(said)).toEqual(['repaired 1.0.0', 'installed 1.2.0']);
    expect(kinds(withNotice(said, notice('damaged', '1.2.0', 'c')))).toEqual([
      ...['installed 1.2.0', 'damaged 1.2.0'],
    ]);
  });

  test('nothing that is not true any more', () => {
    const all = (['available', 'waiting', 'failed', 'installed', 'damaged'] as const).map((kind) =>
      notice(kind, '1.1.0'),
    );
    expect(kinds(currentNotices(all, '1.0.0'))).toEqual([
      ...['available 1.1.0', 'waiting 1.1.0', 'failed 1.1.0', 'damaged 1.1.0'],
    ]);
    expect(kinds(currentNotices(all, '1.1.0'))).toEqual(['installed 1.1.0', 'damaged 1.1.0']);
    expect(kinds(currentNotices(all, '1.2.0'))).toEqual(['damaged 1.1.0']);
  });

  test('the way back from a revoked version, as long as that is installed', () => {
    const wayBack = { ...notice('available', '1.0.0'), from: '1.1.0' };
    expect(kinds(currentNotices([wayBack], '1.1.0'))).toEqual(['available 1.0.0']);
    expect(currentNotices([wayBack], '1.0.0')).toEqual([]);
    expect(currentNotices([wayBack], '1.2.0')).toEqual([]);
    expect(noticeText(wayBack, 'dgmo')).toBe(
      'dgmo 1.1.0 was revoked by its publisher. `dgmo-updater update` says why, and goes back to 1.0.0.',
    );
    expect(noticeText({ ...wayBack, reason: 'tea upgrade dgmo' }, 'dgmo')).toBe(
      'dgmo 1.1.0 was revoked by its publisher. Replace it with: tea upgrade dgmo',
    );
  });

  test('on one line, however long the reason, and no more than ten', () => {
    const [long] = withNotice([], notice('failed', '1.1.0', `a\n${'b'.repeat(1000)}`));
    expect(long?.reason).toMatch(/^a b{298}$/);
    const many = Array.from({ length: 20 }, (_, index) => notice('installed', `1.${index}.0`));
    expect(many.reduce<Notice[]>(withNotice, [])).toHaveLength(10);
    expect(noticeText(notice('installed', '1.1.0'), 'dgmo')).toContain('dgmo 1.1.0 was installed');
  });
});

test('a notification has no backquotes, and of a digest the beginning', () => {
  const digest = '0123456789ab'.padEnd(64, 'c');
  expect(
    notificationText(`wanted SHA-256 ${digest}, found ${digest}d. \`dgmo-updater update\` tries it again.`),
  ).toBe(`wanted SHA-256 0123456789ab..., found ${digest}d. dgmo-updater update tries it again.`);
});
