import { describe, expect, test } from 'bun:test';
import fs from 'node:fs';
import path from 'node:path';
import { DamagedError } from '../../../lib/errors.ts';
import { locate } from '../../../lib/install/layout.ts';
import {
  appendEntry,
  compactJournal,
  decodeJournal,
  type Entry,
  encodeEntry,
  lastReceipt,
  openTransaction,
  readJournal,
} from '../../../lib/install/transaction/journal.ts';
import type { SimulatedDisk } from '../../host/disk.ts';
import { binaryOf, executable, INSTALL_DIR, installedDisk, receiptOf } from '../../host/install.ts';

const OLD = executable('1.0.0');
const NEW = executable('2.0.0');
const begin: Entry = {
  type: 'begin',
  id: '0011223344556677',
  at: 1_700_000_000_000,
  kind: 'update',
  from: binaryOf(OLD),
  to: binaryOf(NEW),
  receipt: receiptOf(NEW, OLD),
};
const ENTRIES: Entry[] = [
  { type: 'receipt', at: 1_700_000_000_000, receipt: receiptOf(OLD, null) },
  begin,
  { type: 'swap' },
  { type: 'gap' },
  { type: 'verdict', verdict: 'commit', reason: 'it printed 2.0.0' },
  { type: 'end', at: 1_700_000_000_001, outcome: 'committed' },
];
const encode = (entries: Entry[]) => new TextEncoder().encode(entries.map(encodeEntry).join(''));

function layoutOn(disk: SimulatedDisk) {
  return locate({ disk, platform: 'linux' }, INSTALL_DIR, 'dgmo');
}

test('a copy of the install that was made of hard links does not see what is appended', () => {
  const disk = installedDisk('linux', OLD);
  const layout = layoutOn(disk);
  disk.link(layout.journal, '/opt/copy');
  const before = disk.contentOf('/opt/copy');
  appendEntry(disk, layout, begin);
  expect(disk.contentOf('/opt/copy')).toEqual(before);
  expect(readJournal(disk, layout).entries.at(-1)).toEqual(begin);
  appendEntry(disk, layout, { type: 'swap' });
  expect(readJournal(disk, layout).entries.slice(-2)).toEqual([begin, { type: 'swap' }]);
  expect(disk.openHandles()).toBe(0);
});

describe('reading', () => {
  test('returns what was written', () => {
    const bytes = encode(ENTRIES);
    expect(decodeJournal(bytes, 'journal')).toEqual({ entries: ENTRIES, length: bytes.length });
  });

  test('ignores an incomplete last record, cut at any byte, and keeps those before it', () => {
    const whole = encode(ENTRIES.slice(0, 2)).length;
    const bytes = encode(ENTRIES.slice(0, 3));
    for (let end = whole; end < bytes.length; end++) {
      const { entries, length } = decodeJournal(bytes.subarray(0, end), 'journal');
      expect({ count: entries.length, length }).toEqual({ count: 2, length: whole });
    }
  });

  test('ignores a record in which any one bit is flipped', () => {
    const bytes = encode([ENTRIES[4] as Entry]);
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const flipped = bytes.slice();
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(decodeJournal(flipped, 'journal').entries).toEqual([]);
    }
  });

  test('returns the records after a damaged one', () => {
    const bytes = encode(ENTRIES);
    bytes[40] = (bytes[40] ?? 0) ^ 1;
    expect(decodeJournal(bytes, 'journal').entries).toEqual(ENTRIES.slice(1));
  });

  test('refuses a record of an unknown type', () => {
    const bytes = new TextEncoder().encode(encodeEntry({ type: 'future' } as unknown as Entry));
    expect(() => decodeJournal(bytes, 'journal')).toThrow(DamagedError);
  });

  test.each([
    ['folders', { type: 'folders', state: 'gone' }],
    ['trial', { type: 'trial', unused: 1 }],
    ['verdict', { type: 'verdict', verdict: 'maybe', reason: '' }],
    ['end', { type: 'end', at: 1, outcome: 'somehow' }],
    ['begin', { type: 'begin', id: 'a', at: 1, kind: 'other' }],
    ['begin', { type: 'begin', id: 5, at: 1, kind: 'update' }],
    ['not an object', ['swap']],
  ])('refuses a record that is unknown inside: %s', (what, record) => {
    const bytes = new TextEncoder().encode(encodeEntry(record as unknown as Entry));
    expect(() => decodeJournal(bytes, 'journal')).toThrow(
      `a record that this updater does not know (${what})`,
    );
  });
});

describe('appending', () => {
  test('removes an incomplete last record', () => {
    const disk = installedDisk('linux', OLD);
    const layout = layoutOn(disk);
    const whole = disk.contentOf(layout.journal) ?? new Uint8Array(0);
    disk.place(layout.journal, Buffer.concat([whole, Buffer.from('0123456789abcdef {"type":"sw')]));
    appendEntry(disk, layout, { type: 'swap' });
    expect(readJournal(disk, layout).entries.map((entry) => entry.type)).toEqual(['receipt', 'swap']);
  });

  test('creates the journal durably if there is none', () => {
    const disk = installedDisk('linux', OLD);
    const layout = layoutOn(disk);
    disk.remove(layout.journal);
    appendEntry(disk, layout, { type: 'swap' });
    expect(readJournal(disk.after('lost'), layout).entries).toEqual([{ type: 'swap' }]);
  });
});

