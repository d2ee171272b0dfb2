/** How often a version has failed to confirm that it is well. */
import { describe, expect, test } from 'bun:test';
import fs from 'node:fs';
import path from 'node:path';
import {
  type Confirmation,
  CRASH_WINDOW,
  confirmation,
  failedStarts,
  withStart,
} from '../../../lib/install/confirmation/confirmation.ts';
import { decodeReceipt, encodeReceipt } from '../../../lib/install/receipt.ts';
import { executable, receiptOf } from '../../host/install.ts';

const NOW = 1_700_000_000_000;
const WITHIN = 10_000;

function owed(...starts: Confirmation['starts']): Confirmation {
  return { within: WITHIN, snapshot: null, starts };
}

describe('a start', () => {
  const failed = (at: number, isAlive: boolean) =>
    failedStarts(owed({ at, pid: 7 }), NOW, () => isAlive).length === 1;

  test('has failed when its process has ended', () => {
    expect(failed(NOW - 100, false)).toBe(true);
    expect(failed(NOW - 100, true)).toBe(false);
  });

  test('has failed when it has had its time', () => {
    expect(failed(NOW - WITHIN, true)).toBe(false);
    expect(failed(NOW - WITHIN - 1, true)).toBe(true);
  });

  test('of long ago is forgotten', () => {
    expect(failed(NOW - WITHIN - CRASH_WINDOW, false)).toBe(true);
    expect(failed(NOW - WITHIN - CRASH_WINDOW - 1, false)).toBe(false);
  });

  test('in the future, after the clock was set back, has failed only if its process has ended', () => {
    expect(failed(NOW + 60_000, true)).toBe(false);
    expect(failed(NOW + 60_000, false)).toBe(true);
  });

  test('that two have seen is counted once, and the same process id much later is another one', () => {
    const once = withStart(owed(), { at: NOW, pid: 7 });
    expect(withStart(once, { at: NOW + 50, pid: 7 })).toBe(once);
    expect(withStart(once, { at: NOW + 50, pid: 8 }).starts).toHaveLength(2);
    const later = withStart(once, { at: NOW + WITHIN + 1, pid: 7 });
    expect(later.starts).toHaveLength(2);
  });

  test('is one of at most sixteen, the newest', () => {
    let found = owed();
    for (let at = 0; at < 40; at++) found = withStart(found, { at: NOW + at, pid: at });
    expect(found.starts.map(({ pid }) => pid)).toEqual(Array.from({ length: 16 }, (_, at) => 24 + at));
    expect(confirmation(found, 'confirmation')).toEqual(found);
  });
});

describe('the receipt', () => {
  const receipt = {
    ...receiptOf(executable('2.0.0'), executable('1.0.0')),
    confirmation: {
      within: WITHIN,
      snapshot: '20261125-184200-3f9a',
      starts: [{ at: NOW, pid: 4711 }],
    },
  };

  test('with a confirmation that is owed, as version 4 wrote it, stays readable', () => {
    const bytes = fs.readFileSync(path.join(import.meta.dir, '../../vectors/receipt-v4/installed.json'));
    expect(decodeReceipt(bytes, 'installed.json')).toEqual(receipt);
    expect(encodeReceipt(receipt)).toEqual(new Uint8Array(bytes));
  });

  test('whose confirmation makes no sense is damaged', () => {
    const wrong = { ...receipt, confirmation: { ...receipt.confirmation, within: 0 } };
    expect(() => decodeReceipt(encodeReceipt(wrong), 'installed.json')).toThrow(
      'the receipt installed.json is damaged: confirmation.within: wanted a whole number of milliseconds from 1 to 3600000, found 0',
    );
  });
});
