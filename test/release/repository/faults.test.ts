/**
 * Every command that changes a repository, with every fault at every effect on the disk: killed, the power cut with
 * four outcomes for what was not flushed, and each error that the call can give. Whatever happened, clients see the
 * feed as it was or as it is to be, complete; the same command run again brings it to its end; and a client that
 * looked in between goes on from there.
 */
import { describe, expect, test } from 'bun:test';
import { UpdaterError } from '../../../lib/errors.ts';
import { initialize } from '../../../release/repository/initialize.ts';
import { addRelease } from '../../../release/repository/releases/add-release.ts';
import { revoke, setRollout } from '../../../release/repository/releases/change-listing.ts';
import { prune } from '../../../release/repository/remove-unnamed.ts';
import { refresh } from '../../../release/repository/signing/renew.ts';
import { rotate } from '../../../release/repository/signing/replace-key.ts';
import { LOSSES, type Loss, SimulatedDisk } from '../../host/disk.ts';
import { ERRORS, type Fault, FaultInjector, HARMLESS, Stopped } from '../../host/faults.ts';
import type { SimulatedHost } from '../../host/host.ts';
import { testKey } from '../../trust/keys.ts';
import { noise } from '../run.ts';
import {
  hostOn,
  KEYS,
  look,
  meansOf,
  REPO,
  ROOT,
  requestFor,
  SIGNERS,
  type Sight,
  signersWith,
} from './simulated.ts';

const ONE = noise(1, 4000);
const TWO = changed(ONE, 2);
const INDEXES: [channel: string, target: string][] = [
  ['stable', 'linux-x64'],
  ['stable', 'win32-x64'],
];

function changed(from: Uint8Array, seed: number): Uint8Array {
  const next = from.slice();
  next.set(noise(seed, 40), 100 * seed);
  return next;
}

interface Scenario {
  name: string;
  before(): Promise<SimulatedDisk>;
  work(host: SimulatedHost): Promise<unknown>;
  /** Whether the root changes, which is how clients may see that it is half done. */
  steps?: (sight: Sight) => unknown;
}

async function empty(): Promise<SimulatedDisk> {
  const disk = new SimulatedDisk();
  await initialize(hostOn(disk), REPO, { app: 'dgmo', root: ROOT }, SIGNERS);
  return disk;
}

async function withOne(): Promise<SimulatedDisk> {
  const disk = await empty();
  const request = requestFor(disk, '1.0.0', { 'linux-x64': ONE });
  await addRelease(hostOn(disk), REPO, request, SIGNERS, meansOf(hostOn(disk)));
  return disk;
}

async function withTwo(): Promise<SimulatedDisk> {
  const disk = await withOne();
  const request = requestFor(disk, '1.1.0', { 'linux-x64': TWO, 'win32-x64': TWO }, { rollout: 10 });
  await addRelease(hostOn(disk), REPO, request, SIGNERS, meansOf(hostOn(disk)));
  return disk;
}

/** Little to sign again, for there is much to try. */
async function withPatch(): Promise<SimulatedDisk> {
  const disk = await empty();
  for (const [version, content] of [
    ['1.0.0', ONE],
    ['1.1.0', TWO],
  ] as const) {
    const request = requestFor(disk, version, { 'linux-x64': content });
    await addRelease(hostOn(disk), REPO, request, SIGNERS, meansOf(hostOn(disk)));
  }
  return disk;
}

const releases = (sight: Sight) => sight.releases;

const SCENARIOS: Scenario[] = [
  {
    name: 'add, the first release',
    before: async () => {
      const disk = await empty();
      requestFor(disk, '1.0.0', { 'linux-x64': ONE });
      return disk;
    },
    work: (host) => add(host, '1.0.0', { 'linux-x64': ONE }),
  },
  {
    name: 'add, with a patch and a further target',
    before: async () => {
      const disk = await withOne();
      requestFor(disk, '1.1.0', { 'linux-x64': TWO, 'win32-x64': TWO });
      return disk;
    },
    work: (host) => add(host, '1.1.0', { 'linux-x64': TWO, 'win32-x64': TWO }),
  },
  {
    name: 'rollout',
    before: withTwo,
    work: (host) =>
      setRollout(host, REPO, { version: '1.1.0', percent: 50, channel: 'stable', lower: false }, SIGNERS),
  },
  {
    name: 'revoke',
    before: withTwo,
    work: (host) => revoke(host, REPO, { version: '1.1.0', reason: 'it lost data', channel: null }, SIGNERS),
  },
  {
    name: 'refresh',
    before: withTwo,
    work: (host) => refresh(host, REPO, SIGNERS, { all: true }),
  },
  {
    name: 'prune',
    before: withTwo,
    work: (host) => prune(host, REPO, { keep: { packages: 1, patches: 1 }, grace: 0 }, SIGNERS),
  },
  ...(['root', 'targets', 'snapshot', 'timestamp'] as const).map((role) => ({
    name: `rotate ${role}`,
    before: role === 'targets' ? withPatch : withTwo,
    work: (host: SimulatedHost) => rotateOnce(host, role),
    steps: (sight: Sight) =>
      Object.values(sight.releases).map((list) => list.map(({ version, rollout }) => [version, rollout])),
  })),
  {
    name: 'rotate to two of two snapshot keys',
    before: withTwo,
    work: async (host) => {
      const fresh = testKey(77);
      const change = { role: 'snapshot', replaced: [], added: [fresh], threshold: 2 } as const;
      await rotate(host, REPO, change, signersWith([...KEYS, fresh]));
    },
    steps: (sight: Sight) =>
      Object.values(sight.releases).map((list) => list.map(({ version, rollout }) => [version, rollout])),
  },
];

