/** Keys are replaced, and every client can follow: one that was there before, one that is new, one that was long away. */
import { describe, expect, test } from 'bun:test';
import { TrustError, UsageError } from '../../../lib/errors.ts';
import type { SigningKey } from '../../../lib/trust/index.ts';
import { requireKeys } from '../../../release/keys/signers.ts';
import { initialize } from '../../../release/repository/initialize.ts';
import { readPublished } from '../../../release/repository/published.ts';
import { addRelease } from '../../../release/repository/releases/add-release.ts';
import { refresh } from '../../../release/repository/signing/renew.ts';
import { rotate } from '../../../release/repository/signing/replace-key.ts';
import { SimulatedDisk } from '../../host/disk.ts';
import { ROOT_KEYS, STRANGER, TARGETS_KEYS, testKey, testRootBytes } from '../../trust/keys.ts';
import { noise } from '../run.ts';
import { hostOn, KEYS, look, meansOf, REPO, ROOT, requestFor, SIGNERS, signersWith } from './simulated.ts';

const INDEXES: [string, string][] = [
  ['stable', 'linux-x64'],
  ['beta', 'linux-x64'],
];
const OLD = { root: 2, targets: 11, snapshot: 21, timestamp: 31 } as const;
const FRESH = testKey(77);
const without = (...gone: SigningKey[]) =>
  signersWith([...KEYS.filter(({ id }) => gone.every((key) => key.id !== id)), FRESH, testKey(78)]);

const ONE = noise(1, 3000);
const TWO = ONE.slice();
TWO.set(noise(2, 20), 500);

async function repository(root = ROOT): Promise<SimulatedDisk> {
  const disk = new SimulatedDisk();
  await initialize(hostOn(disk), REPO, { app: 'dgmo', root }, SIGNERS);
  await add(disk, '1.0.0', ONE);
  await add(disk, '1.1.0', TWO);
  await add(disk, '1.1.0', TWO, 'beta');
  return disk;
}

function add(
  disk: SimulatedDisk,
  version: string,
  content: Uint8Array,
  channel = 'stable',
  signers = SIGNERS,
) {
  const request = requestFor(disk, version, { 'linux-x64': content }, { channel });
  return addRelease(hostOn(disk), REPO, request, signers, meansOf(hostOn(disk)));
}

describe('after the rotation of', () => {
  for (const role of ['root', 'targets', 'snapshot', 'timestamp'] as const) {
    test(`${role}, the old key lost, everything is trusted and goes on with the new key alone`, async () => {
      const disk = await repository();
      const lost = testKey(OLD[role]);
      const signers = without(lost);
      const memory = new SimulatedDisk();
      const before = await look(disk, memory, INDEXES);
      const longAway = memory.clone();
      await rotate(hostOn(disk), REPO, { role, replaced: [lost.id], added: [FRESH] }, signers);

      const after = await look(disk, memory, INDEXES);
      expect(after.rootVersion).toBe(role === 'root' ? 2 : 3);
      const versions = (sight: typeof after) =>
        Object.values(sight.releases).map((list) =>
          list.map(({ version, packages }) => [version, packages.length]),
        );
      expect(versions(after)).toEqual(versions(before));
      const { root } = readPublished(hostOn(disk), REPO);
      expect(root.roles[role].keys.map(({ id }) => id)).toContain(FRESH.id);
      expect(root.roles[role].keys.map(({ id }) => id)).not.toContain(lost.id);

      const THREE = TWO.slice();
      THREE.set(noise(3, 20), 900);
      await add(disk, '1.2.0', THREE, 'stable', signers);
      await refresh(hostOn(disk), REPO, signers, { all: true });
      for (const client of [memory, longAway, new SimulatedDisk()]) {
        const seen = await look(disk, client, INDEXES);
        expect(seen.releases['stable linux-x64']?.[0]?.version).toBe('1.2.0');
      }
    });
  }

  test('two targets keys of three, one after the other, packages are signed by enough of those that count', async () => {
    const disk = await repository(testRootBytes({ targets: TARGETS_KEYS, threshold: 2 }));
    const memory = new SimulatedDisk();
    // The compiled-in root of look() names one targets key; this repository has its own.
    const root = testRootBytes({ targets: TARGETS_KEYS, threshold: 2 });
    await look(disk, memory, INDEXES, root);
    for (const [number, fresh] of [
      [11, FRESH],
      [12, testKey(78)],
    ] as const) {
      const change = { role: 'targets', replaced: [testKey(number).id], added: [fresh] } as const;
      await rotate(hostOn(disk), REPO, change, without(testKey(number)));
      await look(disk, memory, INDEXES, root);
      await look(disk, new SimulatedDisk(), INDEXES, root);
    }
    expect(readPublished(hostOn(disk), REPO).root.version).toBe(5);
  });
});

