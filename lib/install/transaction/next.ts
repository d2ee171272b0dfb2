/**
 * The next step of a transaction, as a function of what the journal says and what is on the disk. The same table carries
 * out a transaction and recovers an interrupted one. It is pure, and the tests try every state.
 *
 * The digest of the target decides. The journal only adds what can't be seen on the disk: whether the new version was
 * tried, and the verdict.
 */

/** What a path holds, by its digest: the binary before the transaction, the one after it, another file, or none. */
export type Content = 'old' | 'new' | 'other' | 'missing';

/** What is on the disk. */
export interface Observed {
  /** The installed executable. */
  target: Content;
  /** The new binary, prepared beside the target. */
  staged: Content;
  /** The copy of the old binary (a hard link if possible), to go back to. */
  kept: Content;
  /** Windows: where the old binary was moved to if it was running during the swap. */
  away: Content;
}

/** What is not seen on the disk. */
export interface Known {
  /** Whether the new version stays installed; null until the journal says so. */
  verdict: 'commit' | 'revert' | null;
  /** An earlier run began the transaction and was interrupted. If it had not swapped yet, the transaction is abandoned. */
  resumed: boolean;
  /** The old and the new binary are the same: only folders change. */
  binaryUnchanged: boolean;
  /** There was no executable: if the new one does not work, there is none again, and the next repair begins anew. */
  fromNothing: boolean;
  /** The folders have not been changed yet, which happens before the swap. True again once they are restored. */
  foldersPending: boolean;
  /** The folders may differ from their old state. They are restored unless the new version stays. */
  foldersChanged: boolean;
  /**
   * This run has tried the new binary, and there is no verdict: this machine could not start it, which says nothing about the
   * version, or it failed and that could not be recorded.
   */
  withoutVerdict: boolean;
}

export type Step =
  /** Bring the folders to their new state. */
  | { do: 'change folders' }
  /** Bring the folders back to their old state. */
  | { do: 'bring folders back' }
  /** Record the verdict "commit" without a probe: only folders changed. */
  | { do: 'accept' }
  /** Keep a copy of the old binary. */
  | { do: 'keep' }
  /** Replace the old binary by the new one. */
  | { do: 'swap' }
  /** Start the new binary, and record the verdict. */
  | { do: 'probe' }
  /** Put the old binary back at the target. */
  | { do: 'restore'; from: 'kept' | 'away' }
  /** Remove the new binary from the target, where nothing was before. */
  | { do: 'take away' }
  /** Put the new binary, which is verified, at the target, since the target is missing and no old binary exists. */
  | { do: 'place' }
  /** Record the verdict "revert". */
  | { do: 'reject'; reason: string }
  /** Write the receipt, clean the work dir, and record the end. */
  | { do: 'end'; outcome: 'committed' | 'reverted' | 'abandoned' | 'foreign' }
  /** The new binary can't be tried now, and the old one is gone: the next run tries again. */
  | { do: 'leave open' }
  /** No intact binary is left to put at the target. */
  | { do: 'give up'; reason: string };

export function next(known: Known, { target, staged, kept, away }: Observed): Step {
  const old = kept === 'old' ? 'kept' : away === 'old' ? 'away' : null;
  const restore = old === null ? null : ({ do: 'restore', from: old } as const);
  const end = (outcome: 'reverted' | 'abandoned' | 'foreign'): Step =>
    known.foldersChanged ? { do: 'bring folders back' } : { do: 'end', outcome };

  switch (target) {
    case 'old':
      if (known.verdict === 'revert') return end('reverted');
      // A commit is recorded only when the new binary is at the target: the user must have put the old one back since.
      if (known.verdict === 'commit')
        return { do: 'end', outcome: known.binaryUnchanged ? 'committed' : 'abandoned' };
      if (known.resumed) return end('abandoned');
      if (staged !== 'new' && !known.binaryUnchanged) return end('abandoned');
      if (known.foldersPending) return { do: 'change folders' };
      if (known.binaryUnchanged) return { do: 'accept' };
      return kept === 'old' ? { do: 'swap' } : { do: 'keep' };

    case 'new':
      if (known.verdict === 'commit') return { do: 'end', outcome: 'committed' };
      if (known.verdict === null && known.withoutVerdict) return restore ?? { do: 'leave open' };
      if (known.verdict === null) return { do: 'probe' };
      // Then there is no old one either.
      if (known.fromNothing) return { do: 'take away' };
      return restore ?? { do: 'give up', reason: 'the old binary is missing' };

    case 'missing':
      // The gap between two renames on Windows. The old binary is known to work, so it has priority over the new one.
      if (restore !== null)
        return known.verdict === 'commit' ? { do: 'reject', reason: 'the new binary is gone' } : restore;
      if (staged === 'new' && known.foldersPending && known.verdict === null && !known.resumed)
        return { do: 'change folders' };
      // The new binary must not run with the old folders. The target was missing at the start, so it may stay missing.
      if (known.foldersPending && known.verdict !== 'commit') return end('abandoned');
      if (staged !== 'new') return { do: 'give up', reason: 'both the old and the new binary are missing' };
      if (known.resumed && known.foldersChanged && known.verdict === null) return end('abandoned');
      return { do: 'place' };

    case 'other':
      // The user has installed something else meanwhile: keep it.
      return known.verdict === 'commit' ? { do: 'end', outcome: 'foreign' } : end('foreign');
  }
}
