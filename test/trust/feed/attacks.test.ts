/** The attacks of the TUF specification (section 1.5.2), each by a server that holds fewer keys than it takes. */
import { describe, expect, test } from 'bun:test';
import { NetworkError, TrustError } from '../../../lib/errors.ts';
import { ANY_KEYS } from '../../../lib/trust/index.ts';
import { SimulatedDisk } from '../../host/disk.ts';
import { simulatedHost } from '../../host/host.ts';
import { SNAPSHOT_KEY, STRANGER, TARGETS_KEYS, TIMESTAMP_KEY, testKey } from '../keys.ts';
import { clientOf, feedOn, kept, refused } from './client.ts';
import { changed, digest, failing, NOW, Repository } from './repository.ts';

const encode = (text: string) => new TextEncoder().encode(text);
const twins = (name: string) =>
  [1, 2].map(() => ({ name, keyids: [], threshold: 1, terminating: false, paths: ['*'] }));

describe('the way it should be', () => {
  test('asks for what it needs, in the order of the specification', async () => {
    const repository = new Repository();
    const feed = clientOf(repository);
    await feed.refresh();
    expect(repository.asked).toEqual(['2.root.json', 'timestamp.json', '1.snapshot.json', '1.targets.json']);
    expect(await feed.target('dgmo.json')).toEqual({
      path: 'dgmo.json',
      length: 3,
      hashes: { sha256: digest('one') },
      location: `${digest('one')}.dgmo.json`,
      custom: {},
    });
    expect(await feed.target('nothing')).toBeNull();
  });

  test('asks for the root and the timestamp alone when nothing changed', async () => {
    const repository = new Repository();
    const disk = new SimulatedDisk();
    await clientOf(repository, { disk }).refresh();
    repository.asked.length = 0;
    await clientOf(repository, { disk }).refresh();
    expect(repository.asked).toEqual(['2.root.json', 'timestamp.json']);
  });

  test('target refreshes by itself, once', async () => {
    const repository = new Repository();
    const feed = clientOf(repository);
    expect((await feed.target('dgmo.json'))?.length).toBe(3);
    await feed.target('dgmo.json');
    expect(repository.asked).toHaveLength(4);
  });

  test('without consistent snapshots the names bear no versions', async () => {
    const repository = new Repository();
    const disk = new SimulatedDisk();
    repository.consistentSnapshot = false;
    repository.publishRoot();
    repository.publish({ files: { 'a/b': 'x' } });
    const feed = clientOf(repository, { disk, keyPolicy: ANY_KEYS });
    expect((await feed.target('a/b'))?.location).toBe('a/b');
    // Packages can't be verified with such a root, so that the updater refuses it.
    await refused(clientOf(repository).refresh(), TrustError, /consistent_snapshot/);
  });
});