function add(host: SimulatedHost, version: string, binaries: Record<string, Uint8Array>) {
  const request = requestFor(new SimulatedDisk(), version, binaries);
  return addRelease(host, REPO, request, SIGNERS, meansOf(host));
}

/** Not again when it is done: then it would be another rotation. */
async function rotateOnce(host: SimulatedHost, role: 'root' | 'targets' | 'snapshot' | 'timestamp') {
  const old = { root: 2, targets: 11, snapshot: 21, timestamp: 31 }[role];
  const fresh = testKey(77);
  const signers = signersWith([...KEYS.filter(({ id }) => id !== testKey(old).id), fresh]);
  try {
    await rotate(host, REPO, { role, replaced: [testKey(old).id], added: [fresh] }, signers);
  } catch (error) {
    const done =
      error instanceof Error && error.message.startsWith(`${REPO}: wanted a ${role} key of root version`);
    if (!done) throw error;
  }
}

function faultsOf(name: string): Fault[] {
  const faults: Fault[] = [];
  if (!HARMLESS.has(name)) faults.push({ kind: 'stop' });
  if (name === 'write') faults.push({ kind: 'short' });
  for (const code of (ERRORS[name] ?? []).slice(0, 1)) faults.push({ kind: 'error', code, forGood: true });
  return faults;
}

/** The disk after the work met the fault. An UpdaterError is how it may end, and what the system said. */
async function runWith({ work }: Scenario, start: SimulatedDisk, at: number, fault: Fault) {
  const disk = start.clone();
  const faults = new FaultInjector({ at, fault });
  try {
    await work(hostOn(disk, faults));
  } catch (error) {
    const expected = error instanceof UpdaterError || error instanceof Stopped || hasCode(error);
    if (!expected) throw error;
  }
  return disk;
}

function hasCode(error: unknown): boolean {
  return error instanceof Error && 'code' in error;
}

/** What of the disk clients can see. */
function visible(disk: SimulatedDisk): string {
  return JSON.stringify(
    Object.entries(disk.picture()).filter(([name]) => /^\/repo\/(metadata|targets)\//.test(name)),
  );
}

describe('whatever happens in the middle of', () => {
  for (const scenario of SCENARIOS) {
    test(
      scenario.name,
      async () => {
        const start = await scenario.before();
        const facts = scenario.steps ?? releases;
        const old = facts(await look(start, new SimulatedDisk(), INDEXES));
        const clean = new FaultInjector();
        const finished = start.clone();
        await scenario.work(hostOn(finished, clean));
        const memoryOfOld = new SimulatedDisk();
        await look(start, memoryOfOld, INDEXES);
        const end = facts(await look(finished, memoryOfOld.clone(), INDEXES));

        const looked = new Map<string, Promise<SimulatedDisk>>();
        /** A new client and one from before see the old feed or the new one; what the latter keeps. */
        const check = (disk: SimulatedDisk, where: string): Promise<SimulatedDisk> => {
          const key = visible(disk);
          const before = looked.get(key);
          if (before !== undefined) return before;
          const after = (async () => {
            const memory = memoryOfOld.clone();
            try {
              for (const client of [new SimulatedDisk(), memory]) {
                const seen = facts(await look(disk, client, INDEXES));
                const known = [old, end].some((feed) => sameButDates(feed, seen));
                if (!known) throw new Error(`a feed that is neither: ${JSON.stringify(seen)}`);
              }
            } catch (error) {
              throw new Error(`${where}: ${error instanceof Error ? error.stack : error}`);
            }
            return memory;
          })();
          looked.set(key, after);
          return after;
        };
        const recovered = new Set<string>();
        let points = 0;
        for (const [at, name] of clean.seen.entries()) {
          for (const fault of faultsOf(name)) {
            points++;
            const stopped = await runWith(scenario, start, at, fault);
            const losses: readonly Loss[] = fault.kind === 'stop' ? LOSSES : ['kept', 'lost'];
            for (const loss of losses) {
              const left = stopped.after(loss);
              const where = `${fault.kind} at effect ${at} (${name}), ${loss}`;
              const memory = (await check(left, where)).clone();
              const picture = JSON.stringify([left.picture(), left.durablePicture()]);
              if (recovered.has(picture)) continue;
              recovered.add(picture);
              await scenario.work(hostOn(left));
              try {
                const seen = facts(await look(left, memory, INDEXES));
                if (!sameButDates(seen, end)) throw new Error(`not the new feed: ${JSON.stringify(seen)}`);
              } catch (error) {
                throw new Error(`run again after ${where}: ${error instanceof Error ? error.stack : error}`);
              }
              const rest = Object.keys(left.picture()).filter((path) =>
                /tmp\/.|\.tmp$|products\/.*-[0-9a-f]{64}$/.test(path),
              );
              expect(rest).toEqual([]);
            }
          }
        }
        console.log(`${scenario.name}: ${points} faults, ${looked.size} feeds, ${recovered.size} recoveries`);
        expect(points).toBeGreaterThan(20);
      },
      { timeout: 300_000 },
    );
  }
});

/** Work that was begun anew, because the note of its beginning was lost, bears another date and so other digests. */
function sameButDates(a: unknown, b: unknown): boolean {
  return Bun.deepEquals(withoutDates(a), withoutDates(b));
}

function withoutDates(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (name, item) => (name === 'releaseDate' ? 0 : item)).replaceAll(
      /[0-9a-f]{64}/g,
      '',
    ),
  );
}
