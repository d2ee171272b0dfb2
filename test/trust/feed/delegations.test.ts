/** Delegations: order, patterns, bounds, and names that mean mischief (spec 4.5 and 5.6.7). */
import { describe, expect, test } from 'bun:test';
import { Targets } from '@tufjs/models';
import fc from 'fast-check';
import { DamagedError, TrustError } from '../../../lib/errors.ts';
import { keepOrder } from '../../../lib/trust/feed/delegations.ts';
import { checkTargetPath, verifyTarget } from '../../../lib/trust/index.ts';
import { SimulatedDisk } from '../../host/disk.ts';
import { simulatedHost } from '../../host/host.ts';
import { STRANGER, TARGETS_KEYS, testKey } from '../keys.ts';
import { clientOf, FOLDER, feedOn, refused } from './client.ts';
import { changed, type Delegation, digest, NOW, Repository, type TargetsContent } from './repository.ts';

const key = testKey(61);

/** A repository whose top level delegates, with the content of each delegated role. */
function delegating(
  delegations: Partial<Delegation>[],
  contents: Record<string, TargetsContent>,
): Repository {
  const repository = new Repository({});
  for (const [role, content] of Object.entries(contents)) repository.publishTargets(role, content, [key]);
  repository.publish({ delegations: delegations.map((one) => ({ name: 'a', keys: [key], ...one })) });
  return repository;
}

function askedRoles(repository: Repository): string[] {
  return repository.asked.slice(4).map((name) => decodeURIComponent(name.replace(/^\d+\.|\.json$/g, '')));
}

test('patterns match what the library says that they match', () => {
  const part = (letters: string) =>
    fc.string({ unit: fc.constantFrom(...letters), minLength: 1, maxLength: 6 });
  const joined = (parts: fc.Arbitrary<string>) =>
    fc.array(parts, { minLength: 1, maxLength: 2 }).map((found) => found.join('/'));
  // No target has a part that is one of the two, which mean something else in a path.
  const names = part('ab.+').filter((name) => name !== '.' && name !== '..');
  fc.assert(
    fc.property(joined(part('ab.+*?')), joined(names), (pattern, path) => {
      const roles = [{ name: 'a', keyids: [], threshold: 1, terminating: false, paths: [pattern] }];
      const { delegations } = Targets.fromJSON({
        ...{ _type: 'targets', spec_version: '1.0.31', version: 1, expires: '2030-01-31T00:00:00Z' },
        ...{ targets: {}, delegations: { keys: {}, roles } },
      });
      if (delegations === undefined) throw new Error('it has delegations');
      const wanted = [...delegations.rolesForTarget(path)];
      keepOrder(delegations, ['a']);
      expect([...delegations.rolesForTarget(path)]).toEqual(wanted);
    }),
    {
      numRuns: 3000,
      examples: [
        ['*', '.a'],
        ['?a', '.a'],
        ['**/a', 'b/a'],
        ['a*b*a', 'abbaba'],
      ],
    },
  );
});

describe('order', () => {
  test('the first role that vouches wins, also when names look like integers', async () => {
    const names = ['10', 'b', '9', '1'];
    const contents = Object.fromEntries(names.map((name) => [name, { files: { file: `by ${name}` } }]));
    const repository = delegating(
      names.map((name) => ({ name })),
      contents,
    );
    expect((await clientOf(repository).target('file'))?.hashes.sha256).toBe(digest('by 10'));
    repository.asked.length = 0;
    expect(await clientOf(repository).target('other')).toBeNull();
    expect(askedRoles(repository)).toEqual(names);
  });

  test('depth first, and nobody after a terminating role', async () => {
    const repository = delegating([{ name: 'a' }, { name: 'b', terminating: true }, { name: 'c' }], {
      a: {
        delegations: [
          { name: 'd', keys: [key] },
          { name: 'a', keys: [key] },
        ],
      },
      b: {},
      c: {},
      d: {},
    });
    expect(await clientOf(repository).target('file')).toBeNull();
    expect(askedRoles(repository)).toEqual(['a', 'd', 'b']);
  });

  test('nor after a terminating role that another role delegates to', async () => {
    const repository = delegating([{ name: 'a' }, { name: 'c' }], {
      a: {
        delegations: [
          { name: 'b', keys: [key], terminating: true },
          { name: 'd', keys: [key] },
        ],
      },
      b: {},
      c: { files: { file: 'not b’s to give' } },
      d: { files: { file: 'not b’s to give' } },
    });
    expect(await clientOf(repository).target('file')).toBeNull();
    expect(askedRoles(repository)).toEqual(['a', 'b']);
  });

  test('path patterns and hash prefixes decide who is asked', async () => {
    const prefix = digest('bin/dgmo').slice(0, 2);
    const repository = delegating(
      [
        { name: 'a', paths: ['*', 'doc/?.md'] },
        { name: 'b', paths: undefined as never, pathHashPrefixes: [prefix] },
      ],
      { a: { files: { 'bin/dgmo': 'not asked' } }, b: { files: { 'bin/dgmo': 'asked' } } },
    );
    expect((await clientOf(repository).target('bin/dgmo'))?.hashes.sha256).toBe(digest('asked'));
    expect(askedRoles(repository)).toEqual(['b']);
  });
});

