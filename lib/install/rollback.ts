/** Back to the binary that the last update replaced, which is kept in the work dir. */
import { DamagedError, PolicyError } from '../errors.ts';
import { compareVersions } from '../version/index.ts';
import { begin } from './begin.ts';
import { conclude } from './conclude.ts';
import { appendEntry, openTransaction, readJournal } from './journal.ts';
import { keepUnder } from './keep.ts';
import { type Binary, type Receipt, requireReceipt, saveReceipt } from './receipt.ts';
import type { Session } from './session.ts';
import { settle } from './transaction.ts';

/** Where a rollback would go. Throws PolicyError where nothing is kept, DamagedError where it is not what it was. */
export function rollbackTarget(session: Session): { receipt: Receipt; to: Binary } {
  const { layout, digests } = session;
  const receipt = requireReceipt(session.host.disk, layout);
  const to = receipt.previous;
  if (to === null) {
    throw new PolicyError(
      `there is no version before ${receipt.binary.version} to go back to: none was kept here`,
    );
  }
  const found = digests.of(layout.kept(to.sha256));
  if (found?.sha256 !== to.sha256) {
    throw new DamagedError(
      `the kept binary of ${to.version}, ${layout.kept(to.sha256)}, has SHA-256 ${found?.sha256 ?? '(no file)'}, wanted ${to.sha256}`,
      { advice: `Install ${to.version} from a package instead.` },
    );
  }
  return { receipt, to };
}

/**
 * The caller holds the lock. Also mends a binary that was damaged or removed, and gets out of a transaction that could
 * be neither finished nor taken back. Throws as `conclude` does.
 */
export async function rollback(session: Session): Promise<{ from: Binary; to: Binary }> {
  const { host, layout, digests } = session;
  const { receipt, to } = rollbackTarget(session);
  if (openTransaction(readJournal(host.disk, layout).entries) !== null) {
    appendEntry(host.disk, layout, { type: 'end', at: host.clock.now(), outcome: 'abandoned' });
  }
  const found = digests.of(layout.target);
  const sound = found?.sha256 === receipt.binary.sha256;
  const from: Binary =
    found === null || sound ? receipt.binary : { version: receipt.binary.version, ...found };
  const after: Receipt = {
    ...receipt,
    binary: to,
    // What is damaged is not worth going back to.
    previous: sound && receipt.binary.sha256 !== to.sha256 ? receipt.binary : null,
    floor: compareVersions(to.version, receipt.floor) < 0 ? to.version : receipt.floor,
    source: 'rollback',
    installedAt: host.clock.now(),
  };
  if (found?.sha256 === to.sha256) {
    // It stands there already, put back by hand: only the receipt has to learn of it.
    appendEntry(host.disk, layout, { type: 'receipt', at: host.clock.now(), receipt: after });
    saveReceipt(host.disk, layout, after);
    return { from, to };
  }
  const open = begin(session, { kind: 'rollback', from, to, receipt: { before: receipt, after } });
  keepUnder(session, layout.kept(to.sha256), layout.staged(open.id));
  host.disk.flushDirectory(layout.workDir);
  await conclude(session, await settle(session, open, false), from, to, receipt);
  return { from, to };
}
