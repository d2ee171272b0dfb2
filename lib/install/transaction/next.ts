/**
 * What to do next: a table over what the journal says and what the disk shows. The same table carries a transaction
 * forward and brings back one that was interrupted. Pure: the tests try every line of it.
 *
 * The digest of the target decides. The journal only adds what the disk can't show: whether the new version has been
 * tried, and with which verdict.
 */

/** What a path holds, by its digest: the binary before the transaction, the one after it, another file, or none. */
export type Content = 'old' | 'new' | 'other' | 'missing';

/** What the disk shows. */
export interface Observed {
  /** The executable itself. */
  target: Content;
  /** The prepared new binary. */
  staged: Content;
  /** The second name of the old binary. */
  kept: Content;
  /** Windows: where the old binary is moved to while it runs. */
  away: Content;
}

/** What is known besides. */
export interface Known {
  /** Whether the new version works, once the journal says so. */
  verdict: 'commit' | 'revert' | null;
  /** A run that is gone began the transaction: what it prepared is not carried on, but what it swapped is. */
  resumed: boolean;
  /** The old and the new binary are the same: only the folders beside it change. */
  binaryUnchanged: boolean;
  /** Folders have yet to be changed, before the swap. True again once they have been brought back. */
  foldersPending: boolean;
  /** Folders may differ from what they were before: they are brought back unless the new version stays. */
  foldersChanged: boolean;
  /** This machine could not start the new binary to try it, which says nothing about the version. */
  cannotStart: boolean;
}

export type Step =
  /** Bring the folders beside the executable to their new state. */
  | { do: 'change folders' }
  /** Bring the folders back to their old state. */
  | { do: 'bring folders back' }
  /** The binary is unchanged, so there is nothing to try: write down that the change of folders stays. */
  | { do: 'accept' }
  /** Give the old binary its second name, so that it survives the swap. */
  | { do: 'keep' }
  /** Put the new binary in the place of the old one. */
  | { do: 'swap' }
  /** Start the new binary, and write down the verdict. */
  | { do: 'probe' }
  /** Put the old binary back, from where it is. */
  | { do: 'restore'; from: 'kept' | 'away' }
  /** The target is missing and the old binary is gone: put the new one, which is verified, in its place. */
  | { do: 'place' }
  /** Write down that the new version does not stay. */
  | { do: 'condemn'; reason: string }
  /** Nothing has to be moved any more: bring receipt and work dir in line, and end. */
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
      // A commit is written only once the new binary is at the target: somebody has put the old one back by hand since.
      if (known.verdict === 'commit')
        return { do: 'end', outcome: known.binaryUnchanged ? 'committed' : 'abandoned' };
      if (known.resumed) return end('abandoned');
      if (staged !== 'new' && !known.binaryUnchanged) return end('abandoned');
      if (known.foldersPending) return { do: 'change folders' };
      if (known.binaryUnchanged) return { do: 'accept' };
      return kept === 'old' ? { do: 'swap' } : { do: 'keep' };

    case 'new':
      if (known.verdict === 'commit') return { do: 'end', outcome: 'committed' };
      if (known.verdict === null && known.cannotStart) return restore ?? { do: 'leave open' };
      if (known.verdict === null) return { do: 'probe' };
      return restore ?? { do: 'give up', reason: 'the old binary is no longer there to go back to' };

    case 'missing':
      // The gap between two renames on Windows. The binary that is known to work goes before the one that is not.
      if (restore !== null)
        return known.verdict === 'commit' ? { do: 'condemn', reason: 'the new binary is gone' } : restore;
      if (staged === 'new' && known.foldersPending && known.verdict === null && !known.resumed)
        return { do: 'change folders' };
      // Never the new binary with folders that do not go with it: rather no executable, as it was at the start.
      if (known.foldersPending && known.verdict !== 'commit') return end('abandoned');
      if (staged !== 'new') return { do: 'give up', reason: 'neither the old nor the new binary is there' };
      if (known.resumed && known.foldersChanged && known.verdict === null) return end('abandoned');
      return { do: 'place' };

    case 'other':
      // Somebody has installed something else meanwhile. It is theirs to keep.
      return known.verdict === 'commit' ? { do: 'end', outcome: 'foreign' } : end('foreign');
  }
}
