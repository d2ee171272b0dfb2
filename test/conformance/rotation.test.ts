/**
 * The cases of the official client suite (theupdateframework/tuf-conformance) on keys and thresholds: by which roots a
 * client follows a rotation, and what it has kept when it refuses one (specification 5.3).
 */
import { describe, expect, test } from 'bun:test';
import { TrustError } from '../../lib/errors.ts';
import { SimulatedDisk } from '../host/disk.ts';
import { clientOf, kept, refused } from '../trust/feed/client.ts';
import { changed, Repository } from '../trust/feed/repository.ts';
import { testKey } from '../trust/keys.ts';

const pick = (numbers: readonly number[]) => numbers.map((number) => testKey(100 + number));
const [FIVE, NEXT, OTHERS] = [
  [0, 1, 2, 3, 4],
  [0, 1, 3, 4, 5],
  [5, 6, 7, 8, 9],
];

/** One version: the keys of the role, its threshold, and whose signatures it bears. */
type Version = [keys: readonly number[], threshold: number, signedBy: readonly number[]];

describe('roots are followed', () => {
  const cases: [what: string, versions: Version[]][] = [
    [
      'when one key replaces another',
      [
        [[1], 1, [1]],
        [[2], 1, [2, 1]],
        [[2], 1, [2]],
      ],
    ],
    [
      'with signatures of keys that do not count',
      [
        [[1], 1, [3, 1, 4]],
        [[2], 1, [3, 2, 1, 4]],
        [[2], 1, [3, 2, 4]],
      ],
    ],
    [
      'when others of the five sign each time',
      [
        [FIVE, 3, [0, 2, 4]],
        [FIVE, 3, [0, 4, 1]],
        [FIVE, 3, [0, 1, 3]],
        [FIVE, 3, [0, 1, 3]],
      ],
    ],
    [
      'when one of five is replaced',
      [
        [FIVE, 3, [0, 2, 4]],
        [NEXT, 3, [0, 4, 1]],
      ],
    ],
    [
      'the same with a step in between',
      [
        [FIVE, 3, [0, 2, 4]],
        [NEXT, 3, [0, 2, 4, 5]],
        [NEXT, 3, [0, 4, 5]],
      ],
    ],
    [
      'when all five are replaced',
      [
        [FIVE, 3, [0, 2, 4]],
        [OTHERS, 3, [0, 2, 4, 5, 6, 7]],
        [OTHERS, 3, [5, 6, 7]],
      ],
    ],
    [
      'when the threshold rises',
      [
        [[1, 2, 3], 1, [1]],
        [[1, 2, 3], 2, [1, 2]],
      ],
    ],
    [
      'when it falls',
      [
        [[1, 2, 3], 2, [1, 2]],
        [[1, 2, 3], 1, [1, 2]],
        [[1, 2, 3], 1, [1]],
      ],
    ],
    [
      'when a key is added and the threshold rises',
      [
        [[1], 1, [1]],
        [[1, 2], 2, [1, 2]],
      ],
    ],
  ];
  for (const [what, versions] of cases) {
    test(what, async () => {
      const { repository, disk } = rootsOf(versions);
      await clientOf(repository, { disk }).refresh();
      expect(keptVersion(disk, 'root')).toBe(versions.length > 1 ? versions.length : null);
    });
  }
});

describe('a root is refused', () => {
  const cases: [what: string, versions: Version[]][] = [
    [
      'without the old key',
      [
        [[1], 1, [1]],
        [[2], 1, [2, 3, 4]],
      ],
    ],
    [
      'without the new key',
      [
        [[1], 1, [1]],
        [[2], 1, [1, 3, 4]],
      ],
    ],
    [
      'with two of three new keys',
      [
        [FIVE, 3, [0, 2, 4]],
        [NEXT, 3, [0, 2, 4]],
      ],
    ],
    [
      'with two of three old keys',
      [
        [FIVE, 3, [0, 2, 4]],
        [NEXT, 3, [0, 4, 5]],
      ],
    ],
    [
      'below its own, higher threshold',
      [
        [[1, 2, 3], 1, [1]],
        [[1, 2, 3], 2, [2]],
      ],
    ],
    [
      'below the higher threshold before it',
      [
        [[1, 2, 3], 2, [1, 2]],
        [[1, 2, 3], 1, [1]],
      ],
    ],
  ];
  for (const [what, versions] of cases) {
    test(what, async () => {
      const { repository, disk } = rootsOf(versions);
      await refused(clientOf(repository, { disk }).refresh(), TrustError, /root.*: wanted . valid signature/);
      expect(keptVersion(disk, 'root')).toBeNull();
      expect(keptVersion(disk, 'timestamp')).toBeNull();
    });
  }
});

