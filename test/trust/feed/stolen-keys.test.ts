/**
 * What the thief of each of the feed's keys can do who also serves the feed, and what not (.github/SECURITY.md has the list).
 * What he can do is tested, too: so that the list says no less than the truth.
 */
import { describe, expect, test } from 'bun:test';
import { TrustError } from '../../../lib/errors.ts';
import { SimulatedDisk } from '../../host/disk.ts';
import { ROOT_KEYS, STRANGER, TARGETS_KEYS, testKey } from '../keys.ts';
import { clientOf, refused } from './client.ts';
import { NOW, Repository } from './repository.ts';

const LENGTH = { old: 3, newer: 5, evil: 4 };

/** A feed with two releases, and a client that has seen both. */
async function published(): Promise<{ repository: Repository; disk: SimulatedDisk }> {
  const repository = new Repository({ files: { 'dgmo.json': 'old' } });
  repository.publish({ files: { 'dgmo.json': 'newer' } });
  const disk = new SimulatedDisk();
  expect((await clientOf(repository, { disk }).target('dgmo.json'))?.length).toBe(LENGTH.newer);
  return { repository, disk };
}

const found = async (repository: Repository, disk: SimulatedDisk, now = NOW) =>
  (await clientOf(repository, { disk, now }).target('dgmo.json'))?.length;

/** Everything that the thief publishes is signed by a stranger, but for the roles whose keys he has. */
function steal(repository: Repository, ...stolen: string[]): void {
  for (const role of ['root', 'timestamp', 'snapshot', 'targets'])
    if (!stolen.includes(role)) repository.signers[role] = [STRANGER];
}

describe('the timestamp key', () => {
  test('hides what is new until the snapshot expires, and no longer', async () => {
    const { repository, disk } = await published();
    repository.expires.snapshot = NOW + 1000;
    repository.publish();
    expect(await found(repository, disk)).toBe(LENGTH.newer);
    // The publisher goes on; the thief signs the snapshot of before under new timestamps.
    repository.publishTimestamp();
    expect(await found(repository, disk, NOW + 999)).toBe(LENGTH.newer);
    await refused(
      clientOf(repository, { disk, now: NOW + 1000 }).refresh(),
      TrustError,
      /snapshot\.json expired/,
    );
  });

  test('brings nothing that the others have not signed', async () => {
    const { repository, disk } = await published();
    steal(repository, 'timestamp');
    repository.publish({ files: { 'dgmo.json': 'evil' } });
    await refused(
      clientOf(repository, { disk }).refresh(),
      TrustError,
      /snapshot.*: wanted 1 valid .*found 0/,
    );
  });
});

describe('the keys of snapshot and timestamp', () => {
  const older = { version: 1 };

  test('bring nothing that the targets key has not signed', async () => {
    const { repository, disk } = await published();
    steal(repository, 'snapshot', 'timestamp');
    repository.publish({ files: { 'dgmo.json': 'evil' } });
    await refused(
      clientOf(repository, { disk }).refresh(),
      TrustError,
      /targets.*: wanted 1 valid .*found 0/,
    );
  });

  test('give an old list to those alone who have seen none', async () => {
    const { repository, disk } = await published();
    repository.meta.set('targets.json', older);
    repository.publish();
    await refused(clientOf(repository, { disk }).refresh(), TrustError, /1 of targets\.json is less/);
    expect(await found(repository, new SimulatedDisk())).toBe(LENGTH.old);
  });

  test('are worthless once the root names others, and what they have done is undone', async () => {
    const { repository, disk } = await published();
    repository.versions.snapshot = 1_000_000;
    repository.versions.timestamp = 1_000_000;
    repository.publish();
    expect(await found(repository, disk)).toBe(LENGTH.newer);
    repository.roles.snapshot = { keys: [testKey(51)], threshold: 1 };
    repository.roles.timestamp = { keys: [testKey(52)], threshold: 1 };
    repository.publishRoot();
    await refused(
      clientOf(repository, { disk }).refresh(),
      TrustError,
      /timestamp.*: wanted 1 valid .*found 0/,
    );
    Object.assign(repository.versions, { snapshot: 0, timestamp: 0 });
    repository.publish({ files: { 'dgmo.json': 'newer' } });
    expect(await found(repository, disk)).toBe(LENGTH.newer);
  });
});

describe('the targets key', () => {
  test('alone publishes nothing', async () => {
    const { repository, disk } = await published();
    steal(repository, 'targets');
    repository.publish({ files: { 'dgmo.json': 'evil' } });
    await refused(
      clientOf(repository, { disk }).refresh(),
      TrustError,
      /timestamp.*: wanted 1 valid .*found 0/,
    );
  });

  test('with those of snapshot and timestamp publishes what it likes, until the root names another', async () => {
    const { repository, disk } = await published();
    steal(repository, 'targets', 'snapshot', 'timestamp');
    repository.publish({ files: { 'dgmo.json': 'evil' } });
    expect(await found(repository, disk)).toBe(LENGTH.evil);
    repository.roles.targets = { keys: [testKey(53)], threshold: 1 };
    repository.signers.targets = TARGETS_KEYS.slice(0, 1);
    delete repository.signers.root;
    repository.publishRoot();
    repository.publish({ files: { 'dgmo.json': 'evil' } });
    await refused(
      clientOf(repository, { disk }).refresh(),
      TrustError,
      /targets.*: wanted 1 valid .*found 0/,
    );
  });
});

describe('root keys', () => {
  test('one of them, where two must sign, makes no root', async () => {
    const { repository, disk } = await published();
    repository.signers.root = ROOT_KEYS.slice(0, 1);
    repository.publishRoot();
    await refused(clientOf(repository, { disk }).refresh(), TrustError, /root.*: wanted 2 valid .*found 1/);
  });

  test('two of them are everything', async () => {
    const { repository, disk } = await published();
    repository.signers.root = ROOT_KEYS.slice(0, 2);
    for (const role of ['targets', 'snapshot', 'timestamp'] as const)
      repository.roles[role] = { keys: [STRANGER], threshold: 1 };
    repository.publishRoot();
    repository.publish({ files: { 'dgmo.json': 'evil' } });
    expect(await found(repository, disk)).toBe(LENGTH.evil);
  });
});
