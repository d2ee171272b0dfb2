/**
 * The cases of the official client suite (theupdateframework/tuf-conformance) on what a client has kept after a refresh that
 * failed: what comes before the fault is new, and the rest is as it was (specification 5.3 to 5.6).
 */
import { describe, expect, test } from 'bun:test';
import { DamagedError, NetworkError, TrustError } from '../../lib/errors.ts';
import { SimulatedDisk } from '../host/disk.ts';
import { clientOf, kept, refused } from '../trust/feed/client.ts';
import { changed, NOW, Repository } from '../trust/feed/repository.ts';
import { testKey } from '../trust/keys.ts';

const ORDER = ['root', 'timestamp', 'snapshot', 'targets'] as const;
type Role = (typeof ORDER)[number];

/** The versions in the folder, in the order of a refresh. Version 1 of the root is not kept: it is compiled in. */
function versions(disk: SimulatedDisk): (number | null)[] {
  return ORDER.map((role) => {
    const text = kept(disk, `${role}.json`);
    return text === null ? null : JSON.parse(text).signed.version;
  });
}

/** A repository whose first versions a client has kept. */
async function known(): Promise<{
  repository: Repository;
  disk: SimulatedDisk;
  refresh: () => Promise<void>;
}> {
  const repository = new Repository();
  const disk = new SimulatedDisk();
  await clientOf(repository, { disk }).refresh();
  expect(versions(disk)).toEqual([null, 1, 1, 1]);
  return { repository, disk, refresh: () => clientOf(repository, { disk }).refresh() };
}

/** What the folder has when `role` is the first that was refused: those before it are of version 2. */
const keptUpTo = (role: Role): (number | null)[] =>
  ORDER.map((other, index) => (index < ORDER.indexOf(role) ? 2 : other === 'root' ? null : 1));

describe('refused for its signatures', () => {
  for (const role of ORDER) {
    test(role, async () => {
      const { repository, disk, refresh } = await known();
      repository.signers[role] = [];
      repository.publishRoot();
      repository.publish({ files: {} });
      await refused(refresh(), TrustError, /wanted \d valid .*found 0/);
      expect(versions(disk)).toEqual(keptUpTo(role));
    });
  }
});

describe('refused because its version is not that of its address', () => {
  for (const role of ['root', 'snapshot', 'targets'] as const) {
    test(role, async () => {
      const { repository, disk, refresh } = await known();
      repository.describe = 'version';
      repository.publishRoot();
      repository.publish({ files: {} });
      const name = `2.${role}.json`;
      const right = repository.files.get(name);
      if (role === 'root') repository.publishRoot();
      else if (role === 'targets')
        repository.publishTargets('targets', { files: {} }, repository.roles.targets.keys);
      else repository.publishSnapshot();
      const wrong = repository.files.get(`3.${role}.json`);
      expect(wrong).not.toEqual(right);
      repository.answer = (asked) => (asked === name ? wrong : undefined);
      await refused(refresh(), TrustError, /version/i);
      expect(versions(disk)).toEqual(keptUpTo(role));
    });
  }
});

describe('refused because it has expired', () => {
  for (const role of ORDER) {
    test(role, async () => {
      const { repository, disk, refresh } = await known();
      repository.expires[role] = NOW - 1000;
      repository.publishRoot();
      repository.publish({ files: {} });
      await refused(refresh(), TrustError, new RegExp(`${role}\\.json expired`));
      // The chain of roots goes on from an expired one.
      expect(versions(disk)).toEqual(role === 'root' ? [2, 1, 1, 1] : keptUpTo(role));
    });
  }

  test('not if only the kept root, or the kept timestamp, has', async () => {
    for (const role of ['root', 'timestamp'] as const) {
      const repository = new Repository();
      const disk = new SimulatedDisk();
      repository.expires[role] = NOW + 1000;
      repository.publishRoot();
      repository.publish({ files: {} });
      await clientOf(repository, { disk }).refresh();
      delete repository.expires[role];
      repository.publishRoot();
      repository.publish({ files: {} });
      await clientOf(repository, { disk, now: NOW + 2000 }).refresh();
      expect(versions(disk)).toEqual([3, 3, 3, 3]);
    }
  });
});

describe('missing', () => {
  for (const role of ['timestamp', 'snapshot', 'targets'] as const) {
    test(role, async () => {
      const { repository, disk, refresh } = await known();
      repository.publishRoot();
      repository.publish({ files: {} });
      const missing = role === 'timestamp' ? 'timestamp.json' : `2.${role}.json`;
      repository.answer = (asked) => (asked === missing ? null : undefined);
      await refused(refresh(), NetworkError, /has no such file/);
      expect(repository.asked.at(-1)).toBe(missing);
      expect(versions(disk)).toEqual(keptUpTo(role));
    });
  }
});

