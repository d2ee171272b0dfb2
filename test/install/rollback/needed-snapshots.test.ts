/** Which snapshots an installation needs, however many are newer. */
import { expect, test } from 'bun:test';
import { neededSnapshots, pruneSnapshots, snapshotInstall } from '../../../lib/install/folders/snapshots.ts';
import { appendEntry, type Entry } from '../../../lib/install/transaction/journal.ts';
import { listSnapshots } from '../../../lib/snapshot/index.ts';
import { simulatedHost } from '../../host/host.ts';
import { executable, installedDisk, receiptOf, versionOf } from '../../host/install.ts';
import { HOME, placeFiles, sessionOn } from '../transaction/folders-stage.ts';

const OLD = executable('1.0.0');
const NEW = executable('2.0.0');

test('the snapshot of an open transaction is needed until the transaction has ended', async () => {
  const disk = installedDisk('linux', OLD);
  const session = sessionOn(simulatedHost({ disk, versionOf }));
  const setup = session.snapshots;
  if (setup === null) throw new Error('no setup');
  const receipt = receiptOf(OLD, null);
  const take = async (text: string) => {
    placeFiles(disk, 'data', { file: text });
    const wish = { kind: 'update' as const, reason: text };
    return (await snapshotInstall(session, setup, receipt, wish)).id;
  };
  const listed = () => listSnapshots(session.host.disk, setup.layout).map(({ id }) => id);
  const before = await take('before');
  const { host, layout } = session;
  const append = (entry: Entry) => appendEntry(host.disk, layout, entry);
  const folders = { home: HOME, before, changes: [] };
  append({ type: 'begin', id: 'one', at: 1, kind: 'update', from: OLD, to: NEW, receipt, folders });
  const later = [await take('later'), await take('still later')];
  expect([...neededSnapshots(session, setup, receipt)]).toEqual([before]);
  await pruneSnapshots(session, setup, receipt, { keep: 1 });
  expect(listed()).toEqual([before, ...later.slice(1)]);
  append({ type: 'end', at: 2, outcome: 'abandoned' });
  await pruneSnapshots(session, setup, receipt, { keep: 1 });
  expect(listed()).toEqual(later.slice(1));
});
