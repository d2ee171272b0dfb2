/**
 * The cases of the official client suite (theupdateframework/tuf-conformance) on delegations, run in this process: in which
 * order roles are asked, which are not, and which names they may have (specification 5.6.7).
 */
import { describe, expect, test } from 'bun:test';
import { TrustError } from '../../lib/errors.ts';
import { SimulatedDisk } from '../host/disk.ts';
import { clientOf, FOLDER, refused } from '../trust/feed/client.ts';
import { type Delegation, digest, Repository, type TargetsContent } from '../trust/feed/repository.ts';
import { testKey } from '../trust/keys.ts';

const KEYS = [testKey(61)];

/** Who delegates to whom, in the written order. */
type Edge = [delegator: string, role: string, more?: Partial<Delegation>];

/** Each role in its first version. `files`: by role. */
function graph(edges: Edge[], files: Record<string, Record<string, string>> = {}): Repository {
  const repository = new Repository({});
  const content = (role: string): TargetsContent => {
    const delegations = edges
      .filter(([delegator]) => delegator === role)
      .map(([, name, more]) => ({ name, keys: KEYS, ...more }));
    return { files: files[role] ?? {}, ...(delegations.length > 0 && { delegations }) };
  };
  for (const role of new Set(edges.map(([, role]) => role)))
    repository.publishTargets(role, content(role), KEYS);
  repository.publish(content('targets'));
  return repository;
}

/** The delegated roles that a search for `path` asks for, and the content that it finds. */
async function searched(
  repository: Repository,
  path: string,
): Promise<{ asked: string[]; found: string | null }> {
  const target = await clientOf(repository).target(path);
  const asked = repository.asked
    .slice(4)
    .map((name) => decodeURIComponent(name.replace(/^1\.|\.json$/g, '')));
  return { asked, found: target?.hashes.sha256 ?? null };
}

const py = { paths: ['*.py'] };
const last = { terminating: true };

describe('the order of a search', () => {
  const cases: [what: string, edges: Edge[], asked: string[]][] = [
    ['one delegation', [['targets', 'A']], ['A']],
    [
      'two on one level',
      [
        ['targets', 'A'],
        ['targets', 'B'],
      ],
      ['A', 'B'],
    ],
    [
      'two levels',
      [
        ['targets', 'A'],
        ['targets', 'B'],
        ['B', 'C'],
      ],
      ['A', 'B', 'C'],
    ],
    [
      'depth before breadth',
      [
        ['targets', 'A'],
        ['targets', 'B'],
        ['A', 'C'],
        ['A', 'D'],
      ],
      ['A', 'C', 'D', 'B'],
    ],
    [
      'depth before breadth on three levels',
      [
        ['targets', 'A'],
        ['targets', 'B'],
        ['A', 'C'],
        ['C', 'D'],
      ],
      ['A', 'C', 'D', 'B'],
    ],
    [
      'nothing after a terminating role on the second level',
      [
        ['targets', 'A'],
        ['targets', 'B'],
        ['A', 'C', last],
        ['A', 'D'],
      ],
      ['A', 'C'],
    ],
    [
      'nothing after one but what it delegates to itself',
      [
        ['targets', 'A'],
        ['targets', 'B'],
        ['A', 'C', last],
        ['C', 'D'],
      ],
      ['A', 'C', 'D'],
    ],
    [
      'no branch whose pattern does not match',
      [
        ['targets', 'A', py],
        ['targets', 'B'],
        ['A', 'C'],
      ],
      ['B'],
    ],
    [
      'no such branch below another role',
      [
        ['targets', 'A'],
        ['targets', 'B'],
        ['A', 'C', py],
        ['C', 'D'],
      ],
      ['A', 'B'],
    ],
    [
      'a circle, once around',
      [
        ['targets', 'A'],
        ['targets', 'B'],
        ['B', 'C'],
        ['C', 'D'],
        ['D', 'B'],
      ],
      ['A', 'B', 'C', 'D'],
    ],
    [
      'a role that two delegate to, by the first way',
      [
        ['targets', 'A'],
        ['targets', 'B'],
        ['B', 'C'],
        ['A', 'C'],
      ],
      ['A', 'C', 'B'],
    ],
    [
      'the same by the second way, if the pattern of the first does not match',
      [
        ['targets', 'A'],
        ['targets', 'B'],
        ['B', 'C'],
        ['A', 'C', py],
      ],
      ['A', 'B', 'C'],
    ],
  ];
  for (const [what, edges, asked] of cases) {
    test(what, async () => {
      expect(await searched(graph(edges), 'missing')).toEqual({ asked, found: null });
    });
  }
});

