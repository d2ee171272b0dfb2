/** The list of the installed binary's blocks is kept by every update, and counts only as long as it is intact. */
import { expect, test } from 'bun:test';
import { differingBlocks } from '../../lib/delta/index.ts';
import { keptBlockList } from '../../lib/install/index.ts';
import { memorySource } from '../../lib/platform/files.ts';
import { simulatedHost } from '../host/host.ts';
import {
  type Executable,
  executable,
  INSTALL_DIR,
  installedDisk,
  targetPath,
  versionOf,
} from '../host/install.ts';
import { applyOn } from '../host/operations.ts';
import { packageFor } from '../host/package.ts';
import { testRoot } from '../trust/keys.ts';
import { sessionOn } from './transaction/folders-stage.ts';

const VERSIONS = ['1.0.0', '1.1.0', '1.2.0'].map((version) => executable(version));
const [ONE, TWO, THREE] = VERSIONS as [Executable, Executable, Executable];
const PACKAGE = '/downloads/dgmo.dgmopkg';

async function updated(...path: [Executable, ...Executable[]]) {
  const disk = installedDisk('linux', path[0]);
  const session = sessionOn(simulatedHost({ disk, versionOf }));
  for (const [index, to] of path.slice(1).entries()) {
    const from = path[index] as Executable;
    disk.place(PACKAGE, await packageFor('linux', [from, to], 'full'));
    await applyOn(session, [PACKAGE], { root: testRoot() });
  }
  const lists = () =>
    disk
      .list(`${INSTALL_DIR}/.dgmo-updater`)
      .filter((name) => name.startsWith('blocks-'))
      .sort();
  return { disk, session, lists };
}

const named = (...kept: Executable[]) => kept.map(({ sha256 }) => `blocks-${sha256.slice(0, 32)}`).sort();

test('an update keeps the list of what it has installed, and of what it can go back to, and no others', async () => {
  const { disk, session, lists } = await updated(ONE, TWO, THREE);
  expect(disk.contentOf(targetPath('linux'))).toEqual(THREE.bytes);
  expect(lists()).toEqual(named(TWO, THREE));
  const list = keptBlockList(session.host, session.layout, THREE);
  if (list === null) throw new Error('there is no list');
  expect(await differingBlocks(memorySource(THREE.bytes), list)).toEqual([]);
  expect(await differingBlocks(memorySource(TWO.bytes), list)).toEqual([0]);
  expect(keptBlockList(session.host, session.layout, ONE)).toBeNull();
});

test('a list that is damaged, cut off or of another size counts as none', async () => {
  const { disk, session } = await updated(ONE, TWO);
  const at = session.layout.blocks(TWO.sha256);
  const intact = disk.contentOf(at) ?? new Uint8Array();
  for (const bytes of [
    intact.slice(1),
    intact.slice(0, 20),
    new Uint8Array(),
    intact.map((byte) => byte ^ 2),
  ]) {
    disk.place(at, bytes);
    expect(keptBlockList(session.host, session.layout, TWO)).toBeNull();
  }
  disk.place(at, intact);
  expect(keptBlockList(session.host, session.layout, { ...TWO, size: 1 << 20 })).toBeNull();
  expect(keptBlockList(session.host, session.layout, TWO)).not.toBeNull();
});

test('an update does not fail for want of it', async () => {
  const disk = installedDisk('linux', ONE);
  disk.place(PACKAGE, await packageFor('linux', [ONE, TWO], 'full'));
  const open = disk.open.bind(disk);
  disk.open = (path, how, mode) => {
    if (path.includes('blocks-')) throw Object.assign(new Error('ENOSPC: no space left'), { code: 'ENOSPC' });
    return open(path, how, mode);
  };
  const session = sessionOn(simulatedHost({ disk, versionOf }));
  await applyOn(session, [PACKAGE], { root: testRoot() });
  expect(disk.contentOf(targetPath('linux'))).toEqual(TWO.bytes);
  expect(keptBlockList(session.host, session.layout, TWO)).toBeNull();
});
