/** What a client keeps between runs: damaged, unreadable, interrupted at any point, shared with another process. */
import { describe, expect, test } from 'bun:test';
import { DamagedError, MachineError, TrustError, UpdaterError } from '../../../lib/errors.ts';
import { SimulatedDisk, systemError } from '../../host/disk.ts';
import { exhaust } from '../../host/exhaust.ts';
import { FaultInjector } from '../../host/faults.ts';
import { simulatedHost } from '../../host/host.ts';
import { STRANGER, testKey } from '../keys.ts';
import { clientOf, FOLDER, feedOn, kept, refused } from './client.ts';
import { Repository } from './repository.ts';

const FILES = ['root.json', 'timestamp.json', 'snapshot.json', 'targets.json', 'a.json'];
const key = testKey(61);

/** Two states of one repository: what a client has kept, and what is published now, roots rotated. */
async function published(): Promise<{ repository: Repository; disk: SimulatedDisk }> {
  const repository = new Repository({});
  const delegations = [{ name: 'a', keys: [key] }];
  repository.publishTargets('a', { files: { file: 'old' } }, [key]);
  repository.publish({ delegations });
  repository.publishRoot();
  const disk = new SimulatedDisk();
  await clientOf(repository, { disk }).target('file');
  const old = repository.roles.root.keys;
  repository.roles.root = { keys: [testKey(41), testKey(42)], threshold: 2 };
  repository.publishRoot(old);
  repository.publishRoot();
  repository.publishTargets('a', { files: { file: 'new!' } }, [key]);
  repository.publish({ delegations });
  return { repository, disk };
}

function expectCurrent(disk: SimulatedDisk, repository: Repository): void {
  const current: Record<string, string> = {
    'root.json': '4.root.json',
    'timestamp.json': 'timestamp.json',
    'snapshot.json': '3.snapshot.json',
    'targets.json': '3.targets.json',
    'a.json': '2.a.json',
  };
  for (const [file, name] of Object.entries(current)) {
    expect(kept(disk, file)).toBe(new TextDecoder().decode(repository.files.get(name)));
  }
}

