/** Which release an installation is offered. */
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { NO_CHOICES } from '../../../lib/home/choices.ts';
import { DEFAULT_PREFERENCES } from '../../../lib/home/preferences.ts';
import { bucketOf } from '../../../lib/update/check/rollout.ts';
import { type Offered, type Situation, select } from '../../../lib/update/check/selection.ts';
import { isNewer } from '../../../lib/version/index.ts';
import { binaryOf, listed } from '../listed.ts';

const NOW = 1_800_000_000_000;

function situation({ choices, ...more }: Partial<Situation> = {}): Situation {
  return {
    installed: '2.0.0',
    binary: binaryOf('2.0.0'),
    installId: 'some install',
    floor: '2.0.0',
    now: NOW,
    preferences: DEFAULT_PREFERENCES,
    firstSeen: new Map(),
    lifted: new Set(['major']),
    ...more,
    choices: { ...NO_CHOICES, ...choices },
  };
}

const choices = (made: Partial<Situation['choices']>) => ({
  choices: { ...NO_CHOICES, ...made },
});
const failed = (version: string) => ({ version, reason: 'it crashed', at: NOW });

function offered(more: Partial<Offered> = {}): Offered {
  return {
    releases: ['3.0.0', '2.1.0', '2.0.0', '1.0.0'].map((version) => listed(version)),
    minimum: null,
    revoked: [],
    ...more,
  };
}

/** The releases, the named ones changed. */
function releases(changed: Record<string, Parameters<typeof listed>[1]>): Offered['releases'] {
  return offered().releases.map((release) => ({ ...release, ...changed[release.version] }));
}

function chosen(what: Partial<Offered> = {}, who: Partial<Situation> = {}): string | null {
  return select(offered(what), situation(who)).release?.version ?? null;
}

/** A percentage that this install is, or is not, among. */
const inside = Math.ceil(bucketOf('some install', '3.0.0')) || 1;
const outside = Math.floor(bucketOf('some install', '3.0.0'));

describe('the newest release that nothing holds back', () => {
  test('is offered', () => {
    expect(chosen()).toBe('3.0.0');
  });

  test('not one that has the bytes of the installed one, nor as a way back', () => {
    const same = { binary: { sha256: binaryOf('2.0.0'), size: 1000 } };
    expect(chosen({ releases: releases({ '3.0.0': same }) })).toBe('2.1.0');
    const revoked = ['3.0.0', '2.1.0', '2.0.0'].map((version) => ({ version, reason: 'it loses data' }));
    expect(chosen({ revoked })).toBe('1.0.0');
    expect(chosen({ revoked, releases: releases({ '1.0.0': same }) })).toBeNull();
  });

  test('nothing where the newest is installed, or a newer one than the channel has', () => {
    expect(chosen({}, { installed: '3.0.0', floor: '3.0.0' })).toBeNull();
    expect(chosen({}, { installed: '4.0.0', floor: '4.0.0' })).toBeNull();
    expect(chosen({ releases: [] })).toBeNull();
  });

  const HOLDS: [why: string, Partial<Offered>, Partial<Situation>][] = [
    ['revoked', { revoked: [{ version: '3.0.0', reason: 'bad' }] }, {}],
    ['rollout', { releases: releases({ '3.0.0': { rollout: outside } }) }, {}],
    ['skipped', {}, choices({ skipped: ['3.0.0'] })],
    ['quarantined', {}, choices({ quarantined: [failed('3.0.0')] })],
    ['pinned', {}, { preferences: { ...DEFAULT_PREFERENCES, pin: '2.1.0' } }],
    ['major', {}, { preferences: { ...DEFAULT_PREFERENCES, majors: 'ask' }, lifted: new Set() }],
    ['unreachable', { releases: releases({ '3.0.0': { minimumFrom: '2.1.0' } }) }, {}],
  ];
  test.each(HOLDS)('%s: the one before it, and why', (why, what, who) => {
    const found = select(offered(what), situation(who));
    expect(found.release?.version).toBe('2.1.0');
    expect(found.held).toEqual([{ version: '3.0.0', why: why as never }]);
  });

  test('rolled out as far as this install', () => {
    expect(chosen({ releases: releases({ '3.0.0': { rollout: inside } }) })).toBe('3.0.0');
  });

  test('put off: nothing, until the time has come', () => {
    expect(chosen({}, choices({ remindAfter: NOW + 1 }))).toBeNull();
    expect(chosen({}, choices({ remindAfter: NOW }))).toBe('3.0.0');
  });

  test('never below the floor', () => {
    expect(chosen({}, { installed: '1.0.0', floor: '2.5.0' })).toBe('3.0.0');
    expect(chosen({}, { installed: '1.0.0', floor: '3.5.0' })).toBeNull();
  });
});

