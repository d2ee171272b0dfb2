/** What the trial start of a version says of it. */
import { describe, expect, test } from 'bun:test';
import { judgeRun } from '../../../lib/install/transaction/probe.ts';
import type { FinishedRun } from '../../../lib/platform/host.ts';

const run = (more: Partial<FinishedRun>): FinishedRun => ({
  started: true,
  ...{ code: 0, signal: null, stdout: 'dgmo 2.0.0\n', stderr: '', timedOut: false, duration: 1 },
  ...more,
});
const judged = (more: Partial<FinishedRun>) => judgeRun(run(more), '2.0.0', 1000);

test('a version that prints itself works', () => {
  expect(judged({})).toEqual({ ok: true, detail: 'it printed 2.0.0' });
  expect(judged({ stdout: '1.9.0\n' })).toEqual({ ok: false, detail: 'it says it is 1.9.0, not 2.0.0' });
});

describe('an instruction that the processor lacks', () => {
  const panic = 'Bun v1.3.14 (Linux x64)\npanic(main thread): Illegal instruction at address 0x2C4D1B0\n';
  const cases: [how: string, run: Partial<FinishedRun>][] = [
    ['a signal', { code: null, signal: 'SIGILL' }],
    ['the code of a shell', { code: 132 }],
    ['the status of Windows', { code: 0xc000001d }],
    ['the same as a negative number', { code: -1073741795 }],
    ['a panic of Bun that ends by another signal', { code: null, signal: 'SIGABRT', stderr: panic }],
    ['a panic of Bun that ends with a code', { code: 3, stderr: panic }],
  ];
  test.each(cases)('is told by %s', (_, how) => {
    const { ok, detail, illegalInstruction } = judged({ stdout: '', ...how });
    expect([ok, illegalInstruction]).toEqual([false, true]);
    expect(detail).toStartWith('it uses an instruction that this processor lacks');
  });

  const others: [how: string, run: Partial<FinishedRun>][] = [
    ['another signal', { code: null, signal: 'SIGSEGV' }],
    ['another code', { code: 70 }],
    ['words of the program', { code: 1, stderr: 'the model gave an illegal instruction\n' }],
    ['the time limit', { code: null, signal: 'SIGKILL', timedOut: true }],
  ];
  test.each(others)('is not told by %s', (_, how) => {
    const found = judged({ stdout: '', ...how });
    expect([found.ok, found.illegalInstruction]).toEqual([false, undefined]);
  });

  test('does not count in a version that works', () => {
    expect(judged({ stderr: panic })).toEqual({ ok: true, detail: 'it printed 2.0.0' });
  });
});
