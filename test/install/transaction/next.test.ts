/** The table of the transaction, for every state that the disk and the journal can be in. */
import { describe, expect, test } from 'bun:test';
import {
  type Content,
  type Known,
  next,
  type Observed,
  type Step,
} from '../../../lib/install/transaction/next.ts';

const CONTENTS: Content[] = ['old', 'new', 'other', 'missing'];
const VERDICTS: Known['verdict'][] = [null, 'commit', 'revert'];

/** What is known of the folders. If the binary is unchanged, only folders change. */
const FOLDERS = [false, true].flatMap((binaryUnchanged) =>
  [false, true].flatMap((foldersPending) =>
    [false, true].map((foldersChanged) => ({ binaryUnchanged, foldersPending, foldersChanged })),
  ),
);
const ALONE = {
  ...{ binaryUnchanged: false, fromNothing: false, foldersPending: false, foldersChanged: false },
  withoutVerdict: false,
};

function* states(): Generator<{ known: Known; seen: Observed }> {
  for (const verdict of VERDICTS)
    for (const [resumed, withoutVerdict] of [
      [false, false],
      [true, false],
      [true, true],
    ] as const)
      for (const { binaryUnchanged, foldersPending, foldersChanged } of FOLDERS)
        for (const target of CONTENTS)
          for (const staged of CONTENTS)
            for (const kept of CONTENTS)
              for (const away of CONTENTS)
                for (const fromNothing of [false, true])
                  if (
                    (!binaryUnchanged || ![target, staged, kept, away].includes('new')) &&
                    (!fromNothing || !(binaryUnchanged || [staged, kept, away].includes('old')))
                  )
                    yield {
                      known: {
                        verdict,
                        resumed,
                        binaryUnchanged,
                        fromNothing,
                        foldersPending,
                        foldersChanged,
                        withoutVerdict,
                      },
                      seen: { target, staged, kept, away },
                    };
}

/** The state after the next step, if nothing goes wrong; null at the end. `works`: the result of the probe. */
function take(known: Known, seen: Observed, works: boolean): { known: Known; seen: Observed } | null {
  const step = next(known, seen);
  switch (step.do) {
    case 'change folders':
      return { known: { ...known, foldersPending: false, foldersChanged: true }, seen };
    case 'bring folders back':
      return { known: { ...known, foldersPending: true, foldersChanged: false }, seen };
    case 'accept':
      return { known: { ...known, verdict: 'commit' }, seen };
    case 'keep':
      return { known, seen: { ...seen, kept: 'old' } };
    case 'swap':
    case 'place':
      return { known, seen: { ...seen, target: 'new', staged: 'missing' } };
    case 'probe':
      return { known: { ...known, verdict: works ? 'commit' : 'revert' }, seen };
    case 'restore':
      return { known, seen: { ...seen, target: 'old', [step.from]: 'missing' } };
    case 'take away':
      // As it was: nothing is there.
      return { known, seen: { ...seen, target: 'old' } };
    case 'reject':
      return { known: { ...known, verdict: 'revert' }, seen };
    case 'end':
    case 'leave open':
    case 'give up':
      return null;
  }
}

describe('every state', () => {
  test('ends in a few steps, whatever the result of the probe', () => {
    for (const works of [true, false]) {
      for (const state of states()) {
        let at = state;
        for (let steps = 0; ; steps++) {
          expect(steps).toBeLessThan(9);
          const after = take(at.known, at.seen, works);
          if (after === null) break;
          at = after;
        }
      }
    }
  });

  test('ends with the old, the new, or a binary of the user at the target, or gives up', () => {
    for (const works of [true, false]) {
      for (const state of states()) {
        let at = state;
        for (
          let after = take(at.known, at.seen, works);
          after !== null;
          after = take(at.known, at.seen, works)
        )
          at = after;
        const last = next(at.known, at.seen);
        if (last.do === 'give up') {
          expect([at.seen.kept, at.seen.away]).not.toContain('old');
          continue;
        }
        if (last.do === 'leave open') {
          expect({ ...at.seen, withoutVerdict: at.known.withoutVerdict }).toMatchObject({
            target: 'new',
            withoutVerdict: true,
          });
          expect([at.seen.kept, at.seen.away]).not.toContain('old');
          continue;
        }
        if (last.do !== 'end') throw new Error('not an end');
        // A target that was missing from the start may still be missing, if the folders could not be changed before.
        if (at.known.foldersPending && last.outcome === 'abandoned' && at.seen.target === 'missing') continue;
        const wanted = { committed: 'new', reverted: 'old', abandoned: 'old', foreign: 'other' } as const;
        const target =
          at.known.binaryUnchanged && last.outcome === 'committed' ? 'old' : wanted[last.outcome];
        expect({ outcome: last.outcome, target: at.seen.target }).toEqual({ outcome: last.outcome, target });
      }
    }
  });

  test('keeps no rejected version where nothing was before, and does not give up', () => {
    const rejected = [...states()].filter(
      ({ known, seen }) => known.fromNothing && known.verdict === 'revert' && seen.target === 'new',
    );
    expect(rejected.length).toBeGreaterThan(0);
    for (const { known, seen } of rejected) expect(next(known, seen)).toEqual({ do: 'take away' });
  });

  test('takes nothing away that is in the place of another', () => {
    for (const { known, seen } of states())
      if (next(known, seen).do === 'take away') expect(known.fromNothing).toBe(true);
    const known: Known = { verdict: 'revert', resumed: true, ...ALONE };
    const seen: Observed = { target: 'new', staged: 'missing', kept: 'missing', away: 'other' };
    expect(next(known, seen)).toMatchObject({ do: 'give up' });
  });

  test('records that a version is rejected that was committed and is gone, before the old one is put back', () => {
    const gone = [...states()].filter(
      ({ known, seen }) =>
        known.verdict === 'commit' && seen.target === 'missing' && [seen.kept, seen.away].includes('old'),
    );
    expect(gone.length).toBeGreaterThan(0);
    for (const { known, seen } of gone) expect(next(known, seen)).toMatchObject({ do: 'reject' });
  });

  test('never keeps a rejected version if the old one exists', () => {
    for (const { known, seen } of states()) {
      if (known.verdict !== 'revert' || seen.target === 'other') continue;
      if (seen.kept !== 'old' && seen.away !== 'old' && seen.target !== 'old') continue;
      const step = next(known, seen);
      const back: Step = known.foldersChanged
        ? { do: 'bring folders back' }
        : { do: 'end', outcome: 'reverted' };
      if (seen.target === 'old') expect(step).toEqual(back);
      else expect(step.do).toBe('restore');
    }
  });

  test('swaps only the new binary for the old one, with a copy of the old one kept, in the run that began', () => {
    const swaps = [...states()].filter(({ known, seen }) => next(known, seen).do === 'swap');
    expect(swaps.length).toBeGreaterThan(0);
    for (const { known, seen } of swaps) {
      expect(known).toMatchObject({
        verdict: null,
        resumed: false,
        binaryUnchanged: false,
        foldersPending: false,
      });
      expect(seen).toMatchObject({ target: 'old', staged: 'new', kept: 'old' });
    }
  });
});