describe('who speaks for whom', () => {
  test('a delegated role that a stranger signed, and one below its threshold', async () => {
    const repository = delegating([{ threshold: 2, keys: [key, STRANGER] }], { a: { files: { file: 'x' } } });
    await refused(clientOf(repository).target('file'), TrustError, /a\.json: wanted 2 valid .*found 1/);
  });

  test('a role that has expired since it was read is not answered from', async () => {
    const repository = new Repository({});
    repository.expires.a = NOW + 1000;
    const publish = (text: string) => {
      repository.publishTargets('a', { files: { file: text } }, [key]);
      repository.publish({ delegations: [{ name: 'a', keys: [key] }] });
    };
    publish('old');
    let now = NOW;
    const host = simulatedHost({ disk: new SimulatedDisk(), versionOf: () => null });
    const feed = feedOn(host, repository, { clock: () => now });
    expect((await feed.target('file'))?.length).toBe(3);
    now = NOW + 1000;
    await refused(feed.target('file'), TrustError, /a\.json expired at/);
    repository.expires.a = NOW + 2000;
    publish('newer');
    expect((await feed.target('file'))?.length).toBe(5);
    // Renewed in time: the feed finds that out by itself.
    delete repository.expires.a;
    publish('newest');
    now = NOW + 2000;
    expect((await feed.target('file'))?.length).toBe(6);
  });

  test('nor is one that expired between the refresh and the first look at it', async () => {
    const repository = new Repository({});
    repository.expires.a = NOW + 1000;
    repository.publishTargets('a', { files: { file: 'old' } }, [key]);
    repository.publish({ delegations: [{ name: 'a', keys: [key] }] });
    let now = NOW;
    const host = simulatedHost({ disk: new SimulatedDisk(), versionOf: () => null });
    const feed = feedOn(host, repository, { clock: () => now });
    await feed.refresh();
    now = NOW + 1000;
    await refused(feed.target('file'), TrustError, /a\.json expired at/);
  });

  test('each way to a role is verified, also when the role is known', async () => {
    const repository = delegating(
      [
        { name: 'one', paths: ['one/*'] },
        { name: 'two', paths: ['two/*'] },
      ],
      {
        one: { delegations: [{ name: 'shared', keys: [key], paths: ['one/*'] }] },
        two: { delegations: [{ name: 'shared', keys: [STRANGER], paths: ['two/*'] }] },
        shared: { files: { 'one/file': 'x', 'two/file': 'y' } },
      },
    );
    const feed = clientOf(repository);
    expect(await feed.target('one/file')).not.toBeNull();
    await refused(feed.target('two/file'), TrustError, /shared.*: wanted 1 valid .*found 0/);
  });

  test('a role that the snapshot does not list', async () => {
    const repository = delegating([{}], {});
    await refused(clientOf(repository).target('file'), TrustError, /wanted a\.json in the snapshot/);
  });

  test('names that every JavaScript object answers to', async () => {
    const names = ['constructor', '__proto__', 'toString'];
    const repository = delegating(
      names.map((name) => ({ name })),
      Object.fromEntries(names.map((name) => [name, {}])),
    );
    expect(await clientOf(repository).target('file')).toBeNull();
    expect(askedRoles(repository)).toEqual(names);
    const plain = new Repository({ files: {} });
    for (const name of names) expect(await clientOf(plain).target(name)).toBeNull();
  });
});