/** A repository with these roots; its first one is what the client has. */
function rootsOf(versions: Version[]): { repository: Repository; disk: SimulatedDisk } {
  const repository = new Repository();
  repository.versions.root = 0;
  for (const [keys, threshold, signedBy] of versions) {
    repository.roles.root = { keys: pick(keys), threshold };
    repository.signers.root = pick(signedBy);
    repository.publishRoot();
  }
  repository.publish();
  return { repository, disk: new SimulatedDisk() };
}

function keptVersion(disk: SimulatedDisk, role: string): number | null {
  const text = kept(disk, `${role}.json`);
  return text === null ? null : JSON.parse(text).signed.version;
}

describe('timestamp, snapshot and targets', () => {
  const cases: [what: string, version: Version, isTaken: boolean][] = [
    ['by a new key', [[2], 1, [2]], true],
    ['with signatures of keys that do not count', [[1], 1, [3, 1, 4]], true],
    ['without the new key', [[2], 1, [1, 3, 4]], false],
    ['by three of which one does not count', [NEXT, 3, [0, 2, 4]], false],
    ['by two of three', [NEXT, 3, [0, 4]], false],
    ['by the first three of five', [FIVE, 3, [0, 2, 4]], true],
    ['by another three', [FIVE, 3, [0, 4, 1]], true],
    ['by a third three', [FIVE, 3, [0, 1, 3]], true],
    ['by a fourth three', [FIVE, 3, [1, 2, 3]], true],
    ['by a fifth three', [FIVE, 3, [2, 3, 4]], true],
  ];
  for (const role of ['timestamp', 'snapshot', 'targets'] as const) {
    for (const [what, [keys, threshold, signedBy], isTaken] of cases) {
      test(`${role} signed ${what}: ${isTaken ? 'taken' : 'refused'}`, async () => {
        const repository = new Repository();
        const disk = new SimulatedDisk();
        await clientOf(repository, { disk }).refresh();
        repository.roles[role] = { keys: pick(keys), threshold };
        repository.signers[role] = pick(signedBy);
        repository.publishRoot();
        repository.publish({ files: {} });
        const refreshed = clientOf(repository, { disk }).refresh();
        if (isTaken) await refreshed;
        else await refused(refreshed, TrustError, new RegExp(`${role}.*: wanted . valid signature`));
        expect(keptVersion(disk, 'root')).toBe(2);
        expect(keptVersion(disk, role)).toBe(isTaken ? 2 : 1);
      });
    }
  }
});

describe('signatures', () => {
  test('a threshold that is higher than there are keys is never reached', async () => {
    const repository = new Repository();
    const disk = new SimulatedDisk();
    repository.roles.snapshot = { keys: pick([1, 2, 3, 4, 5]), threshold: 6 };
    repository.publishRoot();
    repository.publish();
    await refused(clientOf(repository, { disk }).refresh(), TrustError, /threshold|5\/6/);
    expect(keptVersion(disk, 'snapshot')).toBeNull();
  });

  /** The last timestamp with its signatures changed. */
  async function withSignatures(
    change: (signatures: { keyid: string; sig: string }[]) => void,
  ): Promise<void> {
    const repository = new Repository();
    repository.roles.timestamp = { keys: pick([1, 2]), threshold: 1 };
    repository.publishRoot();
    repository.publish();
    const bytes = changed(
      repository.files.get('timestamp.json'),
      ({ signatures }: { signatures: { keyid: string; sig: string }[] }) => change(signatures),
    );
    repository.files.set('timestamp.json', bytes);
    await clientOf(repository).refresh();
  }

  test('one that is right is enough, whatever another key’s is', async () => {
    await withSignatures(([first]) => Object.assign(first ?? {}, { sig: 'ab'.repeat(64) }));
    await withSignatures(([first]) => Object.assign(first ?? {}, { sig: '' }));
  });

  test('two by one key are refused, even if others reach the threshold', async () => {
    const twice = withSignatures((signatures) => signatures.push(...signatures.slice(0, 1)));
    await refused(twice, TrustError, /multiple signatures found for keyid/);
  });
});