describe('damage', () => {
  const DAMAGES: Record<string, (content: Uint8Array) => Uint8Array> = {
    emptied: () => new Uint8Array(0),
    'cut in half': (content) => content.slice(0, content.length >> 1),
    'filled with zeros': (content) => new Uint8Array(content.length),
    'not an object': () => new TextEncoder().encode('[1]'),
    'of no type': () => new TextEncoder().encode('{"signed":{},"signatures":[]}'),
    'one bit flipped': (content) =>
      content.map((byte, index) => (index === content.length >> 1 ? byte ^ 1 : byte)),
    'too long': () => new Uint8Array(6_000_000).fill(32),
  };
  for (const [damage, apply] of Object.entries(DAMAGES)) {
    test(`every file ${damage}, one at a time and all together`, async () => {
      for (const files of [...FILES.map((file) => [file]), FILES]) {
        const { repository, disk } = await published();
        for (const file of files) {
          const path = `${FOLDER}/${file}`;
          disk.place(path, apply(disk.contentOf(path) ?? new Uint8Array(0)));
        }
        expect((await clientOf(repository, { disk }).target('file'))?.length).toBe(4);
        expectCurrent(disk, repository);
      }
    });
  }

  test('of a file that is longer than its kind may be, not a byte is read', async () => {
    const { repository, disk } = await published();
    for (const file of [...FILES, '2.root.json'])
      disk.place(`${FOLDER}/${file}`, new Uint8Array(6_000_000).fill(32));
    const host = simulatedHost({ disk, versionOf: () => null });
    let read = 0;
    const counting = {
      ...host.disk,
      read(...args: Parameters<typeof host.disk.read>) {
        const count = host.disk.read(...args);
        read += count;
        return count;
      },
    };
    expect((await feedOn({ ...host, disk: counting }, repository).target('file'))?.length).toBe(4);
    expect(read).toBe(0);
  });

  test('every file gone', async () => {
    for (const file of FILES) {
      const { repository, disk } = await published();
      disk.remove(`${FOLDER}/${file}`);
      expect((await clientOf(repository, { disk }).target('file'))?.length).toBe(4);
      expectCurrent(disk, repository);
    }
  });

  test('a bad sector under every file', async () => {
    const { repository, disk } = await published();
    const host = simulatedHost({ disk, versionOf: () => null });
    const bad = {
      ...host.disk,
      read: () => {
        throw systemError('EIO', 'read');
      },
    };
    expect((await feedOn({ ...host, disk: bad }, repository).target('file'))?.length).toBe(4);
    expectCurrent(disk, repository);
  });

  test('a kept root that someone else signed falls back to the compiled-in one', async () => {
    const { repository, disk } = await published();
    const stranger = new Repository();
    stranger.signers.root = [STRANGER];
    stranger.publishRoot();
    disk.place(`${FOLDER}/root.json`, stranger.files.get('2.root.json') ?? new Uint8Array(0));
    await clientOf(repository, { disk }).target('file');
    expectCurrent(disk, repository);
  });

  test('a kept root without a chain from the compiled-in one counts for nothing, one in the middle of it is used', async () => {
    const { repository, disk } = await published();
    // Signed by its own keys alone, as anybody who can write there could put it.
    const stranger = new Repository();
    stranger.roles.root = { keys: [testKey(81), testKey(82)], threshold: 2 };
    for (let version = 2; version <= 5; version++) stranger.publishRoot();
    for (const name of ['root.json', '3.root.json', '5.root.json'])
      disk.place(
        `${FOLDER}/${name}`,
        stranger.files.get(name.replace(/^root/, '5.root')) ?? new Uint8Array(0),
      );
    repository.asked.length = 0;
    await clientOf(repository, { disk }).target('file');
    expectCurrent(disk, repository);
    expect(repository.asked.slice(0, 3)).toEqual(['3.root.json', '4.root.json', '5.root.json']);
    for (const version of [2, 3, 4])
      expect(kept(disk, `${version}.root.json`)).toBe(text(repository, `${version}.root.json`));
  });

  test('a damaged root with nothing compiled in is told, and so is a compiled-in one that is no root', async () => {
    const { repository, disk } = await published();
    disk.place(`${FOLDER}/root.json`, new Uint8Array(3));
    repository.asked.length = 0;
    await refused(
      clientOf(repository, { disk, compiledInRoot: null }).refresh(),
      TrustError,
      /there is no trusted root/,
    );
    await refused(
      clientOf(repository, { disk, compiledInRoot: {} }).refresh(),
      DamagedError,
      /compiled-in root/,
    );
    expect(repository.asked).toEqual([]);
  });

  test('a newer compiled-in root counts more than the kept one: the way out when root keys are lost', async () => {
    const { repository, disk } = await published();
    // A new line of roots that no old key signed: the walk from the kept root ends at it.
    repository.roles.root = { keys: [testKey(71), testKey(72)], threshold: 2 };
    repository.publishRoot();
    repository.publish();
    await refused(clientOf(repository, { disk }).refresh(), TrustError, /wanted 2 valid .*found 0/);
    const compiledInRoot = JSON.parse(text(repository, '5.root.json'));
    await clientOf(repository, { disk, compiledInRoot }).target('file');
    // The next rotation is kept, and then counts more.
    repository.publishRoot();
    await clientOf(repository, { disk, compiledInRoot }).refresh();
    expect(kept(disk, 'root.json')).toBe(text(repository, '6.root.json'));
    repository.asked.length = 0;
    await clientOf(repository, { disk, compiledInRoot }).refresh();
    expect(repository.asked[0]).toBe('7.root.json');
  });

  test('a kept root needs nothing compiled in', async () => {
    const { repository, disk } = await published();
    await clientOf(repository, { disk, compiledInRoot: null }).target('file');
    expectCurrent(disk, repository);
  });
});