test('keys of another kind, or written otherwise, under the right id', async () => {
  for (const change of [
    { keytype: 'ecdsa' },
    { scheme: 'other' },
    { keyval: { public: Buffer.from(key.bytes).toString('hex').toUpperCase() } },
    { keyval: {} },
  ]) {
    const repository = delegating([{}], { a: {} });
    const json = changed(
      repository.files.get('2.targets.json'),
      ({ signed }: { signed: { delegations: { keys: Record<string, object> } } }) => {
        Object.assign(signed.delegations.keys[key.id] ?? {}, change);
      },
    );
    repository.resign('targets', json, TARGETS_KEYS.slice(0, 1));
    await refused(clientOf(repository).refresh(), TrustError, /wanted Ed25519 keys under their own ids/);
  }
});

describe('bounds', () => {
  test('at most 32 delegated roles are looked into', async () => {
    const names = Array.from({ length: 33 }, (_, index) => `r${index}`);
    const contents = Object.fromEntries(names.map((name) => [name, {}]));
    const roles = names.map((name) => ({ name }));
    expect(await clientOf(delegating(roles.slice(0, 32), contents)).target('file')).toBeNull();
    const many = delegating(roles, contents);
    await refused(clientOf(many).target('file'), TrustError, /within 32 delegated roles/);
    expect(askedRoles(many)).toHaveLength(32);
  });

  test('patterns beyond the specification', async () => {
    for (const pattern of [
      '{a,b}',
      '{1..1000000}',
      '!x',
      'a/#x',
      '+(a)',
      '[ab]',
      '*'.repeat(9),
      'x'.repeat(301),
    ]) {
      const repository = delegating([{ paths: [pattern] }], { a: {} });
      await refused(clientOf(repository).refresh(), TrustError, /wanted a path pattern/);
    }
  });
});

describe('role names of succinct roles', () => {
  /** Two roles, `<prefix>-0` and `<prefix>-1`, with the same content. */
  const succinct = (prefix: string, content: TargetsContent): Repository => {
    const repository = new Repository({});
    for (const bin of [0, 1]) repository.publishTargets(`${prefix}-${bin}`, content, [key]);
    repository.publishTargets('targets', { delegations: [{ name: 'a', keys: [key] }] }, []);
    const roles = { keyids: [key.id], threshold: 1, bit_length: 1, name_prefix: prefix };
    const json = changed(
      repository.files.get('2.targets.json'),
      ({ signed }: { signed: { delegations: { keys: unknown } } }) => {
        Object.assign(signed, { delegations: { keys: signed.delegations.keys, succinct_roles: roles } });
      },
    );
    return repository.resign('targets', json, TARGETS_KEYS.slice(0, 1));
  };

  test('are asked for, and kept where no name leads out of the folder', async () => {
    for (const prefix of ['bin', '../../escape', '/etc/x', 'CON']) {
      const disk = new SimulatedDisk();
      const repository = succinct(prefix, { files: { file: prefix } });
      expect((await clientOf(repository, { disk }).target('file'))?.hashes.sha256).toBe(digest(prefix));
      expect(askedRoles(repository)[0]).toMatch(new RegExp(`^${prefix.replaceAll('.', '\\.')}-[01]$`));
      for (const file of Object.keys(disk.picture()).filter((path) => path.endsWith('.json')))
        expect(file).toMatch(new RegExp(`^${FOLDER}/[a-z0-9-]+\\.json$`));
    }
  });

  test('that can’t be used in an address are refused before anything is asked for', async () => {
    const repository = succinct('x'.repeat(1023), {});
    await refused(
      clientOf(repository).target('file'),
      TrustError,
      /wanted a role name of 1 to 1024 characters/,
    );
    expect(askedRoles(repository)).toEqual([]);
  });
});

