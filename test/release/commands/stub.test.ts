/** A tiny executable after large ones: no patch is made only to be left out. */
import { expect, test } from 'bun:test';
import { writeFileSync } from 'node:fs';
import { makeFeed } from '../feed.ts';
import { freshFolder, noise } from '../run.ts';

test('a patch of a large binary for a stub is left out before it is made, and that is told', async () => {
  using feed = await makeFeed();
  using folder = freshFolder();
  await feed.add('1.0.0', { 'linux-x64': new Uint8Array(17 << 20) });
  writeFileSync(folder.at('stub'), noise(1, 3000));
  const add = ['add', '1.1.0', '--repo', feed.folder, '--keys', feed.keys, '--binary', 'linux-x64=stub'];
  const left =
    'linux-x64: patch from 1.0.0: not made: the new binary has only 3,000 bytes, of which a patch of the 17,825,792 of the old one would save hardly any';
  const dry = await folder.release([...add, '--no-trial', '--dry-run']);
  expect(dry.stderr).toContain(left);
  expect(dry.stdout).toBe(
    'would make linux-x64: full binary\n1.1.0 could be published on stable; nothing was changed\n',
  );
  const { code, stderr } = await folder.release([...add, '--no-trial']);
  expect([code, stderr]).toEqual([0, expect.stringContaining(left)]);
  const [release] = (await feed.index('stable', 'linux-x64'))?.releases ?? [];
  expect(release?.packages.map(({ kind }) => kind)).toEqual(['full']);
});