describe('faults', () => {
  test('every fault at every effect of a refresh, and a stop at every effect of the next one', async () => {
    const { repository, disk } = await published();
    const old = new Map(FILES.map((file) => [file, kept(disk, file)]));
    const roots = ['2', '3', '4'].map((version) => text(repository, `${version}.root.json`));
    const fresh = new Map([
      ['root.json', roots],
      ['timestamp.json', [text(repository, 'timestamp.json')]],
      ['snapshot.json', [text(repository, '3.snapshot.json')]],
      ['targets.json', [text(repository, '3.targets.json')]],
      ['a.json', [text(repository, '2.a.json')]],
    ]);
    const answer = async (host: Parameters<typeof feedOn>[0]) => {
      expect((await feedOn(host, repository).target('file'))?.length).toBe(4);
    };
    const tally = await exhaust({
      prepare: () => disk.clone(),
      host: { versionOf: () => null },
      work: async (host) => {
        await answer(host).catch((error) => {
          if (!(error instanceof UpdaterError)) throw error;
        });
      },
      recover: answer,
      // Never a file that is neither what it was nor what was published.
      always: (now) => {
        for (const file of FILES) {
          const content = kept(now, file);
          expect(content === old.get(file) || fresh.get(file)?.includes(content ?? '')).toBe(true);
        }
      },
      afterwards: (now) => expectCurrent(now, repository),
    });
    console.log(
      `  ${tally.effects} effects, ${tally.points} faults, ${tally.recoveryPoints} stops in the recoveries`,
    );
    expect(tally.points).toBeGreaterThan(200);
  });

  test('the same on the first contact, with an empty disk', async () => {
    const repository = new Repository();
    repository.publishRoot();
    const answer = async (host: Parameters<typeof feedOn>[0]) => feedOn(host, repository).refresh();
    const tally = await exhaust({
      prepare: () => new SimulatedDisk(),
      host: { versionOf: () => null },
      work: async (host) => {
        await answer(host).catch((error) => {
          if (!(error instanceof UpdaterError)) throw error;
        });
      },
      recover: answer,
      always: () => undefined,
      afterwards: (now) => {
        for (const name of ['2.root.json', 'timestamp.json', '1.snapshot.json', '1.targets.json']) {
          expect(kept(now, name.replace(/^\d\./, ''))).toBe(text(repository, name));
        }
      },
    });
    console.log(
      `  ${tally.effects} effects, ${tally.points} faults, ${tally.recoveryPoints} stops in the recoveries`,
    );
    expect(tally.points).toBeGreaterThan(100);
  });

  test('a full disk is the machine, not a matter of trust', async () => {
    const { repository, disk } = await published();
    const clean = new FaultInjector();
    await feedOn(
      simulatedHost({ disk: disk.clone(), faults: clean, versionOf: () => null }),
      repository,
    ).refresh();
    const faults = new FaultInjector({
      at: clean.seen.indexOf('write'),
      fault: { kind: 'error', code: 'ENOSPC', forGood: true },
    });
    const host = simulatedHost({ disk, faults, versionOf: () => null });
    await refused(feedOn(host, repository).refresh(), MachineError, /root\.json.*no space is left/);
  });
});

function text(repository: Repository, name: string): string {
  return new TextDecoder().decode(repository.files.get(name));
}

describe('two clients on one folder', () => {
  test('the second answers from memory and writes nothing', async () => {
    const { repository, disk } = await published();
    const before = disk.picture();
    const feed = clientOf(repository, { disk, locks: { acquire: () => null } });
    expect((await feed.target('file'))?.length).toBe(4);
    expect(disk.picture()).toEqual(before);
  });

  test('two questions at once to one feed are answered in turn, from one refresh, and all is kept', async () => {
    const { repository, disk } = await published();
    repository.asked.length = 0;
    const feed = clientOf(repository, { disk });
    const answers = await Promise.all([feed.target('file'), feed.target('other'), feed.target('file')]);
    expect(answers.map((answer) => answer?.length)).toEqual([4, undefined, 4]);
    expect(repository.asked.filter((name) => name === 'timestamp.json')).toHaveLength(1);
    expectCurrent(disk, repository);
  });

  test('a question that fails does not stop the next one', async () => {
    const { repository, disk } = await published();
    const feed = clientOf(repository, { disk });
    const failed = feed.target('../file');
    const answered = feed.target('file');
    await refused(failed, TrustError, /plain names/);
    expect((await answered)?.length).toBe(4);
  });

  test('both at once, at every interleaving of their downloads', async () => {
    for (let steps = 0; steps < 10; steps++) {
      const { repository, disk } = await published();
      let held = false;
      const locks = {
        acquire: () => {
          if (held) return null;
          held = true;
          return {
            release: () => {
              held = false;
            },
          };
        },
      };
      const first = clientOf(repository, { disk, locks }).target('file');
      for (let step = 0; step < steps; step++) await Promise.resolve();
      const second = clientOf(repository, { disk, locks }).target('file');
      expect((await first)?.length).toBe(4);
      expect((await second)?.length).toBe(4);
      expect(held).toBe(false);
      expectCurrent(disk, repository);
    }
  });
});
