/** Evolutions of the installed version that the user adds later. */
import { expect, test } from 'bun:test';
import { knownWordsOf } from '../../../lib/api/known-words.ts';
import { simulatedHost } from '../../host/host.ts';
import { executable, installedDisk, versionOf } from '../../host/install.ts';
import { applyOn } from '../../host/operations.ts';
import { packageFor } from '../../host/package.ts';
import { testRoot } from '../../trust/keys.ts';
import { checkStore, filesOn, sessionOn } from '../transaction/folders-stage.ts';

const OLD = executable('1.0.0');
const NEW = executable('2.0.0');
const PACKAGE = '/downloads/p.dgmopkg';

async function updated() {
  const disk = installedDisk('linux', OLD);
  const evolutions = [{ id: 'faster-search', files: { 'index.js': 'x' } }];
  disk.place(PACKAGE, await packageFor('linux', [OLD, NEW], 'patch', evolutions));
  const apply = (wish: 'auto' | 'all' | 'none' | string[]) =>
    applyOn(sessionOn(simulatedHost({ disk, versionOf })), [PACKAGE], { root: testRoot(), evolutions: wish });
  expect(await apply('none')).toMatchObject({ changed: true, evolutions: [] });
  return { disk, apply };
}

test('are installed, and the binary is not touched', async () => {
  const { disk, apply } = await updated();
  const before = disk.inodeOf('/opt/dgmo/dgmo');
  expect(await apply(['faster-search'])).toMatchObject({ changed: true, evolutions: ['faster-search'] });
  expect(Object.keys(filesOn(disk, 'evolutions')).sort()).toEqual([
    'faster-search/index.js',
    'installed.json',
  ]);
  expect(disk.inodeOf('/opt/dgmo/dgmo')).toBe(before);
  // Tab offers them.
  expect(knownWordsOf(sessionOn(simulatedHost({ disk, versionOf }))).evolutions).toEqual(['faster-search']);
  expect((await checkStore(disk)).map(({ reason }) => reason)).toEqual([
    'Pre-update to 2.0.0',
    'Before evolutions of 2.0.0',
  ]);
});

test('are not installed if they already are, or if the user names none', async () => {
  const { disk, apply } = await updated();
  expect(await apply('auto')).toMatchObject({ changed: false, evolutions: [] });
  await apply('all');
  const files = filesOn(disk, 'evolutions');
  expect(await apply('all')).toMatchObject({ changed: false, evolutions: [] });
  expect(filesOn(disk, 'evolutions')).toEqual(files);
});
