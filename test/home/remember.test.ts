/** How updates and rollbacks end, as the next check finds it. */
import { describe, expect, test } from 'bun:test';
import { BusyError, InterruptedError, RevertedError } from '../../lib/errors.ts';
import { type Choices, choicesFile, NO_CHOICES, type UpdateOutcome } from '../../lib/home/choices.ts';
import { historyFile } from '../../lib/home/history.ts';
import { rememberOutcome } from '../../lib/home/remember.ts';
import { SimulatedDisk } from '../host/disk.ts';
import { simulatedHost } from '../host/host.ts';

const HOME = '/home/.dgmo';
const hostOf = () => simulatedHost({ disk: new SimulatedDisk(), versionOf: () => null });

const TRIED = {
  kind: 'update',
  from: '1.0.0',
  to: '2.0.0',
  installId: null,
  milliseconds: 1,
  isOpen: false,
} as const;

const BEFORE: Choices = {
  ...NO_CHOICES,
  skipped: ['1.5.0', '2.0.0'],
  remindAfter: 7,
  quarantined: [{ version: '2.0.0', reason: 'it crashed', at: 1 }],
};

async function after(outcome: UpdateOutcome): Promise<Choices> {
  const host = hostOf();
  await choicesFile.change(host, HOME, () => BEFORE);
  expect(await rememberOutcome(host, HOME, outcome, TRIED)).toBeNull();
  return choicesFile.load(host, HOME);
}

describe('what is remembered of', () => {
  test('a version that works: it is neither skipped nor quarantined, and nothing is put off any more', async () => {
    const outcome: UpdateOutcome = {
      ended: 'installed',
      version: '2.0.0',
      route: 'chain',
      milliseconds: 59_999,
    };
    expect(await after(outcome)).toEqual({
      ...NO_CHOICES,
      skipped: ['1.5.0'],
      lastUpdate: { ended: 'updated', route: 'chain', duration: 'under-1m' },
    });
  });

  test('a version that did not work: it is quarantined; what was put off stays so', async () => {
    const outcome: UpdateOutcome = {
      ended: 'reverted',
      version: '3.0.0',
      reason: 'it ended\nwith 70',
      route: null,
      milliseconds: 600_000,
    };
    const { quarantined, ...others } = await after(outcome);
    expect(quarantined).toMatchObject([
      { version: '2.0.0' },
      { version: '3.0.0', reason: 'it ended with 70' },
    ]);
    expect(others).toMatchObject({
      skipped: BEFORE.skipped,
      remindAfter: 7,
      lastUpdate: { ended: 'reverted', route: null, duration: 'longer' },
    });
  });

  test('a version that did not work, where nobody knows which: only how it ended', async () => {
    const outcome = {
      ended: 'reverted',
      version: null,
      reason: 'x',
      route: 'full',
      milliseconds: 10_000,
    } as const;
    expect(await after(outcome)).toEqual({
      ...BEFORE,
      lastUpdate: { ended: 'reverted', route: 'full', duration: 'under-1m' },
    });
  });

  test('an update that failed before it changed anything: only that', async () => {
    expect(await after({ ended: 'failed', route: 'patch', milliseconds: 9999 })).toEqual({
      ...BEFORE,
      lastUpdate: { ended: 'failed', route: 'patch', duration: 'under-10s' },
    });
  });

  test('a rollback to an older version: the newer one was left, which is not the same as skipped; the older one is free', async () => {
    expect(await after({ ended: 'rolled back', from: '2.0.0', to: '1.5.0' })).toEqual({
      ...BEFORE,
      skipped: ['2.0.0'],
      rolledBack: [{ version: '2.0.0', at: 1_700_000_000_000 }],
      remindAfter: null,
      lastUpdate: { ended: 'rolled-back', route: null, duration: null },
    });
  });

  test('a rollback forth again, or of data alone: nothing is skipped', async () => {
    expect((await after({ ended: 'rolled back', from: '1.0.0', to: '2.0.0' })).skipped).toEqual(['1.5.0']);
    expect((await after({ ended: 'rolled back', from: '1.5.0', to: '1.5.0' })).skipped).toEqual(['2.0.0']);
  });
});

test.each([
  ['longer than is kept, cut in the middle of a character', `${'x'.repeat(999)}\u{1f4a5}y`],
  ['empty', ''],
  ['of control characters', '\u0000\u001b[31m'],
])('a reason that is %s is no reason to offer the version again', async (_, reason) => {
  const { quarantined } = await after({
    ended: 'reverted',
    version: '3.0.0',
    reason,
    route: null,
    milliseconds: 1,
  });
  expect(quarantined.map(({ version }) => version)).toEqual(['2.0.0', '3.0.0']);
});

test('what can not be written down is returned, and stops nobody', async () => {
  const held = { ...hostOf(), locks: { acquire: () => null } };
  expect(
    await rememberOutcome(held, HOME, { ended: 'failed', route: null, milliseconds: 1 }, TRIED),
  ).toBeInstanceOf(BusyError);
});

test('the history has what was tried, how it ended, and why', async () => {
  const host = hostOf();
  const failed = { ended: 'failed', route: null, milliseconds: 1 } as const;
  await rememberOutcome(host, HOME, { ended: 'rolled back', from: '2.0.0', to: '1.0.0' }, TRIED);
  await rememberOutcome(host, HOME, failed, { ...TRIED, failure: new BusyError('held\nfor too long') });
  await rememberOutcome(host, HOME, failed, { ...TRIED, failure: new RevertedError('it crashed') });
  await rememberOutcome(host, HOME, failed, { ...TRIED, failure: new InterruptedError('stopped') });
  const { entries } = historyFile.load(host, HOME);
  expect(entries.map(({ ended, reason }) => [ended, reason])).toEqual([
    ['done', null],
    ['failed', 'held for too long'],
    ['reverted', 'it crashed'],
    ['interrupted', 'stopped'],
  ]);
  const { isOpen: _, ...kept } = TRIED;
  expect(entries[0]).toMatchObject({ ...kept, at: 1_700_000_000_000 });
});
