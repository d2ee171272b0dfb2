/** An evolution is installed whole: no pattern for snapshots leaves anything of it out. */
import { expect, test } from 'bun:test';
import { simulatedHost } from '../../host/host.ts';
import { executable, installedDisk, versionOf } from '../../host/install.ts';
import { applyOn, rollBackOn } from '../../host/operations.ts';
import { packageFor } from '../../host/package.ts';
import { testRoot } from '../../trust/keys.ts';
import { filesOn, installedOn, sessionOn } from '../transaction/folders-stage.ts';

const ONE = executable('1.0.0');
const TWO = executable('2.0.0');
const PACKAGE = '/downloads/dgmo.dgmopkg';

/** All of these are left out of snapshots. */
const FILES = {
  'index.js': 'code',
  'cache/table.json': 'cache',
  'log/format.js': 'log',
  'logs/format.js': 'logs',
  'lib/debug.log': 'a log',
  'node_modules/a/index.js': 'a module',
  'tmp/a': 'temporary',
};

test('what snapshots leave out is installed all the same, and goes with a rollback', async () => {
  const disk = installedDisk('linux', ONE);
  const evolutions = [{ id: 'faster-search', files: FILES }];
  disk.place(PACKAGE, await packageFor('linux', [ONE, TWO], 'full', evolutions));
  const session = () => sessionOn(simulatedHost({ disk, versionOf }));
  await applyOn(session(), [PACKAGE], { root: testRoot() });
  const { 'installed.json': receipt = '', ...installed } = filesOn(disk, 'evolutions');
  const wanted = Object.fromEntries(
    Object.entries(FILES).map(([name, text]) => [`faster-search/${name}`, text]),
  );
  expect(installed).toEqual(wanted);
  expect(JSON.parse(receipt).evolutions[0].files).toHaveLength(Object.keys(FILES).length);
  await rollBackOn(session());
  expect(filesOn(disk, 'evolutions')).toEqual({});
});

test('one that is not there whole is not installed: everything is as it was', async () => {
  const disk = installedDisk('linux', ONE);
  // The name is one that restores use for files on their way, which they leave out.
  const files = { 'index.js': 'code', '.dgmo-restore-a': 'left out' };
  disk.place(PACKAGE, await packageFor('linux', [ONE, TWO], 'full', [{ id: 'faster-search', files }]));
  const update = applyOn(sessionOn(simulatedHost({ disk, versionOf })), [PACKAGE], { root: testRoot() });
  await expect(update).rejects.toThrow('was not installed whole');
  expect(filesOn(disk, 'evolutions')).toEqual({});
  expect(installedOn(disk, [ONE, TWO])).toBe(ONE);
});
