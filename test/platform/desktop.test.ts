/** What the tools of the systems say about power, network and input; and that nothing fails where they are missing. */
import { describe, expect, test } from 'bun:test';
import {
  isMeteredByCostType,
  isMeteredByNetworkManager,
  isOnBattery,
  isOnBatteryByPmset,
  processorTimeByPs,
  untouchedByIoreg,
  untouchedByLogind,
} from '../../lib/platform/desktop/answers.ts';
import { nativeDesktop, toast } from '../../lib/platform/desktop/desktop.ts';
import { nativeHost } from '../../lib/platform/native.ts';

describe('answers', () => {
  test('of NetworkManager: 1 and 3 are metered, 2 and 4 are not, 0 and silence are not known', () => {
    expect(['u 0\n', 'u 1\n', 'u 2\n', 'u 3\n', 'u 4\n', ''].map(isMeteredByNetworkManager)).toEqual([
      ...[null, true, false, true, false, null],
    ]);
  });

  test('of logind: since when nobody was there, in microseconds', () => {
    expect(untouchedByLogind('b true\n', 't 1700000000000000\n', 1_700_000_060_000)).toBe(60_000);
    expect(untouchedByLogind('b false\n', 't 1700000000000000\n', 1_700_000_060_000)).toBe(0);
    expect(untouchedByLogind('b true\n', 't 0\n', 1_700_000_060_000)).toBeNull();
    expect(untouchedByLogind('', '', 1)).toBeNull();
  });

  test('of the kernel: mains count before batteries, and the battery of a mouse does not count', () => {
    const supply = (type: string, { online = '', status = '', scope = '' } = {}) => ({
      ...{ type, online, status, scope },
    });
    expect(isOnBattery([])).toBeNull();
    expect(isOnBattery([supply('Battery', { status: 'Discharging' })])).toBe(true);
    expect(isOnBattery([supply('Battery', { status: 'Full' })])).toBe(false);
    expect(
      isOnBattery([supply('Mains', { online: '1' }), supply('Battery', { status: 'Discharging' })]),
    ).toBe(false);
    expect(
      isOnBattery([supply('Mains', { online: '0' }), supply('Battery', { status: 'Discharging' })]),
    ).toBe(true);
    expect(isOnBattery([supply('Battery', { status: 'Discharging', scope: 'Device' })])).toBeNull();
  });

  test('of pmset and ioreg', () => {
    expect(isOnBatteryByPmset("Now drawing from 'Battery Power'\n -InternalBattery-0\t87%;")).toBe(true);
    expect(isOnBatteryByPmset("Now drawing from 'AC Power'\n")).toBe(false);
    expect(isOnBatteryByPmset('')).toBeNull();
    expect(untouchedByIoreg('    | |   "HIDIdleTime" = 60000000000\n')).toBe(60_000);
    expect(untouchedByIoreg('')).toBeNull();
  });

  test('of Windows', () => {
    expect(['Unrestricted\r\n', 'Fixed', 'Variable', 'Unknown', ''].map(isMeteredByCostType)).toEqual([
      ...[false, true, true, null, null],
    ]);
  });

  test('of ps on Linux and macOS: hours and days, hundredths, several processes', () => {
    expect(processorTimeByPs('00:00:01\n')).toBe(1000);
    expect(processorTimeByPs('1-02:03:04\n')).toBe((((24 + 2) * 60 + 3) * 60 + 4) * 1000);
    expect(processorTimeByPs('  0:01.50\n  2:00.25\n')).toBe(121_750);
    expect(processorTimeByPs('')).toBeNull();
    expect(processorTimeByPs('TIME\n00:00:01\n')).toBeNull();
  });
});

test('a toast is a script in which no text can end its quotes', () => {
  const script = toast("it's", 'a’b‘c $(x) `y`');
  expect(script).toContain("CreateTextNode('it''s')");
  expect(script).toContain("CreateTextNode('a’’b‘‘c $(x) `y`')");
});

test('here: everything answers or is not known, and a notification that nobody can show is no failure', async () => {
  const host = nativeHost();
  const nothing = { ...host, environment: { PATH: '/nonexistent' } };
  for (const desktop of [nativeDesktop(host), nativeDesktop(nothing)]) {
    const { onBattery, metered } = await desktop.supply();
    for (const value of [onBattery, metered]) expect([true, false, null]).toContain(value);
    expect(typeof ((await desktop.untouched()) ?? 0)).toBe('number');
    expect(typeof desktop.networks()).toBe('string');
    expect(await desktop.processorTime([])).toBe(0);
  }
  await nativeDesktop(nothing).notify('dgmo', 'a text');
  if (Bun.which('ps') !== null && process.platform !== 'win32')
    expect(await nativeDesktop(host).processorTime([process.pid])).toBeGreaterThanOrEqual(0);
});