describe('a new version that this machine could not start', () => {
  const known: Known = { verdict: null, resumed: true, ...ALONE, withoutVerdict: true };

  test('makes room for the old one, and nothing is said against it', () => {
    const seen: Observed = { target: 'new', staged: 'missing', kept: 'old', away: 'missing' };
    expect(next(known, seen)).toEqual({ do: 'restore', from: 'kept' });
    expect(next(known, { ...seen, target: 'old', kept: 'missing' })).toEqual({
      do: 'end',
      outcome: 'abandoned',
    });
  });

  test('stays for the next run to try, if the old one is gone', () => {
    const seen: Observed = { target: 'new', staged: 'missing', kept: 'missing', away: 'missing' };
    expect(next(known, seen)).toEqual({ do: 'leave open' });
  });
});

test('the steps of an update that succeeds', () => {
  let at: { known: Known; seen: Observed } | null = {
    known: { verdict: null, resumed: false, ...ALONE },
    seen: { target: 'old', staged: 'new', kept: 'missing', away: 'missing' },
  };
  const way: string[] = [];
  while (at !== null) {
    way.push(next(at.known, at.seen).do);
    at = take(at.known, at.seen, true);
  }
  expect(way).toEqual(['keep', 'swap', 'probe', 'end']);
});

describe('the folders', () => {
  test('change before the swap, in the run that began, and while the old binary is installed or none is', () => {
    const changes = [...states()].filter(({ known, seen }) => next(known, seen).do === 'change folders');
    expect(changes.length).toBeGreaterThan(0);
    for (const { known, seen } of changes) {
      expect(known).toMatchObject({ verdict: null, resumed: false, foldersPending: true });
      if (seen.target !== 'old') expect(seen).toMatchObject({ target: 'missing', staged: 'new' });
    }
    for (const { known, seen } of states())
      if (known.foldersPending && !known.resumed) expect(next(known, seen).do).not.toBe('swap');
    for (const { known, seen } of states())
      if (known.foldersPending && known.verdict !== 'commit') expect(next(known, seen).do).not.toBe('place');
  });

  test('are brought back before the end if the old version stays, and never after a commit', () => {
    for (const { known, seen } of states()) {
      const step = next(known, seen);
      if (step.do === 'bring folders back') expect(known.verdict).not.toBe('commit');
      if (step.do !== 'end' || !known.foldersChanged) continue;
      expect(known.verdict).toBe('commit');
    }
  });

  test('the steps of a rollback that changes them, and of one that changes nothing else', () => {
    const way = (binaryUnchanged: boolean) => {
      const steps: string[] = [];
      let at: { known: Known; seen: Observed } | null = {
        known: {
          verdict: null,
          resumed: false,
          binaryUnchanged,
          fromNothing: false,
          foldersPending: true,
          foldersChanged: false,
          withoutVerdict: false,
        },
        seen: {
          target: 'old',
          staged: binaryUnchanged ? 'missing' : 'new',
          kept: 'missing',
          away: 'missing',
        },
      };
      while (at !== null) {
        steps.push(next(at.known, at.seen).do);
        at = take(at.known, at.seen, true);
      }
      return steps;
    };
    expect(way(false)).toEqual(['change folders', 'keep', 'swap', 'probe', 'end']);
    expect(way(true)).toEqual(['change folders', 'accept', 'end']);
  });
});
