/** Which bytes of an executable are changed so that no variable turns it into Bun, and that macOS accepts it still. */
import { describe, expect, test } from 'bun:test';
import { DamagedError } from '../../lib/errors.ts';
import { environmentEdits } from '../../release/work/environment-edits.ts';

const PAGE = 4096;
const NAMES = 'BUN_BE_BUN\0\0BUN_OPTIONS\0';

const sha256 = (bytes: Uint8Array) => Buffer.from(new Bun.CryptoHasher('sha256').update(bytes).digest());

function edited(executable: Buffer): Buffer {
  const copy = Buffer.from(executable);
  for (const { offset, bytes } of environmentEdits(executable)) copy.set(bytes, offset);
  return copy;
}

/** As macOS has it: three pages, and a signature of them. One of the names goes over the edge of a page. */
function signed(): Buffer {
  const limit = 2 * PAGE + 1000;
  const whole = Buffer.alloc(limit + 500);
  whole.writeUInt32LE(0xfeedfacf, 0);
  whole.writeUInt32LE(1, 16);
  whole.writeUInt32LE(0x1d, 32);
  whole.writeUInt32LE(16, 36);
  whole.writeUInt32LE(limit, 40);
  whole.write(NAMES, 200);
  whole.write('BUN_OPTIONS', 2 * PAGE - 4);
  whole.writeUInt32BE(1, limit + 8);
  whole.writeUInt32BE(32, limit + 16);
  const directory = limit + 32;
  whole.writeUInt32BE(0xfade0c02, directory);
  whole.writeUInt32BE(100, directory + 16);
  whole.writeUInt32BE(limit, directory + 32);
  whole.writeUInt8(32, directory + 36);
  whole.writeUInt8(2, directory + 37);
  whole.writeUInt8(12, directory + 39);
  for (let page = 0; page < 3; page++) whole.set(pageDigest(whole, page), directory + 100 + 32 * page);
  return whole;
}

const pageDigest = (whole: Buffer, page: number) =>
  sha256(whole.subarray(page * PAGE, Math.min((page + 1) * PAGE, 2 * PAGE + 1000)));

describe('an executable', () => {
  test('has names that no variable can have, and is otherwise the same', () => {
    const before = Buffer.from(`code ${NAMES} more BUN_OPTIONS_ code`.padEnd(100));
    const after = edited(before);
    expect(after.toString()).toBe(
      before.toString().replaceAll('BUN_OPTIONS', 'BUN=OPTIONS').replace('BUN_BE_BUN', 'BUN=BE_BUN'),
    );
  });

  test('of macOS has a signature of what it is then', () => {
    const after = edited(signed());
    expect(after.includes('BUN_OPTIONS')).toBe(false);
    for (let page = 0; page < 3; page++) {
      const at = 2 * PAGE + 1000 + 32 + 100 + 32 * page;
      expect(after.subarray(at, at + 32).equals(pageDigest(after, page))).toBe(true);
    }
  });

  test('in which the names stand elsewhere as well, or not at all, or whose signature is wrong, is refused', () => {
    for (const text of [NAMES, `${NAMES}BUN_OPTIONS BUN_OPTIONS`, `${NAMES}BUN_OPTIONS BUN_BE_BUN`])
      expect(() => environmentEdits(Buffer.from(text.padEnd(100)))).toThrow(DamagedError);
    const wrong = signed();
    wrong[300] = 1;
    expect(() => environmentEdits(wrong)).toThrow('page 0 of the executable');
  });
});
