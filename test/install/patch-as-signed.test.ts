/** A patch decides by its header what is made of what: that has to be what was signed. */
import { describe, expect, test } from 'bun:test';
import { generatePatch } from '../../lib/delta/index.ts';
import { DamagedError } from '../../lib/errors.ts';
import { readPackage, requirePatchAsSigned } from '../../lib/package/index.ts';
import { memorySource } from '../../lib/platform/files.ts';
import { simulatedHost } from '../host/host.ts';
import { executable, installedDisk, targetPath, versionOf } from '../host/install.ts';
import { applyOn } from '../host/operations.ts';
import { packageFor } from '../host/package.ts';
import { testRoot } from '../trust/keys.ts';
import { sessionOn } from './transaction/folders-stage.ts';

const ONE = executable('1.0.0');
const TWO = executable('2.0.0');
const PACKAGE = '/downloads/dgmo.dgmopkg';

test.each([
  ['fromVersion', '0.9.0'],
  ['toVersion', '2.0.1'],
])('an update whose patch has another %s is refused before anything is written', async (field, value) => {
  const disk = installedDisk('linux', ONE);
  disk.place(PACKAGE, await packageFor('linux', [ONE, TWO], 'patch', [], { [field]: value }));
  const written: string[] = [];
  const open = disk.open.bind(disk);
  disk.open = (path, how, mode) => {
    if (how === 'create' && path.includes('staged-')) written.push(path);
    return open(path, how, mode);
  };
  const session = sessionOn(simulatedHost({ disk, versionOf }));
  const apply = applyOn(session, [PACKAGE], { root: testRoot() });
  await expect(apply).rejects.toThrow(
    new RegExp(`wanted a patch from 1\\.0\\.0 with ${field} .* found ${value}`),
  );
  expect(written).toEqual([]);
  expect(disk.contentOf(targetPath('linux'))).toEqual(ONE.bytes);
});

describe('the header is held against the statement:', () => {
  const signed = async () => {
    const [payload] = readPackage(
      memorySource(await packageFor('linux', [ONE, TWO], 'patch')),
      testRoot(),
    ).payloads;
    if (payload?.kind !== 'patch') throw new Error('no patch');
    return payload;
  };
  const patch = async () =>
    memorySource(
      await generatePatch({ old: ONE.bytes, new: TWO.bytes, fromVersion: '1.0.0', toVersion: '2.0.0' }),
    );

  test('the right one', async () => {
    requirePatchAsSigned(await patch(), await signed());
  });

  test.each([
    ['from', '0.9.0', 'fromVersion'],
    ['fromChecksum', '0'.repeat(64), 'fromChecksum'],
    ['to', '2.0.1', 'toVersion'],
    ['toChecksum', '0'.repeat(64), 'toChecksum'],
    ['toSize', 1, 'toSize'],
  ])('another %s', async (field, value, named) => {
    const other = { ...(await signed()), [field]: value };
    const source = await patch();
    const check = () => requirePatchAsSigned(source, other);
    expect(check).toThrow(DamagedError);
    expect(check).toThrow(`${named} ${value}, as signed`);
  });
});
