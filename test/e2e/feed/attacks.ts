/**
 * The attacks of the TUF specification (section 1.5.2) against the compiled updater: the exit code of the contract, the
 * cause, the old version untouched, and an honest feed believed again afterwards. Where an attack is one on what was seen
 * before, the updater has seen it. Attacks of length and speed are in each-file.ts and test/update/download/slow.test.ts.
 */
import { expect, test } from 'bun:test';
import fs from 'node:fs';
import path from 'node:path';
import type { ListedRelease } from '../../../lib/version/index.ts';
import { STRANGER } from '../../trust/keys.ts';
import { type FeedKeys, feedKeys, openPublisher, type Publisher, ROLE } from './publisher.ts';
import type { Standing } from './standing.ts';

const PAST = Date.UTC(2020, 0, 1);

interface Attack {
  /** What was published before; then the updater has seen the feed when it was well. */
  before?(publisher: Publisher): void;
  does(publisher: Publisher, home: string): void;
  code: number;
  says: RegExp;
}

/** What the server had under that name when it was recorded. */
const recorded = new Map<Publisher, Map<string, Uint8Array>>();
const record = (publisher: Publisher) => void recorded.set(publisher, new Map(publisher.repository.files));
/** Nothing but that: the updater has it in its memory. */
const seen = () => undefined;
const replay = (publisher: Publisher, name: string, as = name) => {
  const bytes = recorded.get(publisher)?.get(name);
  if (bytes === undefined) throw new Error(`nothing was recorded of ${name}`);
  publisher.answer = (asked) => (asked === `metadata/${as}` ? new Response(Buffer.from(bytes)) : undefined);
};
const newest = ({ repository }: Publisher, role: string) => `${repository.versions[role]}.${role}.json`;

const unsigned = (role: 'timestamp' | 'snapshot' | 'targets'): Attack => ({
  does: (publisher) => {
    publisher.repository.signers[role] = [STRANGER];
    publisher.publish();
  },
  code: 10,
  says: new RegExp(`not trusted: .*${role}.*wanted 1 valid .*found 0`),
});

const expired = (role: string): Attack => ({
  does: (publisher) => {
    publisher.repository.expires[role] = PAST;
    if (role === 'root') publisher.repository.publishRoot();
    publisher.publish();
  },
  code: 10,
  says: new RegExp(
    `not trusted: ([0-9]+\\.)?${role}\\.json expired at (2019-12-31|2020-01-01) \\d\\d:\\d\\d [+-]\\d\\d:\\d\\d, and the clock of this machine says 20`,
  ),
});

/** The file of one role in the place of its newest one. */
const mixed = (role: string): Attack => ({
  // By its version alone: no digest gives it away.
  before: ({ repository }) => {
    repository.describe = 'version';
  },
  does: (publisher) => {
    record(publisher);
    const old = newest(publisher, role);
    publisher.publish();
    replay(publisher, old, newest(publisher, role));
  },
  code: 10,
  says: /not trusted: .*version/,
});

const lists =
  (change: (release: ListedRelease, publisher: Publisher) => object) => (publisher: Publisher) => {
    const index = publisher.index();
    const [release] = index.releases;
    if (release === undefined) throw new Error('the feed has no release');
    publisher.publish({
      ...index,
      releases: [{ ...release, ...change(release, publisher) }, ...index.releases.slice(1)],
    });
  };

