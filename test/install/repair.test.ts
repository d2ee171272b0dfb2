/** Repairing a damaged or missing executable with a package. This begins with a snapshot, too. */
import { expect, test } from 'bun:test';
import { withLock } from '../../lib/install/lock.ts';
import { ABSENT, decodeReceipt, requireReceipt } from '../../lib/install/receipt.ts';
import { begin } from '../../lib/install/transaction/begin.ts';
import { appendEntry, openTransaction, readJournal } from '../../lib/install/transaction/journal.ts';
import { recoverInstall } from '../../lib/install/transaction/recover.ts';
import { simulatedHost } from '../host/host.ts';
import { executable, INSTALL_DIR, installedDisk, targetPath, versionOf } from '../host/install.ts';
import { applyOn } from '../host/operations.ts';
import { packageFor } from '../host/package.ts';
import { testRoot } from '../trust/keys.ts';
import { exitCode } from './transaction/every-fault.ts';
import { checkStore, sessionOn } from './transaction/folders-stage.ts';

const ONE = executable('1.0.0');
const DAMAGED = new TextEncoder().encode('half of it');
const PACKAGE = '/downloads/dgmo.dgmopkg';

test.each([
  ['damaged', DAMAGED, { sound: false, size: DAMAGED.length }],
  ['missing', null, null],
])('an executable that is %s', async (_, found, kept) => {
  const disk = installedDisk('linux', ONE);
  if (found === null) disk.remove(targetPath('linux'));
  else disk.place(targetPath('linux'), found);
  disk.place(PACKAGE, await packageFor('linux', [executable('0.9.0'), ONE], 'full'));
  const repair = applyOn(sessionOn(simulatedHost({ disk, versionOf })), [PACKAGE], { root: testRoot() });
  expect(await exitCode(repair)).toBe(0);
  expect(disk.contentOf(targetPath('linux'))).toEqual(ONE.bytes);
  // Never back to what was damaged.
  const receipt = disk.contentOf(`${INSTALL_DIR}/.dgmo-updater/installed.json`);
  expect(decodeReceipt(receipt ?? new Uint8Array(), 'installed.json').previous).toBeNull();
  const [snapshot, ...more] = await checkStore(disk);
  expect(more).toEqual([]);
  expect(snapshot).toMatchObject({ kind: 'repair', reason: 'Pre-update to 1.0.0', version: '1.0.0' });
  const { binary = null } = snapshot?.components ?? {};
  expect(binary === null ? null : { sound: binary.sound, size: binary.size }).toEqual(kept);
  expect(binary?.path ?? `${INSTALL_DIR}/dgmo`).toBe(`${INSTALL_DIR}/dgmo`);
});

test.each([true, false])(
  'a repair of a missing executable that was stopped before it was prepared is undone; receipt: %p',
  async (present) => {
    const disk = installedDisk('linux', ONE);
    const session = sessionOn(simulatedHost({ disk, versionOf }));
    const before = requireReceipt(session.host.disk, session.layout);
    appendEntry(session.host.disk, session.layout, { type: 'receipt', at: 1, receipt: before });
    disk.remove(targetPath('linux'));
    const from = { ...before.binary, sha256: ABSENT, size: 0 };
    const receipt = { before, after: before };
    begin(session, { kind: 'update', from, to: before.binary, receipt, folders: null });
    if (!present) disk.remove(session.layout.receipt);
    const recovered = await withLock(session.host, session.layout, () => recoverInstall(session));
    expect(recovered).toMatchObject({
      transaction: { outcome: 'abandoned' },
      receipt: { binary: before.binary },
    });
    expect(openTransaction(readJournal(session.host.disk, session.layout).entries)).toBeNull();
    expect(requireReceipt(session.host.disk, session.layout).binary).toEqual(before.binary);
  },
);