describe('interpreting', () => {
  test('a transaction is open from its beginning to its end', () => {
    expect(openTransaction(ENTRIES.slice(0, 1))).toBeNull();
    expect(openTransaction(ENTRIES.slice(0, 2))).toMatchObject({ id: begin.id, verdict: null });
    expect(openTransaction(ENTRIES.slice(0, 5))?.verdict).toEqual({
      verdict: 'commit',
      reason: 'it printed 2.0.0',
    });
    expect(openTransaction(ENTRIES)).toBeNull();
  });

  test('the last receipt is that of the last committed transaction', () => {
    expect(lastReceipt(ENTRIES)?.binary.version).toBe('2.0.0');
    expect(lastReceipt(ENTRIES.slice(0, 5))?.binary.version).toBe('1.0.0');
    const reverted: Entry[] = [...ENTRIES.slice(0, 3), { type: 'end', at: 0, outcome: 'reverted' }];
    expect(lastReceipt(reverted)?.binary.version).toBe('1.0.0');
    expect(lastReceipt([])).toBeNull();
  });
});

test('compacting makes a large journal small, and keeps the last receipt', () => {
  const disk = installedDisk('linux', OLD);
  const layout = layoutOn(disk);
  const failed: Entry[] = [begin, { type: 'end', at: 0, outcome: 'reverted' }];
  disk.place(
    layout.journal,
    encode([ENTRIES[0] as Entry, ...Array.from({ length: 400 }, () => failed).flat()]),
  );
  const before = disk.contentOf(layout.journal)?.length ?? 0;
  compactJournal(disk, layout);
  const after = disk.contentOf(layout.journal)?.length ?? 0;
  expect(before).toBeGreaterThan(256 * 1024);
  expect(after).toBeLessThan(before / 2);
  expect(lastReceipt(readJournal(disk, layout).entries)?.binary.version).toBe('1.0.0');
});

test('a journal of version 1 is readable', () => {
  const bytes = fs.readFileSync(path.join(import.meta.dir, '../../vectors/journal-v1/journal'));
  expect(decodeJournal(bytes, 'journal')).toEqual({ entries: ENTRIES, length: bytes.length });
});

test('a journal of version 2, with folders, is readable', () => {
  const bytes = fs.readFileSync(path.join(import.meta.dir, '../../vectors/journal-v2/journal'));
  const { entries, length } = decodeJournal(bytes, 'journal');
  const folders = {
    home: '/home/.dgmo',
    before: '20231114-221320-3f9a',
    changes: ['evolutions' as const],
  };
  const rollback = { supported: true, minVersion: '0.9.0', dataVersion: 2 };
  expect(length).toBe(bytes.length);
  expect(entries[1]).toMatchObject({ type: 'begin', folders, receipt: { rollback } });
  expect(openTransaction(entries)).toMatchObject({ folders, touched: false, verdict: { verdict: 'revert' } });
  expect(openTransaction(entries.slice(0, -1))).toMatchObject({ folders, touched: true });
});

test('a journal of version 3, with a trial start, is readable', () => {
  const bytes = fs.readFileSync(path.join(import.meta.dir, '../../vectors/journal-v3/journal'));
  const { entries, length } = decodeJournal(bytes, 'journal');
  expect(length).toBe(bytes.length);
  expect(openTransaction(entries)).toMatchObject({ touched: false, trial: null });
  expect(openTransaction(entries.slice(0, -1))).toMatchObject({ touched: true, trial: { unused: true } });
});

test.each([
  ['no snapshot', { home: '/home/.dgmo', changes: [] }],
  ['an invalid id', { home: '/home/.dgmo', before: '../../x', changes: [] }],
  ['an unknown component', { home: '/home/.dgmo', before: '20231114-221320-3f9a', changes: ['binary'] }],
])('a record whose folders have %s is refused', (_, folders) => {
  const line = encodeEntry({ ...begin, folders } as unknown as Entry);
  expect(() => decodeJournal(new TextEncoder().encode(line), 'journal')).toThrow('does not know');
});

test('a record that could not be read again is not written', () => {
  const disk = installedDisk('linux', OLD);
  const layout = layoutOn(disk);
  const receipt = receiptOf(OLD, null);
  const from = { version: '1.0.0', sha256: '', size: -1 };
  const entry = {
    type: 'begin',
    id: 'a',
    at: 0,
    kind: 'rollback',
    from,
    to: receipt.binary,
    receipt,
  } as const;
  const before = disk.contentOf(layout.journal);
  expect(() => appendEntry(disk, layout, entry)).toThrow();
  expect(disk.contentOf(layout.journal)).toEqual(before);
});
