/** An executable is made again from packages that are here, if what they give is the one that is wanted. */
import { expect, test } from 'bun:test';
import { makeFromPackages } from '../../lib/health/index.ts';
import { simulatedHost } from '../host/host.ts';
import { executable, INSTALL_DIR, installedDisk, versionOf } from '../host/install.ts';
import { packageFor } from '../host/package.ts';
import { sessionOn } from '../install/transaction/folders-stage.ts';
import { testRoot } from '../trust/keys.ts';

const [ONE, TWO] = [executable('1.0.0'), executable('2.0.0')];
const PACKAGE = '/downloads/dgmo.dgmopkg';

test.each([
  ['full', TWO.bytes, 'full'],
  ['patch', TWO.bytes, 'patch'],
  ['full', executable('2.0.0', 'other').bytes, null],
  ['patch', executable('2.0.0', 'other').bytes, null],
] as const)(
  'a package with a %s of the wanted executable, or of another that is called so',
  async (kind, bytes, made) => {
    const disk = installedDisk('linux', TWO, ONE);
    disk.place(PACKAGE, await packageFor('linux', [ONE, { ...TWO, bytes }], kind));
    const session = sessionOn(simulatedHost({ disk, versionOf }));
    expect(await makeFromPackages(session, TWO, [PACKAGE], testRoot())).toBe(made);
    const prepared = Object.keys(disk.picture()).filter((file) =>
      file.startsWith(`${INSTALL_DIR}/.dgmo-updater/repair-`),
    );
    expect(prepared.map((file) => disk.contentOf(file))).toEqual(made === null ? [] : [TWO.bytes]);
  },
);
