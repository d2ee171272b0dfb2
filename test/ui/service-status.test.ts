/** `service status`: what is said of a check that failed. */
import { expect, test } from 'bun:test';
import type { ServiceStatus } from '../../lib/api/index.ts';
import { describeService } from '../../lib/ui/text/service.ts';

const MESSAGE = 'feed.example.org refused the connection';

/** A service that runs, after so many failures. */
function status(failures: number, ended: 'nothing' | 'failed'): ServiceStatus {
  return {
    ...{ running: true, installed: true, installable: true, manager: 'systemd', definition: null },
    problem: null,
    lastCheck: { at: 0, ended, version: null, message: ended === 'failed' ? MESSAGE : null },
    record: {
      ...{ schema: 1, pid: 7, startedAt: 0, installDir: null, asked: null, nextCheck: 0, pending: null },
      ...{ lastCheck: { at: 0, failures, notBefore: null }, health: null, told: [] },
    },
  };
}

const said = (failures: number, ended: 'nothing' | 'failed') =>
  /^Last check: +(.*)$/m.exec(
    describeService(status(failures, ended), { now: 0, localOffset: () => 0 }),
  )?.[1];

test('why the last check failed, and how often it did', () => {
  expect(said(0, 'nothing')).toBe('1970-01-01 00:00');
  expect(said(1, 'failed')).toBe(`1970-01-01 00:00, failed: ${MESSAGE}`);
  expect(said(3, 'failed')).toBe(`1970-01-01 00:00, failed: ${MESSAGE} (3 failures of the service in a row)`);
  // Somebody else has looked since.
  expect(said(3, 'nothing')).toBe('1970-01-01 00:00 (3 failures of the service in a row)');
});

test('with settings that can not be understood nothing is said to be turned off', () => {
  const found = status(0, 'nothing');
  const problem = 'updater.json is no JSON. Correct it.';
  const text = describeService(
    { ...found, record: { ...found.record, nextCheck: null }, problem },
    { now: 0, localOffset: () => 0 },
  );
  expect(text).toContain('Next check:  none until the problem below is corrected\n');
  expect(text).toContain(`Problem:     ${problem}`);
});