describe('role names', () => {
  const STRANGE = [
    '../../escape',
    '/etc/passwd',
    'CON',
    'nul',
    'Root',
    'a\0b',
    'x'.repeat(300),
    'role-x',
    '..',
    '?',
    '#',
  ];

  test('stay in the folder, off devices and off the top-level files', async () => {
    const disk = new SimulatedDisk();
    const repository = delegating(
      STRANGE.map((name) => ({ name })),
      Object.fromEntries(STRANGE.map((name) => [name, {}])),
    );
    expect(await clientOf(repository, { disk }).target('file')).toBeNull();
    expect(askedRoles(repository)).toEqual(STRANGE);
    const files = Object.keys(disk.picture()).filter((path) => path.endsWith('.json'));
    expect(files).toHaveLength(3 + STRANGE.length);
    for (const path of files)
      expect(path).toMatch(new RegExp(`^${FOLDER}/(role-[0-9a-f]{64}|timestamp|snapshot|targets)\\.json$`));
    // What was kept under those names is found again.
    repository.asked.length = 0;
    expect(await clientOf(repository, { disk }).target('file')).toBeNull();
    expect(repository.asked).toEqual(['2.root.json', 'timestamp.json']);
  });

  test('empty, endless, the name of a top-level role', async () => {
    for (const [name, message] of [
      ['', /role name/],
      ['x'.repeat(1025), /role name/],
      ['snapshot', /conflicts with top-level/],
    ] as const) {
      const repository = delegating([{ name }], {});
      await refused(clientOf(repository).refresh(), TrustError, message);
    }
  });
});

describe('target paths', () => {
  test('that could mean anything but one file below a folder', async () => {
    const strange = [
      '',
      '..',
      '.',
      '../x',
      'a/../../x',
      '/etc/passwd',
      'a//b',
      'a/',
      'a\0b',
      'a\nb',
      'C:x',
      'C:\\x',
      'a\\b',
      'con',
      'NUL.txt',
      'a/com1',
      'lpt9.tar.gz',
      'COM\u00b9',
      'a.',
      'a ',
      'a*',
      'x'.repeat(300),
      `${'x/'.repeat(600)}x`,
      '\ud800',
    ];
    const files = Object.fromEntries(
      strange.filter((path) => path.isWellFormed()).map((path) => [path, 'x']),
    );
    const feed = clientOf(new Repository({ files }));
    for (const path of strange) {
      await refused(feed.target(path), TrustError, /wanted a relative path of plain names/);
    }
    // They stand in the way of nobody else.
    expect(await feed.target('console/.hidden/dgmo 1.0')).toBeNull();
  });

  test('that are plain', () => {
    for (const path of ['a', 'a/b.c', '.well-known/x', 'com10', 'null', 'd\u00e9j\u00e0', 'x'.repeat(180)]) {
      checkTargetPath(path);
    }
  });
});

describe('targets', () => {
  async function withFile(change: (file: { length: unknown; hashes: unknown }) => void) {
    const repository = new Repository({});
    repository.publishTargets('targets', { files: { file: 'x' } }, []);
    const json = changed(
      repository.files.get('2.targets.json'),
      (value: { signed: { targets: { file: never } } }) => change(value.signed.targets.file),
    );
    repository.describe = 'version';
    return repository.resign('targets', json, TARGETS_KEYS.slice(0, 1));
  }

  test('digests of another algorithm, none, or none that can be right', async () => {
    for (const hashes of [
      {},
      { md5: '00'.repeat(16) },
      { sha256: 'short' },
      { sha256: '0'.repeat(64), 'sha-x': '00' },
    ]) {
      const repository = await withFile((file) => {
        file.hashes = hashes;
      });
      await refused(clientOf(repository).target('file'), TrustError, /wanted digests of sha256 or sha512/);
    }
  });

  test('a length that is none', async () => {
    for (const length of [-1, 2 ** 60]) {
      const repository = await withFile((file) => {
        file.length = length;
      });
      await refused(clientOf(repository).target('file'), TrustError, /[Ll]ength/);
    }
  });

  test('verifyTarget wants the length and every digest', async () => {
    const info = await clientOf(new Repository()).target('dgmo.json');
    if (info === null) throw new Error('no target');
    verifyTarget(info, { length: 3, hashes: { sha256: digest('one') } });
    expect(() => verifyTarget(info, { length: 4, hashes: { sha256: digest('one') } })).toThrow(DamagedError);
    expect(() => verifyTarget(info, { length: 3, hashes: { sha256: digest('two') } })).toThrow(DamagedError);
    expect(() => verifyTarget(info, { length: 3, hashes: {} })).toThrow(DamagedError);
  });
});
