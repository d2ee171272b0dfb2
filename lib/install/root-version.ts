/**
 * The highest version of the trusted root that an installation has seen. Below it nothing is trusted: a damaged home, or
 * another one, must not give keys that were revoked their power back.
 */
import { TrustError, UpdaterError } from '../errors.ts';
import { asUpdaterError } from '../platform/failures.ts';
import type { TrustedRoot } from '../trust/index.ts';
import { withLock } from './lock.ts';
import { loadReceipt, type Receipt, saveReceipt } from './receipt.ts';
import type { Session } from './session.ts';
import { appendEntry, openTransaction, readJournal } from './transaction/journal.ts';

/** Throws TrustError if the root is older than one that was seen here. */
export function requireRootVersion({ rootVersion = 1 }: Receipt, { version }: TrustedRoot): void {
  if (version >= rootVersion) return;
  throw new TrustError(
    `not trusted: wanted root version ${rootVersion}, which was trusted here before, or a later one, found that the ` +
      `trusted root is version ${version}`,
    {
      advice:
        'The newer one is missing from the home, or damaged. Run `dgmo-updater check`: it reads it from the feed again. ' +
        'Without a network, give the missing ones in their order with `dgmo-updater init --root <n.root.json>`.',
    },
  );
}

/** The receipt with the version, unless it has a higher one. */
export function withRootVersion(receipt: Receipt, version: number): Receipt {
  return version > (receipt.rootVersion ?? 1) ? { ...receipt, rootVersion: version } : receipt;
}

/**
 * Writes the version into the receipt. If another updater is at work, or this user may not write there, the next run that
 * sees the root does it.
 */
export async function noteRootVersion({ host, layout }: Session, version: number): Promise<void> {
  const raised = (): Receipt | null => {
    const receipt = loadReceipt(host.disk, layout);
    return receipt === null || withRootVersion(receipt, version) === receipt
      ? null
      : withRootVersion(receipt, version);
  };
  try {
    if (raised() === null) return;
    await withLock(host, layout, async () => {
      const receipt = raised();
      if (receipt === null || openTransaction(readJournal(host.disk, layout).entries) !== null) return;
      appendEntry(host.disk, layout, { type: 'receipt', at: host.clock.now(), receipt });
      saveReceipt(host.disk, layout, receipt);
    });
  } catch (error) {
    if (!(asUpdaterError(error, layout.receipt) instanceof UpdaterError)) throw error;
  }
}