const ATTACKS: Record<string, Attack> = {
  'arbitrary software: a timestamp by a stranger': unsigned('timestamp'),
  'arbitrary software: a snapshot by a stranger': unsigned('snapshot'),
  'arbitrary software: targets by a stranger': unsigned('targets'),
  'arbitrary software: an index that a stranger vouches for': {
    does: (publisher) => {
      publisher.repository.signers[ROLE] = [STRANGER];
      publisher.publish();
      publisher.repository.publishTargets(ROLE, { files: {} }, [STRANGER]);
      publisher.repository.publish();
    },
    code: 10,
    says: new RegExp(`not trusted: .*${ROLE}.*: wanted 1 valid .*found 0`),
  },
  'rollback: an older timestamp': {
    before: record,
    does: (publisher) => replay(publisher, 'timestamp.json'),
    code: 10,
    says: /not trusted: timestamp\.json: .*less than/,
  },
  'rollback: an older snapshot, with a stolen timestamp key': {
    before: seen,
    does: (publisher) => {
      publisher.repository.versions.snapshot = 0;
      publisher.publish();
    },
    code: 10,
    says: /not trusted: .*snapshot version 1 is less than/,
  },
  'rollback: older targets, with stolen timestamp and snapshot keys': {
    before: seen,
    does: (publisher) => {
      publisher.repository.meta.set(`${ROLE}.json`, { version: 1 });
      publisher.repository.publish();
    },
    code: 10,
    says: new RegExp(`not trusted: .*1 of ${ROLE}\\.json is less than`),
  },
  'rollback: a root that comes again': {
    does: (publisher) => {
      publisher.answer = (name) =>
        name === 'metadata/2.root.json'
          ? new Response(Buffer.from(publisher.repository.files.get('1.root.json') ?? ''))
          : undefined;
    },
    code: 10,
    says: /not trusted: .*Expected version 2, got 1/,
  },
  ...Object.fromEntries(
    ['timestamp', 'snapshot', 'targets', ROLE, 'root'].map((role) => [
      `indefinite freeze, or a clock far in the future: ${role === ROLE ? 'the delegated role' : role}`,
      expired(role),
    ]),
  ),
  'mix and match: another snapshot': mixed('snapshot'),
  'mix and match: other targets': mixed('targets'),
  'mix and match: another delegated role': mixed(ROLE),
  'wrong software: the index of another app': {
    does: (publisher) => publisher.publish({ ...publisher.index(), app: 'other' }),
    code: 10,
    says: /not trusted: wanted the index of .*dgmo.*, found that of .*other/,
  },
  'wrong software: the index of another target': {
    does: (publisher) =>
      publisher.publish({ ...publisher.index(), arch: process.arch === 'x64' ? 'arm64' : 'x64' }),
    code: 10,
    says: /not trusted: wanted the index of/,
  },
  'wrong software: the manifest of another version': {
    does: lists((_, publisher) => ({ manifest: publisher.index().releases[1]?.manifest })),
    code: 10,
    says: /not trusted: wanted the manifest of 2\.0\.0, found that of 1\.5\.0/,
  },
  'wrong software: the package of another version, older than the offered one': {
    does: lists((_, publisher) => ({ packages: publisher.index().releases[1]?.packages })),
    code: 10,
    says: /not trusted: wanted the package of 2\.0\.0 with .*, as the feed says, found that of 1\.5\.0 with/,
  },
  'extraneous dependencies: a package that the index does not name': {
    does: (publisher) => {
      const index = publisher.index();
      const text = JSON.stringify(index);
      const [release] = index.releases;
      // Who has no key can add to what is sent only what does not fit its digest.
      publisher.answer = (name) =>
        name.startsWith('targets/channels/')
          ? new Response(
              text.replace('"packages":[', `"packages":[${JSON.stringify(release?.packages.at(-1))},`),
            )
          : undefined;
      publisher.publish({ ...index, minimum: '1.0.0' });
    },
    code: 10,
    says: /wanted at most \d+ bytes, found more/,
  },
  'key compromise: the timestamp key alone': {
    does: (publisher) => {
      publisher.repository.signers.snapshot = publisher.keys.timestamp;
      publisher.publish();
    },
    code: 10,
    says: /not trusted: .*snapshot.*: wanted 1 valid .*found 0/,
  },
  'key compromise: timestamp and snapshot keys': {
    does: (publisher) => {
      publisher.repository.signers.targets = publisher.keys.snapshot;
      publisher.publish();
    },
    code: 10,
    says: /not trusted: .*targets.*: wanted 1 valid .*found 0/,
  },
  'key compromise: one root key of the two that it takes': {
    does: (publisher) => {
      const { repository, keys } = publisher;
      repository.roles.targets = { keys: [STRANGER], threshold: 1 };
      repository.signers.root = keys.root.slice(0, 1);
      repository.publishRoot();
    },
    code: 10,
    says: /2\.root\.json: wanted 2 valid .*found 1/,
  },
  'key compromise: a stolen timestamp key, after it was revoked': {
    before: (publisher) => {
      const { repository } = publisher;
      repository.roles.timestamp = { keys: [STRANGER], threshold: 1 };
      repository.publishRoot();
      publisher.publish();
    },
    does: (publisher) => {
      publisher.repository.signers.timestamp = publisher.keys.timestamp;
      publisher.publish();
    },
    code: 10,
    says: /not trusted: .*timestamp.*: wanted 1 valid .*found 0/,
  },
};

export function attacks(standing: () => Standing): void {
  let keys: FeedKeys | undefined;

  test.concurrent.each(Object.entries(ATTACKS))(
    '%s',
    async (_, { before, does, code, says }) => {
      const { stage, freshHome, run, refused } = standing();
      keys ??= feedKeys(stage);
      await using publisher = openPublisher(stage, keys);
      const home = freshHome();
      const feed = ['--feed', publisher.url];
      if (before !== undefined) {
        before(publisher);
        publisher.publish();
        expect((await run(home, ['check', ...feed])).stdout).toContain('2.0.0 is available');
      }
      const { answer } = publisher;
      const versions = { ...publisher.repository.versions };
      const files = new Set(publisher.repository.files.keys());
      const roles = { ...publisher.repository.roles };
      does(publisher, home);
      refused(await run(home, ['update', '--yes', ...feed]), code, says);
      expect(fs.existsSync(path.join(home, 'choices.json'))).toBe(false);
      // The publisher is well again, and goes on from where it was.
      const { repository } = publisher;
      publisher.answer = answer;
      for (const role of Object.keys(repository.signers)) delete repository.signers[role];
      for (const role of Object.keys(repository.expires)) delete repository.expires[role];
      Object.assign(repository.roles, roles);
      for (const [role, version] of Object.entries(versions))
        repository.versions[role] = Math.max(version, repository.versions[role] ?? 0);
      for (const name of repository.files.keys())
        if (name.endsWith('.root.json') && !files.has(name)) repository.files.delete(name);
      if (says.source.includes('root\\.json expired')) repository.publishRoot();
      publisher.publish();
      const after = await run(home, ['check', ...feed]);
      expect({ code: after.code, stderr: after.stderr }).toMatchObject({ code: 0 });
      expect(after.stdout).toContain('2.0.0 is available');
    },
    60_000,
  );
}
