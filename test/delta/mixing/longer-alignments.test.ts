/** Files of records that are much alike, as programs in R are saved: each names another by its number. */
import { expect, test } from 'bun:test';
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