describe('a target is found', () => {
  const tree = () =>
    graph(
      [
        ['targets', 'A', { paths: ['*.doc', '*.md', 'foo-?.tgz'] }],
        ['targets', 'B', { paths: ['releases/*/*'] }],
        ['B', 'C', { paths: ['releases/x/*'] }],
        ['B', 'D', { paths: ['releases/y/*.zip'] }],
      ],
      {
        targets: { top: 'by targets' },
        A: {
          'README.md': 'by A',
          'releases/README.md': 'by A',
          'foo-1.tgz': 'by A',
          'foo-alpha.tgz': 'by A',
        },
        C: { 'releases/x/x_v1': 'by C' },
        D: { 'releases/y/y_v1.zip': 'by D', 'releases/z/z_v1.zip': 'by D' },
      },
    );
  const cases: [what: string, path: string, content: string | null, asked: string[]][] = [
    ['at the top, with nobody else asked', 'top', 'by targets', []],
    ['by a star', 'README.md', 'by A', ['A']],
    ['below two folders', 'releases/x/x_v1', 'by C', ['B', 'C']],
    ['below two other folders', 'releases/y/y_v1.zip', 'by D', ['B', 'D']],
    ['not if one of the roles on the way does not delegate it', 'releases/z/z_v1.zip', null, ['B']],
    ['not by a star across a slash', 'releases/README.md', null, []],
    ['by a question mark', 'foo-1.tgz', 'by A', ['A']],
    ['not by a question mark for two characters', 'foo-alpha.tgz', null, []],
    ['not in other letters', 'README.MD', null, []],
  ];
  for (const [what, path, content, asked] of cases) {
    test(what, async () => {
      const found = content === null ? null : digest(content);
      expect(await searched(tree(), path)).toEqual({ asked, found });
    });
  }
});

describe('a role', () => {
  for (const name of ['?', '#', '/delegatedrole', '../delegatedrole']) {
    test(`named ${name} is asked for escaped, and kept inside of the folder`, async () => {
      const disk = new SimulatedDisk();
      const repository = graph([['targets', name]]);
      expect(await clientOf(repository, { disk }).target('missing')).toBeNull();
      expect(repository.asked.at(-1)).toBe(`1.${encodeURIComponent(name)}.json`);
      const kept = Object.keys(disk.picture()).filter((path) => /role-.*\.json$/.test(path));
      expect(kept).toEqual([expect.stringMatching(new RegExp(`^${FOLDER}/role-[0-9a-f]{64}\\.json$`))]);
    });
  }

  test('that was reached by one delegator is verified for the other one as well', async () => {
    const repository = graph(
      [
        ['targets', 'parent-a', { paths: ['team-a/*'] }],
        ['targets', 'parent-b', { paths: ['team-b/*'] }],
        ['parent-a', 'release', { paths: ['team-a/*'] }],
        ['parent-b', 'release', { paths: ['team-b/*'], keys: [testKey(62)] }],
      ],
      { release: { 'team-a/root.json': 'trusted', 'team-b/root.json': 'malicious' } },
    );
    const feed = clientOf(repository);
    expect((await feed.target('team-a/root.json'))?.hashes.sha256).toBe(digest('trusted'));
    await refused(feed.target('team-b/root.json'), TrustError, /release.*: wanted 1 valid .*found 0/);
  });

  test('that the snapshot does not list is not even asked for', async () => {
    const repository = graph([['targets', 'delegated']]);
    repository.meta.delete('delegated.json');
    repository.publish();
    const feed = clientOf(repository);
    await feed.refresh();
    repository.asked.length = 0;
    await refused(feed.target('file'), TrustError, /wanted delegated\.json in the snapshot/);
    expect(repository.asked).toEqual([]);
  });
});
