/**
 * What to do next: a table over what the journal says and what the disk shows. The same table carries a
 * transaction forward and brings one back that was interrupted. Pure: every line of it is tried in the tests.
 *
 * The digest of the target decides. The journal only adds what the disk can't show: whether the new version
 * has been tried, and what came of it.
 */

/** What a path holds, by its digest. */
export type Content = 'old' | 'new' | 'other' | 'missing';

export interface Observed {
  target: Content;
  staged: Content;
  kept: Content;
  away: Content;
}

export interface Known {
  verdict: 'commit' | 'revert' | null;
  /** The transaction was begun by a run that is gone: its preparations are not carried on, its swap is. */
  resumed: boolean;
  /** The old and the new binary are the same: only the folders beside it change. */
  same: boolean;
  /** Folders are still to be changed: by the run that began, before the swap. Where they have come back they are again. */
  due: boolean;
  /** Folders are not, or may not be, what they were, and are to be brought back where the new version does not stay. */
  astray: boolean;
}

export type Step =
  /** The folders beside the executable become what they are to be. */
  | { do: 'change folders' }
  /** The folders become what they were. */
  | { do: 'bring folders back' }
  /** There is nothing to swap, and nothing to try: what was to change has changed. */
  | { do: 'accept' }
  /** Give the old binary its second name, so that it outlives the swap. */
  | { do: 'keep' }
  /** The new binary takes the place of the old one. */
  | { do: 'swap' }
  /** Start the new binary, and write down the verdict. */
  | { do: 'probe' }
  /** The old binary takes its place again, from where it is. */
  | { do: 'restore'; from: 'kept' | 'away' }
  /** The target is missing and the old binary is gone: the new one, which is verified, takes its place. */
  | { do: 'place' }
  /** Write down that the new version is not to stay. */
  | { do: 'condemn'; reason: string }
  /** Nothing is left to move: bring the receipt and the work dir in line, and end. */
  | { do: 'end'; outcome: 'committed' | 'reverted' | 'abandoned' | 'foreign' }
  /** Nothing sound is left to put at the target. */
  | { do: 'give up'; reason: string };

export function next(known: Known, { target, staged, kept, away }: Observed): Step {
  const old = kept === 'old' ? 'kept' : away === 'old' ? 'away' : null;
  const restore = old === null ? null : ({ do: 'restore', from: old } as const);
  const end = (outcome: 'reverted' | 'abandoned' | 'foreign'): Step =>
    known.astray ? { do: 'bring folders back' } : { do: 'end', outcome };

  switch (target) {
    case 'old':
      if (known.verdict === 'revert') return end('reverted');
      // A commit is written only after the new binary stood: somebody has put the old one back by hand since.
      if (known.verdict === 'commit') return { do: 'end', outcome: known.same ? 'committed' : 'abandoned' };
      if (known.resumed) return end('abandoned');
      if (staged !== 'new' && !known.same) return end('abandoned');
      if (known.due) return { do: 'change folders' };
      if (known.same) return { do: 'accept' };
      return kept === 'old' ? { do: 'swap' } : { do: 'keep' };

    case 'new':
      if (known.verdict === 'commit') return { do: 'end', outcome: 'committed' };
      if (known.verdict === null) return { do: 'probe' };
      return restore ?? { do: 'give up', reason: 'the old binary is no longer there to go back to' };

    case 'missing':
      // The gap of a Windows rename. A version that was proven comes before the one that was not.
      if (restore !== null)
        return known.verdict === 'commit' ? { do: 'condemn', reason: 'the new binary is gone' } : restore;
      if (staged === 'new' && known.due && known.verdict === null && !known.resumed)
        return { do: 'change folders' };
      // Never the new binary with folders that are not what it was to find: rather none, as at the start.
      if (known.due && known.verdict !== 'commit') return end('abandoned');
      if (staged !== 'new') return { do: 'give up', reason: 'neither the old nor the new binary is there' };
      if (known.resumed && known.astray && known.verdict === null) return end('abandoned');
      return { do: 'place' };

    case 'other':
      // Not the old and not the new: somebody has installed something else meanwhile. It is theirs.
      return known.verdict === 'commit' ? { do: 'end', outcome: 'foreign' } : end('foreign');
  }
}