describe('more or fewer keys, and another number of those that must sign', () => {
  const signers = signersWith([...KEYS, FRESH, testKey(78)]);
  const sizes = (disk: SimulatedDisk) =>
    Object.entries(readPublished(hostOn(disk), REPO).root.roles).map(([role, { keys, threshold }]) => [
      role,
      threshold,
      keys.length,
    ]);

  for (const role of ['root', 'targets', 'snapshot', 'timestamp'] as const) {
    test(`of ${role}: up, then down again, and every client follows at every step`, async () => {
      const disk = await repository();
      const memory = new SimulatedDisk();
      await look(disk, memory, INDEXES);
      const longAway = memory.clone();
      const [before] = sizes(disk).filter(([name]) => name === role);
      const [, threshold, count] = before as [string, number, number];
      const added = [FRESH, testKey(78)];
      await rotate(hostOn(disk), REPO, { role, replaced: [], added, threshold: threshold + 1 }, signers);
      expect(sizes(disk)).toContainEqual([role, threshold + 1, count + 2]);
      await look(disk, memory, INDEXES);
      await look(disk, longAway.clone(), INDEXES);

      const { root } = readPublished(hostOn(disk), REPO);
      const named = KEYS.filter(({ id }) => root.roles[role].keys.some((key) => key.id === id));
      const few = signersWith(named.slice(0, threshold));
      expect(() => requireKeys(few, root, [role])).toThrow(`wanted ${threshold + 1} of the root's`);

      const replaced = added.map(({ id }) => id);
      await rotate(hostOn(disk), REPO, { role, replaced, added: [], threshold }, signers);
      expect(sizes(disk)).toContainEqual([role, threshold, count]);
      await refresh(hostOn(disk), REPO, SIGNERS, { all: true });
      for (const client of [memory, longAway, new SimulatedDisk()]) {
        const seen = await look(disk, client, INDEXES);
        expect(seen.releases['stable linux-x64']?.[0]?.version).toBe('1.1.0');
      }
    });
  }

  test('a number that the keys can never reach is refused before anything is written', async () => {
    const disk = await repository();
    const before = disk.picture();
    const change = { role: 'timestamp', replaced: [], added: [FRESH], threshold: 3 } as const;
    await expect(rotate(hostOn(disk), REPO, change, signers)).rejects.toThrow(
      'timestamp: wanted at least 3 keys, as many as must sign, found 2',
    );
    expect(disk.picture()).toEqual(before);
  });
});

describe('a rotation', () => {
  test('that could not be signed to its end is not begun', async () => {
    const disk = await repository();
    const before = disk.picture();
    const change = { role: 'targets', replaced: [testKey(11).id], added: [FRESH] } as const;
    const tooFew = signersWith([
      ...KEYS.filter(({ id }) => id !== ROOT_KEYS[0]?.id && id !== ROOT_KEYS[1]?.id),
      FRESH,
    ]);
    await expect(rotate(hostOn(disk), REPO, change, tooFew)).rejects.toBeInstanceOf(TrustError);
    await expect(rotate(hostOn(disk), REPO, change, SIGNERS)).rejects.toBeInstanceOf(TrustError);
    expect(disk.picture()).toEqual(before);
  });

  test('of a key that the role does not have is refused', async () => {
    const disk = await repository();
    const change = { role: 'targets', replaced: [STRANGER.id], added: [FRESH] } as const;
    await expect(rotate(hostOn(disk), REPO, change, without())).rejects.toBeInstanceOf(UsageError);
  });
});