describe('arbitrary software', () => {
  for (const role of ['root', 'timestamp', 'snapshot', 'targets'] as const) {
    test(`${role} signed by a stranger`, async () => {
      const repository = new Repository();
      const disk = new SimulatedDisk();
      await clientOf(repository, { disk }).refresh();
      const before = kept(disk, `${role}.json`);
      repository.signers[role] = [STRANGER];
      if (role === 'root') repository.publishRoot();
      repository.publish({ files: { 'dgmo.json': 'evil' } });
      await refused(clientOf(repository, { disk }).refresh(), TrustError, /wanted \d valid .*found 0/);
      expect(kept(disk, `${role}.json`)).toBe(before);
    });
  }

  test('a root that is signed by its own new keys alone', async () => {
    const repository = new Repository();
    repository.roles.root = { keys: [testKey(41), testKey(42)], threshold: 2 };
    repository.publishRoot();
    await refused(clientOf(repository).refresh(), TrustError, /wanted 2 valid .*found 0/);
  });

  test('a root that the old keys signed, the new ones did not', async () => {
    const repository = new Repository();
    const old = repository.roles.root.keys;
    repository.roles.root = { keys: [testKey(41), testKey(42)], threshold: 2 };
    repository.signers.root = old;
    repository.publishRoot();
    await refused(clientOf(repository).refresh(), TrustError, /wanted 2 valid .*found 0/);
  });

  test('fewer signatures than the threshold, however often one key signed', async () => {
    const repository = new Repository();
    repository.roles.targets = { keys: TARGETS_KEYS, threshold: 2 };
    repository.publishRoot();
    repository.describe = 'version';
    repository.signers.targets = TARGETS_KEYS.slice(0, 1);
    repository.publish({ files: {} });
    await refused(clientOf(repository).refresh(), TrustError, /wanted 2 valid .*found 1/);
    const name = '2.targets.json';
    repository.files.set(
      name,
      changed(repository.files.get(name), (json: { signatures: unknown[] }) => {
        json.signatures.push(json.signatures[0]);
      }),
    );
    await refused(clientOf(repository).refresh(), TrustError, /multiple signatures found for keyid/);
  });

  test('one key under two ids, in the root and in a delegation', async () => {
    const repository = new Repository();
    const twin = { ...testKey(12), bytes: testKey(11).bytes, id: 'ab'.repeat(32) };
    repository.roles.targets = { keys: [testKey(11), twin], threshold: 2 };
    repository.publishRoot();
    await refused(clientOf(repository).refresh(), TrustError, /under the id/);

    const delegating = new Repository({
      delegations: [{ name: 'a', keys: [testKey(11), twin], threshold: 2 }],
    });
    await refused(clientOf(delegating).refresh(), TrustError, /under their own ids/);
  });

  test('changed after it was signed', async () => {
    const repository = new Repository();
    repository.describe = 'version';
    repository.publish({ files: { 'dgmo.json': 'one' } });
    repository.files.set(
      '2.targets.json',
      changed(
        repository.files.get('2.targets.json'),
        (json: { signed: { targets: { 'dgmo.json': { length: number } } } }) => {
          json.signed.targets['dgmo.json'].length = 4;
        },
      ),
    );
    await refused(clientOf(repository).refresh(), TrustError, /wanted 1 valid .*found 0/);
  });
});

describe('rollback', () => {
  test('an older timestamp', async () => {
    const repository = new Repository();
    const disk = new SimulatedDisk();
    const old = repository.files.get('timestamp.json');
    repository.publish();
    await clientOf(repository, { disk }).refresh();
    repository.answer = (name) => (name === 'timestamp.json' ? old : undefined);
    await refused(
      clientOf(repository, { disk }).refresh(),
      TrustError,
      /timestamp\.json: .*version 1 is less than/,
    );
  });

  test('a newer timestamp with an older snapshot', async () => {
    const repository = new Repository();
    const disk = new SimulatedDisk();
    repository.publish();
    await clientOf(repository, { disk }).refresh();
    repository.versions.snapshot = 0;
    repository.publish();
    await refused(clientOf(repository, { disk }).refresh(), TrustError, /snapshot version 1 is less than/);
  });

  test('a newer snapshot with older targets, or without them', async () => {
    const repository = new Repository();
    const disk = new SimulatedDisk();
    repository.publish({ files: { 'dgmo.json': 'two' } });
    await clientOf(repository, { disk }).refresh();
    const meta = repository.meta.get('targets.json');
    repository.meta.set('targets.json', { version: 1 });
    repository.publish();
    await refused(
      clientOf(repository, { disk: disk.clone() }).refresh(),
      TrustError,
      /1 of targets\.json is less/,
    );
    repository.meta.delete('targets.json');
    repository.meta.set('other.json', meta ?? { version: 1 });
    repository.publish();
    await refused(clientOf(repository, { disk }).refresh(), TrustError, /Missing file targets\.json/);
  });

  test('a root that skips a version, or comes again', async () => {
    const repository = new Repository();
    repository.versions.root = 2;
    repository.publishRoot();
    repository.files.set('2.root.json', repository.files.get('3.root.json') ?? encode(''));
    await refused(clientOf(repository).refresh(), TrustError, /Expected version 2, got 3/);
    repository.files.set('2.root.json', repository.files.get('1.root.json') ?? encode(''));
    await refused(clientOf(repository).refresh(), TrustError, /Expected version 2, got 1/);
  });

  test('a fast-forward is recovered from by rotating the keys', async () => {
    const repository = new Repository();
    const disk = new SimulatedDisk();
    repository.versions.timestamp = 1_000_000;
    repository.versions.snapshot = 1_000_000;
    repository.publish();
    await clientOf(repository, { disk }).refresh();
    repository.roles.timestamp = { keys: [testKey(51)], threshold: 1 };
    repository.roles.snapshot = { keys: [testKey(52)], threshold: 1 };
    repository.publishRoot();
    repository.versions.timestamp = 1;
    repository.versions.snapshot = 1;
    repository.publish({ files: { 'dgmo.json': 'after' } });
    expect((await clientOf(repository, { disk }).target('dgmo.json'))?.length).toBe(5);
  });
});

