/** What the receipt says is what the policy decides by: the floor, and the installed release's word on going back. */
import { expect, test } from 'bun:test';
import { PolicyError } from '../../lib/errors.ts';
import { openSession, type Receipt } from '../../lib/install/index.ts';
import { encodeReceipt } from '../../lib/install/receipt.ts';
import { simulatedHost } from '../host/host.ts';
import { executable, INSTALL_DIR, installedDisk, receiptOf, versionOf } from '../host/install.ts';
import { applyOn } from '../host/operations.ts';
import { packageFor } from '../host/package.ts';
import { testRoot } from '../trust/keys.ts';

const [ONE, TWO] = [executable('1.0.0'), executable('2.0.0')];

/** Applies the package of `to` over `installed`, whose receipt says `more`. */
async function apply(installed: typeof ONE, to: typeof ONE, more: Partial<Receipt>, allowDowngrade: boolean) {
  const disk = installedDisk('linux', installed);
  const receipt = encodeReceipt({ ...receiptOf(installed, null), ...more });
  disk.place(`${INSTALL_DIR}/.dgmo-updater/installed.json`, receipt, 0o600);
  disk.place('/drop/package.dgmopkg', await packageFor('linux', [executable('0.9.0'), to], 'full'));
  const session = openSession(simulatedHost({ disk, versionOf }), { installDir: INSTALL_DIR });
  return applyOn(session, ['/drop/package.dgmopkg'], { allowDowngrade, root: testRoot() });
}

async function refused(attempt: Promise<unknown>, message: string): Promise<void> {
  await expect(attempt).rejects.toThrow(PolicyError);
  await expect(attempt).rejects.toThrow(message);
}

test('a newer version below the floor is refused, and taken at it', async () => {
  await refused(apply(ONE, TWO, { floor: '3.0.0' }, false), 'wanted at least 3.0.0');
  expect((await apply(ONE, TWO, { floor: '2.0.0' }, false)).to.version).toBe('2.0.0');
});

test('an older version is refused if the installed release says that it can’t be taken back, and taken if not', async () => {
  const rollback = { supported: true, minVersion: '1.0.0', dataVersion: 1 };
  await refused(
    apply(TWO, ONE, { rollback: { ...rollback, supported: false } }, true),
    "can't be rolled back",
  );
  await refused(
    apply(TWO, ONE, { rollback: { ...rollback, minVersion: '1.5.0' } }, true),
    '2.0.0 can be rolled back to 1.5.0 or newer',
  );
  expect((await apply(TWO, ONE, { rollback }, true)).to.version).toBe('1.0.0');
});

test('a root that is older than one that was seen is refused before that', async () => {
  await expect(apply(ONE, TWO, { rootVersion: 2 }, false)).rejects.toThrow('wanted root version 2');
  expect((await apply(ONE, TWO, { rootVersion: 1 }, false)).to.version).toBe('2.0.0');
});
