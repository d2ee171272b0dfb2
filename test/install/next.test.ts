/** The table of the transaction, exhausted: every state that the disk and the journal can be in. */
import { describe, expect, test } from 'bun:test';
import { type Content, type Known, next, type Observed } from '../../lib/install/next.ts';

const CONTENTS: Content[] = ['old', 'new', 'other', 'missing'];
const VERDICTS: Known['verdict'][] = [null, 'commit', 'revert'];

function* states(): Generator<{ known: Known; seen: Observed }> {
  for (const verdict of VERDICTS)
    for (const resumed of [false, true])
      for (const target of CONTENTS)
        for (const staged of CONTENTS)
          for (const kept of CONTENTS)
            for (const away of CONTENTS)
              yield { known: { verdict, resumed }, seen: { target, staged, kept, away } };
}

/** What a step does to what is seen, when nothing goes wrong. `works`: what the probe finds. */
function take(known: Known, seen: Observed, works: boolean): { known: Known; seen: Observed } | null {
  const step = next(known, seen);
  switch (step.do) {
    case 'keep':
      return { known, seen: { ...seen, kept: 'old' } };
    case 'swap':
    case 'place':
      return { known, seen: { ...seen, target: 'new', staged: 'missing' } };
    case 'probe':
      return { known: { ...known, verdict: works ? 'commit' : 'revert' }, seen };
    case 'restore':
      return { known, seen: { ...seen, target: 'old', [step.from]: 'missing' } };
    case 'condemn':
      return { known: { ...known, verdict: 'revert' }, seen };
    case 'end':
    case 'give up':
      return null;
  }
}

describe('every state', () => {
  test('comes to an end in a few steps, whatever the probe finds', () => {
    for (const works of [true, false]) {
      for (const state of states()) {
        let at = state;
        for (let steps = 0; ; steps++) {
          expect(steps).toBeLessThan(8);
          const after = take(at.known, at.seen, works);
          if (after === null) break;
          at = after;
        }
      }
    }
  });

  test('ends with the old or the new binary at the target, or says that it gives up, or leaves what is not ours', () => {
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
        if (last.do !== 'end') throw new Error('not an end');
        const wanted = { committed: 'new', reverted: 'old', abandoned: 'old', foreign: 'other' } as const;
        expect({ outcome: last.outcome, target: at.seen.target }).toEqual({
          outcome: last.outcome,
          target: wanted[last.outcome],
        });
      }
    }
  });

  test('never lets a version stay that was condemned, where the old one is there', () => {
    for (const { known, seen } of states()) {
      if (known.verdict !== 'revert' || seen.target === 'other') continue;
      if (seen.kept !== 'old' && seen.away !== 'old' && seen.target !== 'old') continue;
      const step = next(known, seen);
      expect(seen.target === 'old' ? step : step.do).toEqual(
        seen.target === 'old' ? { do: 'end', outcome: 'reverted' } : 'restore',
      );
    }
  });

  test('swaps only a verified new binary, only over the old one, only with the old one kept, only in the run that began', () => {
    const swaps = [...states()].filter(({ known, seen }) => next(known, seen).do === 'swap');
    expect(swaps.length).toBeGreaterThan(0);
    for (const { known, seen } of swaps) {
      expect(known).toEqual({ verdict: null, resumed: false });
      expect(seen).toMatchObject({ target: 'old', staged: 'new', kept: 'old' });
    }
  });
});

test('the way of an update that goes well', () => {
  let at: { known: Known; seen: Observed } | null = {
    known: { verdict: null, resumed: false },
    seen: { target: 'old', staged: 'new', kept: 'missing', away: 'missing' },
  };
  const way: string[] = [];
  while (at !== null) {
    way.push(next(at.known, at.seen).do);
    at = take(at.known, at.seen, true);
  }
  expect(way).toEqual(['keep', 'swap', 'probe', 'end']);
});