describe('of another content than was announced', () => {
  for (const describe of ['version', 'all'] as const) {
    test(`an older snapshot, an older targets file (described by ${describe})`, async () => {
      const { repository, disk } = await known();
      repository.describe = describe;
      repository.publish({ files: {} });
      const refresh = (on: SimulatedDisk) => clientOf(repository, { disk: on }).refresh();
      await refresh(disk);
      expect(versions(disk)).toEqual([null, 2, 2, 2]);
      const before = { ...repository.versions };
      repository.versions.snapshot = 0;
      repository.publish();
      const first = disk.clone();
      await refused(refresh(first), TrustError, /snapshot version 1 is less than/);
      expect(versions(first).slice(2)).toEqual([2, 2]);
      Object.assign(repository.versions, before, { targets: 0 });
      repository.publish({ files: {} });
      const second = disk.clone();
      await refused(refresh(second), TrustError, /1 of targets\.json is less/);
      expect(versions(second).slice(2)).toEqual([2, 2]);
    });
  }

  test('a snapshot and targets whose hashes are others', async () => {
    const { repository, disk, refresh } = await known();
    repository.publishTargets('targets', { files: {} }, repository.roles.targets.keys);
    repository.meta.set('targets.json', { version: 2, hashes: { sha256: '0'.repeat(64) } });
    repository.publish();
    await refused(refresh(), TrustError, /targets\.json: Expected hash/);
    expect(versions(disk)).toEqual([null, 2, 2, 1]);
  });
});

describe('taken', () => {
  test('byte for byte as it was published', async () => {
    const { repository, disk, refresh } = await known();
    repository.publish();
    const text = `${new TextDecoder().decode(repository.files.get('timestamp.json'))} `;
    repository.files.set('timestamp.json', new TextEncoder().encode(text));
    await refresh();
    expect(kept(disk, 'timestamp.json')).toBe(text);
  });

  test('with fields that the specification does not know, if they are signed, too', async () => {
    const { repository, disk, refresh } = await known();
    const bytes = changed(repository.files.get('1.targets.json'), ({ signed }: { signed: object }) => {
      Object.assign(signed, { 'custom-field': { a: [1, 'two'] }, version: 2 });
    });
    repository.resign('targets', bytes, repository.roles.targets.keys);
    await refresh();
    expect(versions(disk)[3]).toBe(2);
    const unsigned = changed(repository.files.get('timestamp.json'), ({ signed }: { signed: object }) => {
      Object.assign(signed, { 'custom-field': 1, version: 9 });
    });
    repository.answer = (asked) => (asked === 'timestamp.json' ? unsigned : undefined);
    await refused(refresh(), TrustError, /wanted 1 valid .*found 0/);
  });

  test('not at all, if the first root is no root or is not signed: nothing is asked for', async () => {
    const { repository } = await known();
    const root = repository.trustedRoot as { signed: Record<string, unknown>; signatures: { sig: string }[] };
    const { version: _, ...signed } = root.signed;
    const forged = root.signatures.map((signature) => ({ ...signature, sig: 'ab'.repeat(64) }));
    repository.asked.length = 0;
    await refused(
      clientOf(repository, { compiledInRoot: { ...root, signed } }).refresh(),
      DamagedError,
      /version/,
    );
    const unsigned = clientOf(repository, { compiledInRoot: { ...root, signatures: forged } });
    await refused(unsigned.refresh(), TrustError, /wanted 2 valid .*found 0/);
    expect(repository.asked).toEqual([]);
  });

  test('after a fast-forward, once the keys of the role have been replaced', async () => {
    for (const [role, others] of [
      ['timestamp', ['timestamp']],
      ['snapshot', ['snapshot', 'timestamp']],
      ['targets', ['targets', 'snapshot', 'timestamp']],
    ] as const) {
      const { repository, disk, refresh } = await known();
      repository.versions[role] = 99;
      repository.publish(role === 'targets' ? { files: {} } : undefined);
      await refresh();
      expect(versions(disk)[ORDER.indexOf(role)]).toBe(100);
      for (const [index, other] of others.entries())
        repository.roles[other] = { keys: [testKey(120 + index)], threshold: 1 };
      repository.publishRoot();
      repository.versions[role] = 0;
      repository.publish({ files: {} });
      await refresh();
      expect(versions(disk)[ORDER.indexOf(role)]).toBe(1);
    }
  });
});