describe('a minimum', () => {
  test('overrides rollout, skip and remind-later', () => {
    const minimum = '3.0.0';
    for (const [what, who] of [
      [{ releases: releases({ '3.0.0': { rollout: 0 } }) }, {}],
      [{}, choices({ skipped: ['3.0.0'] })],
      [{}, choices({ remindAfter: NOW + 1 })],
    ] as const) {
      const found = select(offered({ minimum, ...what }), situation(who));
      expect(found.release?.version).toBe('3.0.0');
      expect(found.mandatory).toBe(true);
    }
  });

  test('takes a release that is rolled out to us before a newer one that is not', () => {
    const staged = releases({ '3.0.0': { rollout: 0 } });
    expect(chosen({ minimum: '2.1.0', releases: staged }, choices({ skipped: ['2.1.0'] }))).toBe('2.1.0');
  });

  test('forces no version that is revoked, or failed here', () => {
    expect(chosen({ minimum: '3.0.0' }, choices({ quarantined: [failed('3.0.0')] }))).toBe('2.1.0');
    expect(chosen({ minimum: '2.1.0', revoked: [{ version: '2.1.0', reason: 'bad' }] })).toBe('3.0.0');
  });

  test('says nothing to those who are there already', () => {
    const found = select(offered({ minimum: '2.0.0' }), situation(choices({ skipped: ['3.0.0', '2.1.0'] })));
    expect({ mandatory: found.mandatory, release: found.release }).toEqual({
      mandatory: false,
      release: null,
    });
  });
});

describe('an installed version that was revoked', () => {
  const revoked = [{ version: '2.0.0', reason: 'it loses data' }];

  test('forward where there is a way, also to one that was skipped', () => {
    const found = select(offered({ revoked }), situation(choices({ skipped: ['3.0.0', '2.1.0'] })));
    expect(found).toMatchObject({
      release: { version: '3.0.0' },
      direction: 'forward',
      revoked: 'it loses data',
    });
  });

  test('back where there is none', () => {
    const only = offered().releases.slice(2);
    const found = select(offered({ revoked, releases: only }), situation());
    expect(found).toMatchObject({
      release: { version: '1.0.0' },
      direction: 'back',
      revoked: 'it loses data',
    });
  });

  test('rather back than into a rollout that has not come to us', () => {
    const staged = releases({ '3.0.0': { rollout: 0 }, '2.1.0': { rollout: 0 } });
    expect(select(offered({ revoked, releases: staged }), situation())).toMatchObject({
      release: { version: '1.0.0' },
      direction: 'back',
    });
  });

  test('not back to what was revoked, too', () => {
    const all = [...revoked, { version: '1.0.0', reason: 'bad' }];
    const only = offered().releases.slice(2);
    expect(select(offered({ revoked: all, releases: only }), situation()).release).toBeNull();
  });
});

test('whatever the situation: never revoked, quarantined, unreachable or older without the word for it', () => {
  const number: fc.Arbitrary<string> = fc.constantFrom(
    '1.0.0',
    '1.5.0',
    '2.0.0',
    '2.1.0',
    '3.0.0',
    '3.1.0',
    '4.0.0',
  );
  const some = fc.uniqueArray(number);
  fc.assert(
    fc.property(
      fc.record({
        listedVersions: some,
        installed: number,
        floor: number,
        minimum: fc.option(number),
        revoked: some,
        skipped: some,
        quarantined: some,
        rollout: fc.integer({ min: 0, max: 100 }),
        minimumFrom: fc.option(number),
        remindAfter: fc.option(fc.constantFrom(NOW - 1, NOW + 1)),
      }),
      ({
        listedVersions,
        installed,
        floor,
        minimum,
        revoked,
        skipped,
        quarantined,
        remindAfter,
        ...staged
      }) => {
        const found = select(
          {
            releases: listedVersions
              .toSorted((a, b) => (isNewer(a, b) ? -1 : 1))
              .map((version) => listed(version, staged)),
            minimum,
            revoked: revoked.map((version) => ({ version, reason: 'bad' })),
          },
          situation({
            installed,
            floor,
            choices: { ...NO_CHOICES, skipped, remindAfter, quarantined: quarantined.map(failed) },
          }),
        );
        const { release, direction } = found;
        if (release === null) return true;
        const { version } = release;
        if (revoked.includes(version) || quarantined.includes(version)) return false;
        if (direction === 'back') return isNewer(installed, version) && revoked.includes(installed);
        const reachable = staged.minimumFrom === null || !isNewer(staged.minimumFrom, installed);
        const free = !skipped.includes(version) || found.mandatory || found.revoked !== null;
        return isNewer(version, installed) && !isNewer(floor, version) && reachable && free;
      },
    ),
    { numRuns: 2000 },
  );
});