describe('mix and match', () => {
  test('a snapshot, or targets, of another version than was announced', async () => {
    const repository = new Repository();
    repository.describe = 'version';
    repository.publish({ files: { 'dgmo.json': 'two' } });
    repository.answer = (name) =>
      name === '2.targets.json' ? repository.files.get('1.targets.json') : undefined;
    await refused(
      clientOf(repository).refresh(),
      TrustError,
      /wanted version 2, as the snapshot says, found 1/,
    );
    repository.answer = (name) =>
      name === '2.snapshot.json' ? repository.files.get('1.snapshot.json') : undefined;
    await refused(clientOf(repository).refresh(), TrustError, /version doesn't match/);
  });

  test('targets newer than the snapshot says', async () => {
    const repository = new Repository();
    repository.describe = 'version';
    repository.publish({ files: { 'dgmo.json': 'two' } });
    repository.publishTargets('targets', { files: { 'dgmo.json': 'three' } }, TARGETS_KEYS.slice(0, 1));
    repository.answer = (name) =>
      name === '2.targets.json' ? repository.files.get('3.targets.json') : undefined;
    await refused(
      clientOf(repository).refresh(),
      TrustError,
      /wanted version 2, as the snapshot says, found 3/,
    );
  });

  test('another snapshot of the version and the length that the timestamp says, signed as well', async () => {
    const repository = new Repository();
    const other = new Repository();
    other.expires.snapshot = NOW + 1e10;
    other.versions.snapshot = 0;
    other.publishSnapshot();
    const [wanted, found] = [repository, other].map(({ files }) => files.get('1.snapshot.json'));
    expect(found?.length).toBe(wanted?.length ?? 0);
    repository.answer = (name) => (name === '1.snapshot.json' ? found : undefined);
    await refused(clientOf(repository).refresh(), TrustError, /snapshot\.json: Expected hash/);
  });

  test('another timestamp of the version that was read before is not used', async () => {
    const repository = new Repository();
    const disk = new SimulatedDisk();
    await clientOf(repository, { disk }).refresh();
    const before = kept(disk, 'timestamp.json');
    repository.versions.timestamp = 0;
    repository.publish({ files: { 'dgmo.json': 'three' } });
    expect((await clientOf(repository, { disk }).target('dgmo.json'))?.length).toBe('one'.length);
    expect(kept(disk, 'timestamp.json')).toBe(before);
  });

  test('a length that does not fit, with no hash beside it', async () => {
    const repository = new Repository();
    repository.describe = 'length';
    repository.publish({ files: {} });
    for (const name of ['2.targets.json', '2.snapshot.json']) {
      const bytes = repository.files.get(name) ?? encode('');
      repository.answer = (asked) => (asked === name ? bytes.subarray(0, -1) : undefined);
      await refused(clientOf(repository).refresh(), Error, /wanted JSON|Expected length/);
      // Still JSON, still signed, one byte longer than announced: more than was asked for.
      repository.answer = (asked) =>
        asked === name ? encode(`${new TextDecoder().decode(bytes)} `) : undefined;
      await refused(clientOf(repository).refresh(), TrustError, /found more/);
    }
    const described = repository.meta.get('targets.json');
    repository.meta.set('targets.json', { version: 2, length: (described?.length ?? 0) + 1 });
    repository.answer = () => undefined;
    repository.publish();
    await refused(clientOf(repository).refresh(), TrustError, /Expected length/);
  });

  test('a hash that does not fit', async () => {
    const repository = new Repository();
    repository.meta.set('targets.json', { version: 1, hashes: { sha256: '00'.repeat(32) } });
    repository.publish();
    await refused(clientOf(repository).refresh(), TrustError, /Expected hash/);
  });

  test('metadata of one role in the place of another', async () => {
    const repository = new Repository();
    repository.answer = (name) =>
      name === 'timestamp.json' ? repository.files.get('1.snapshot.json') : undefined;
    await refused(clientOf(repository).refresh(), TrustError, /wanted metadata of type timestamp/);
  });
});

describe('freeze, and clocks', () => {
  for (const role of ['root', 'timestamp', 'snapshot', 'targets'] as const) {
    test(`${role} that has expired names itself, its expiry and the clock`, async () => {
      const repository = new Repository();
      repository.expires[role] = Date.UTC(2029, 5, 1);
      repository.publishRoot();
      repository.publish({ files: {} });
      await refused(
        clientOf(repository, { localOffset: () => 5.5 * 3_600_000 }).refresh(),
        TrustError,
        new RegExp(`${role}\\.json expired at 2029-06-01 05:30 \\+05:30, .* says 2030-01-01 05:30 \\+05:30$`),
      );
    });
  }

  test('a kept timestamp that expired stops nothing when a newer one is there', async () => {
    const repository = new Repository();
    const disk = new SimulatedDisk();
    repository.expires.timestamp = NOW + 1000;
    repository.publish();
    await clientOf(repository, { disk }).refresh();
    await refused(
      clientOf(repository, { disk, now: NOW + 1000 }).refresh(),
      TrustError,
      /timestamp\.json expired/,
    );
    delete repository.expires.timestamp;
    repository.publish();
    await clientOf(repository, { disk, now: NOW + 1000 }).refresh();
  });

  test('a clock far in the future refuses everything; far in the past, it believes nothing older', async () => {
    const repository = new Repository();
    const disk = new SimulatedDisk();
    const old = repository.files.get('timestamp.json');
    await refused(
      clientOf(repository, { now: Date.UTC(9999, 0, 1) }).refresh(),
      TrustError,
      /says 9999-01-01/,
    );
    await refused(clientOf(repository, { now: 8.64e15 + 1 }).refresh(), TrustError, /expired/);
    repository.publish();
    await clientOf(repository, { disk, now: 0 }).refresh();
    repository.answer = (name) => (name === 'timestamp.json' ? old : undefined);
    await refused(clientOf(repository, { disk, now: -1 }).refresh(), TrustError, /less than current/);
  });

  for (const role of ['root', 'timestamp', 'snapshot', 'targets'] as const) {
    test(`a feed that stays open refreshes when its ${role} has expired`, async () => {
      const repository = new Repository();
      repository.expires[role] = NOW + 1000;
      repository.publishRoot();
      repository.publish({ files: { 'dgmo.json': 'two!' } });
      let now = NOW;
      const feed = feedOn(simulatedHost({ disk: new SimulatedDisk(), versionOf: () => null }), repository, {
        clock: () => now,
      });
      await feed.refresh();
      now = NOW + 999;
      repository.asked.length = 0;
      await feed.target('dgmo.json');
      expect(repository.asked).toEqual([]);
      now = NOW + 1000;
      await refused(feed.target('dgmo.json'), TrustError, new RegExp(`${role}\\.json expired`));
      delete repository.expires[role];
      repository.publishRoot();
      repository.publish({ files: { 'dgmo.json': 'three' } });
      expect((await feed.target('dgmo.json'))?.length).toBe(5);
    });
  }

  test('a clock that ran backwards between two refreshes', async () => {
    const repository = new Repository();
    const disk = new SimulatedDisk();
    await clientOf(repository, { disk, now: NOW }).refresh();
    await clientOf(repository, { disk, now: NOW - 1e11 }).refresh();
  });
});

describe('what is no metadata', () => {
  test('HTML in place of every file is the network, not a matter of trust', async () => {
    for (const name of ['2.root.json', 'timestamp.json', '1.snapshot.json', '1.targets.json']) {
      const repository = new Repository();
      repository.answer = (asked) => (asked === name ? encode('<html>Sign in</html>') : undefined);
      await refused(clientOf(repository).refresh(), NetworkError, /wanted JSON/);
    }
  });

  test('another specification, odd versions and expiries, a name twice', async () => {
    const changes: [string, (signed: Record<string, unknown>) => void][] = [
      ['spec_version', (signed) => Object.assign(signed, { spec_version: '2.0.0' })],
      ['spec_version', (signed) => Object.assign(signed, { spec_version: '1.0.' })],
      ['spec_version', (signed) => Object.assign(signed, { spec_version: '1. 0' })],
      ['version', (signed) => Object.assign(signed, { version: 1.5 })],
      ['version', (signed) => Object.assign(signed, { version: -1 })],
      ['version', (signed) => Object.assign(signed, { version: '2' })],
      ['expires', (signed) => Object.assign(signed, { expires: '2035' })],
      ['meta', (signed) => Object.assign(signed, { meta: { 'snapshot.json': { version: 1, length: -1 } } })],
      [
        'hashes',
        (signed) => Object.assign(signed, { meta: { 'snapshot.json': { version: 1, hashes: {} } } }),
      ],
      [
        'hashes',
        (signed) =>
          Object.assign(signed, { meta: { 'snapshot.json': { version: 1, hashes: { sha256: 'X' } } } }),
      ],
    ];
    for (const [field, change] of changes) {
      const repository = new Repository();
      repository.answer = (name) =>
        name === 'timestamp.json'
          ? changed(repository.files.get(name), (json: { signed: Record<string, unknown> }) =>
              change(json.signed),
            )
          : undefined;
      await refused(
        clientOf(repository).refresh(),
        TrustError,
        new RegExp(`timestamp\\.json: signed\\.${field === 'hashes' ? 'meta.*hashes' : field}`),
      );
    }
    const repository = new Repository();
    repository.answer = (name) =>
      name === 'timestamp.json' ? encode('{"signed":{"version":1,"version":2},"signatures":[]}') : undefined;
    await refused(clientOf(repository).refresh(), TrustError, /found "version" twice/);
  });

  test('what should be an object and is none', async () => {
    for (const none of ['null', '[]', '1', '"text"']) {
      const texts = [
        none,
        `{"signed":${none},"signatures":[]}`,
        `{"signed":{"_type":"timestamp","spec_version":"1.0.0","meta":${none}},"signatures":[]}`,
        `{"signed":{"_type":"timestamp","spec_version":"1.0.0","meta":{"snapshot.json":${none}}},"signatures":[]}`,
      ];
      for (const text of texts) {
        const repository = new Repository();
        repository.answer = (name) => (name === 'timestamp.json' ? encode(text) : undefined);
        await refused(clientOf(repository).refresh(), TrustError, /timestamp\.json.*: wanted an object/);
      }
    }
  });

  test('lists that are null', async () => {
    const repository = new Repository();
    repository.answer = (name) =>
      name === '2.root.json'
        ? changed(repository.files.get('1.root.json'), (json: { signed: object }) =>
            Object.assign(json, {
              signatures: null,
              signed: { ...json.signed, delegations: null, keys: null },
            }),
          )
        : undefined;
    await refused(clientOf(repository).refresh(), TrustError, /^not trusted: root: wanted TUF root metadata/);
  });

  test('no message has a control character of the attacker', async () => {
    const ESC = '\u001b]0;x\u0007';
    type Json = { signed: Record<string, unknown>; signatures: unknown[] };
    const changes: [string, (json: Json) => void][] = [
      ['2.root.json', ({ signatures }) => signatures.push(...[1, 2].map(() => ({ keyid: ESC, sig: '00' })))],
      [
        '2.root.json',
        ({ signed }) => Object.assign(signed, { roles: { root: { keyids: [ESC], threshold: 1 } } }),
      ],
      [
        '2.root.json',
        ({ signed }) => {
          const roles = signed.roles as Record<string, unknown>;
          roles.targets = { keyids: [ESC], threshold: 1 };
        },
      ],
      ['2.root.json', ({ signed }) => Object.assign(signed, { expires: ESC })],
      ['2.root.json', ({ signed }) => Object.assign(signed, { [ESC]: ESC, keys: ESC })],
      ['timestamp.json', ({ signed }) => Object.assign(signed, { meta: { [ESC]: ESC } })],
      ['timestamp.json', ({ signed }) => Object.assign(signed, { meta: { [ESC]: { version: ESC } } })],
      [
        'timestamp.json',
        ({ signed }) =>
          Object.assign(signed, { meta: { 'snapshot.json': { version: 1, hashes: { [ESC]: ESC } } } }),
      ],
      ['timestamp.json', ({ signed }) => Object.assign(signed, { _type: ESC })],
      [
        '1.targets.json',
        ({ signed }) => Object.assign(signed, { delegations: { keys: {}, roles: twins(ESC) } }),
      ],
    ];
    for (const [name, change] of changes) {
      const repository = new Repository();
      repository.describe = 'version';
      repository.meta.set('targets.json', { version: 1 });
      repository.publish();
      const model = repository.files.get(name === '2.root.json' ? '1.root.json' : name);
      repository.answer = (asked) => (asked === name ? changed(model, change) : undefined);
      const { message } = await refused(clientOf(repository).refresh(), TrustError, /./);
      expect(message).not.toMatch(/\p{Cc}/u);
    }
  });

  test('another specification, in every role', async () => {
    for (const name of ['2.root.json', 'timestamp.json', '2.snapshot.json', '1.targets.json']) {
      for (const version of ['2.0.0', '0.9.0', '10.0', '1', '1.0.31.1', '1.0x', ' 1.0', 1]) {
        const repository = new Repository();
        repository.describe = 'version';
        repository.meta.set('targets.json', { version: 1 });
        repository.publish();
        const model = repository.files.get(name === '2.root.json' ? '1.root.json' : name);
        repository.answer = (asked) =>
          asked === name
            ? changed(model, (json: { signed: object }) =>
                Object.assign(json.signed, { spec_version: version }),
              )
            : undefined;
        await refused(
          clientOf(repository).refresh(),
          TrustError,
          /signed\.spec_version: wanted .*version 1\.x/,
        );
      }
    }
  });

  test('another minor version of the specification is understood', async () => {
    const repository = new Repository();
    repository.specVersion = '1.9';
    repository.publish();
    await clientOf(repository).refresh();
  });
});

describe('the network', () => {
  test('an error is not "no newer root"', async () => {
    const repository = new Repository();
    repository.answer = (name) => (name === '2.root.json' ? failing('status 500') : undefined);
    await refused(clientOf(repository).refresh(), NetworkError, /status 500/);
    expect(repository.asked).toEqual(['2.root.json']);
  });

  test('a failure, or nothing there, at every other file', async () => {
    for (const name of ['timestamp.json', '1.snapshot.json', '1.targets.json']) {
      const repository = new Repository();
      repository.answer = (asked) => (asked === name ? null : undefined);
      await refused(clientOf(repository).refresh(), NetworkError, /has no such file/);
      repository.answer = (asked) => (asked === name ? failing('status 502') : undefined);
      await refused(clientOf(repository).refresh(), NetworkError, /status 502/);
    }
  });

  test('a refresh that fails leaves the feed answering as before', async () => {
    const repository = new Repository();
    const feed = clientOf(repository);
    await feed.refresh();
    repository.signers.timestamp = [SNAPSHOT_KEY];
    repository.publish({ files: { 'dgmo.json': 'three' } });
    await refused(feed.refresh(), TrustError, /wanted \d valid .*found 0/);
    expect((await feed.target('dgmo.json'))?.length).toBe(3);
    repository.signers.timestamp = [TIMESTAMP_KEY];
    repository.publish();
    await feed.refresh();
    expect((await feed.target('dgmo.json'))?.length).toBe(5);
  });
});
