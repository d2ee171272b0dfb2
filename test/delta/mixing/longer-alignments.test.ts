/** Files of records that are much alike, as programs in R are saved: each names another by its number. */
import { expect, test } from 'bun:test';
import { readPatchHeader } from '../../../lib/delta/index.ts';
import { memorySource } from '../../../lib/platform/files.ts';
import { randomNumbers } from '../pairs.ts';
import { apply, make } from '../support.ts';

/** In the later version there is one more name, before a tenth of the others. */
function saved(later: boolean): Uint8Array {
  const next = randomNumbers(4);
  const records = Array.from({ length: 30_000 }, () => {
    const kind = next() % 5;
    const name = next() % 40;
    const moved = later && name >= 36 ? name + 1 : name;
    return kind === 0 ? [0, 0, 0, 254] : [0, 0, 0, 2, 0, 0, moved, 255, 0, 0, 0, 6];
  });
  return Uint8Array.from(records.flat());
}

test('what looks the same elsewhere is no reason to leave the place that goes on', async () => {
  const [old, fresh] = [saved(false), saved(true)];
  const patch = await make(old, fresh);
  expect(Buffer.compare(await apply(patch, old), fresh)).toBe(0);
  // 758 bytes with all alignments of 16 bytes and more.
  expect(patch.length).toBeLessThan(700);
});

test('a megabyte that is new is tried as bulk, also where most is old', async () => {
  const next = randomNumbers(5);
  const some = (size: number) => Uint8Array.from({ length: size }, () => next());
  const old = some(1_200_000);
  const pieces = Array.from({ length: 600 }, () => some(12 + (next() % 30)));
  const added: number[] = [];
  while (added.length <= 1 << 20) added.push(...(pieces[next() % pieces.length] as Uint8Array));
  const fresh = Uint8Array.from([...old, ...added]);
  const patch = await make(old, fresh, { algorithm: 'mixing' });
  expect(Buffer.compare(await apply(patch, old), fresh)).toBe(0);
  const { streams } = readPatchHeader(memorySource(patch));
  expect(streams.find(({ name }) => name === 'extra')?.rawSize).toBeGreaterThan(1 << 20);
});
