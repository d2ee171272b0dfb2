/** Memory that is given back is the system's again, and what lies beside it stays as it is. */
import { expect, test } from 'bun:test';
import fs from 'node:fs';
import { giveBack } from '../../lib/platform/posix/memory-advice.ts';

const SIZE = 64 << 20;

function resident(): number {
  const [, kibibytes] = /^VmRSS:\s+(\d+) kB$/m.exec(fs.readFileSync('/proc/self/status', 'utf8')) ?? [];
  return Number(kibibytes) * 1024;
}

test.skipIf(process.platform !== 'linux')('whole pages are given back, and no byte outside', () => {
  const bytes = new Uint8Array(new SharedArrayBuffer(SIZE)).fill(7);
  const before = resident();
  const end = giveBack(bytes.buffer, 1000, SIZE - 1000);
  expect(before - resident()).toBeGreaterThan(SIZE / 2);
  expect(end).toBeGreaterThan(SIZE - 1000 - (1 << 16));
  expect(end).toBeLessThanOrEqual(SIZE - 1000);
  expect(bytes.subarray(0, 1000).every((byte) => byte === 7)).toBe(true);
  expect(bytes.subarray(SIZE - 1000).every((byte) => byte === 7)).toBe(true);
  expect(bytes[SIZE >> 1]).toBe(0);
});

test('too little for a page is kept', () => {
  const bytes = new Uint8Array(new SharedArrayBuffer(4096)).fill(7);
  giveBack(bytes.buffer, 0, 4095);
  expect(bytes.every((byte) => byte === 7)).toBe(true);
});
