/**
 * Patterns that change between snapshots, against a model: a restore brings back what the snapshot has, leaves alone what
 * was left out then or is left out now, and removes the rest; and the snapshot that is taken before it takes it all back.
 */
import { describe, expect, test } from 'bun:test';
import fs from 'node:fs';
import { dirname, join } from 'node:path';
import { MachineError } from '../../lib/errors.ts';
import { encodeSealed } from '../../lib/format/sealed-json.ts';
import {
  carryOut,
  documentPath,
  FOLDER_COMPONENTS,
  findLoss,
  loadSnapshot,
  type ProfileSettings,
  planRestore,
  prepare,
  type Snapshot,
  verifyRestored,
} from '../../lib/snapshot/index.ts';
import { DEFAULT_EXCLUDES, excluder } from '../../lib/snapshot/patterns.ts';
import { dice, openWorkshop, type Workshop } from './workshop.ts';

const seed = Number(process.env.DGMO_SEED ?? Date.now() % 1_000_000);
const MILLISECONDS = 6000;
const NAMES = ['a', 'b', 'c.log', 'cache', 'deep'];
const PATTERNS = ['a', 'b/', '*', 'deep/', 'a/b', '/b', 'deep/a', 'cache', '**/c.log', 'b'];
const INCLUDES = ['a', 'c.log', 'cache/', 'deep/*'];

type Dice = ReturnType<typeof dice>;
/** What stands in a folder: the content of each file, FOLDER for a folder. */
type Entries = Map<string, string>;
const FOLDER = '(folder)';

/** What a snapshot is, as far as the model goes. */
interface Held {
  snapshot: Snapshot;
  entries: Entries;
  settings: ProfileSettings;
  /** Paths that the change, which it was taken before, brought. */
  brought: ReadonlySet<string>;
}

test(
  `nothing is lost by patterns that change (DGMO_SEED=${seed})`,
  async () => {
    const until = Date.now() + MILLISECONDS;
    let rounds = 0;
    let restores = 0;
    for (; Date.now() < until || rounds < 5; rounds++) restores += await round(dice(seed + rounds));
    console.log(`    ${rounds} rounds with ${restores} restores from seed ${seed}`);
    expect(restores).toBeGreaterThan(0);
  },
  MILLISECONDS * 20,
);

async function round(roll: Dice): Promise<number> {
  const first = openWorkshop();
  const root = first.root('data');
  const held: Held[] = [];
  let restores = 0;
  try {
    for (let step = 0; step < 12; step++) {
      const settings = randomSettings(roll);
      const workshop = openWorkshop({ home: first.home, settings });
      for (let change = roll(6); change > 0; change--) mutate(root, roll);
      const one = roll(2) === 0 ? held.at(-1) : held[roll(held.length || 1)];
      if (one === undefined || roll(2) === 0) held.push(await taken(workshop, root, settings, roll(4) === 0));
      else restores += await thereAndBack(workshop, root, { one, settings, held, roll });
    }
    return restores;
  } finally {
    first.remove();
  }
}

interface Trial {
  one: Held;
  settings: ProfileSettings;
  held: Held[];
  roll: Dice;
}

/** To the snapshot, and half of the times back again, perhaps with other patterns by then. */
async function thereAndBack(
  workshop: Workshop,
  root: string,
  { one, settings, held, roll }: Trial,
): Promise<number> {
  const stood = entriesIn(root);
  const before = await taken(workshop, root, settings, false, one);
  if (!(await restored(workshop, before.snapshot, one.snapshot))) {
    expect(entriesIn(root)).toEqual(stood);
    return 0;
  }
  expect(entriesIn(root)).toEqual(expected(stood, one, settings));
  if (roll(2) === 0) {
    held.push(before);
    return 1;
  }
  const later = openWorkshop({ home: workshop.home, settings: randomSettings(roll) });
  expect(await restored(later, null, before.snapshot)).toBe(true);
  expect(entriesIn(root)).toEqual(stood);
  return 2;
}

/** False if the plan says that something is in the way. */
async function restored(workshop: Workshop, before: Snapshot | null, snapshot: Snapshot): Promise<boolean> {
  const { host, layout } = workshop;
  const request = workshop.request(snapshot, ['data']);
  let plan: ReturnType<typeof planRestore>;
  try {
    plan = planRestore(request);
  } catch (error) {
    if (error instanceof MachineError) return false;
    throw error;
  }
  if (before !== null) expect(findLoss(host.disk, layout, before, plan)).toBeNull();
  await prepare(request, plan);
  carryOut(request, plan);
  verifyRestored(request, plan);
  verifyRestored(request);
  return true;
}

function expected(stood: Entries, one: Held, now: ProfileSettings): Entries {
  const { entries, settings: then, brought, snapshot } = one;
  // Schema 1 does not tell the patterns: the usual ones are assumed.
  const wasOut = leftOut(snapshot.schema === 1 ? {} : then);
  const isOut = leftOut(now);
  const after = new Map(entries);
  for (const [path, what] of stood) {
    if (entries.has(path) || brought.has(path) || !(wasOut(path, what) || isOut(path, what))) continue;
    after.set(path, what);
    for (const above of foldersAbove(path)) after.set(above, FOLDER);
  }
  return sorted(after);
}

async function taken(
  workshop: Workshop,
  root: string,
  settings: ProfileSettings,
  old: boolean,
  covered?: Held,
): Promise<Held> {
  const covering = covered && { snapshot: covered.snapshot, components: ['data' as const] };
  const snapshot = await workshop.take(covering === undefined ? {} : { covering });
  const isOut = leftOut(settings);
  const paths = new Set([...(covered?.entries.keys() ?? []), ...(covered?.brought ?? [])]);
  return {
    snapshot: old ? asSchema1(workshop, snapshot) : snapshot,
    entries: new Map([...entriesIn(root)].filter(([path, what]) => !isOut(path, what) || paths.has(path))),
    settings,
    brought: new Set(covered?.entries.keys()),
  };
}

/** The same document as an earlier updater wrote it. */
function asSchema1({ host, layout }: Workshop, { patterns, ...snapshot }: Snapshot): Snapshot {
  expect(patterns).not.toBeNull();
  const components = { ...snapshot.components };
  for (const component of FOLDER_COMPONENTS) {
    const roots = components[component].roots.map(({ apart, next, ...root }) => root);
    Object.assign(components, { [component]: { ...components[component], roots } });
  }
  const bytes = encodeSealed('snapshot', { ...snapshot, schema: 1, components }, 1);
  fs.writeFileSync(documentPath(layout, snapshot.id), bytes);
  const read = loadSnapshot(host.disk, layout, snapshot.id);
  if (read === null) throw new Error('the document is gone');
  return read;
}

function leftOut({ exclude = [], include = [] }: ProfileSettings): (path: string, what: string) => boolean {
  const excluded = excluder([...DEFAULT_EXCLUDES, ...exclude], include);
  return (path, what) =>
    excluded(path, what === FOLDER) || foldersAbove(path).some((folder) => excluded(folder, true));
}

function foldersAbove(path: string): string[] {
  const names = path.split('/').slice(0, -1);
  return names.map((_, index) => names.slice(0, index + 1).join('/'));
}

function randomSettings(roll: Dice): ProfileSettings {
  const some = (all: readonly string[], most: number) =>
    Array.from({ length: roll(most + 1) }, () => all[roll(all.length)] ?? '');
  return { exclude: some(PATTERNS, 2), include: some(INCLUDES, 1) };
}

function mutate(root: string, roll: Dice): void {
  const path = join(root, ...Array.from({ length: 1 + roll(3) }, () => NAMES[roll(NAMES.length)] ?? 'a'));
  try {
    if (roll(4) === 0) {
      fs.rmSync(path, { recursive: true });
      return;
    }
    if (roll(6) === 0) {
      fs.mkdirSync(path, { recursive: true });
      return;
    }
    fs.mkdirSync(dirname(path), { recursive: true });
    fs.writeFileSync(path, `${roll(1000)}`);
  } catch (error) {
    // Something of another kind is there, or nothing.
    if (!/^E(NOENT|NOTDIR|EXIST|ISDIR)$/.test((error as { code?: string }).code ?? '')) throw error;
  }
}

function entriesIn(root: string): Entries {
  const found = fs.readdirSync(root, { recursive: true, withFileTypes: true });
  return sorted(
    found.map((entry) => {
      const path = join(entry.parentPath, entry.name);
      return [path.slice(root.length + 1), entry.isFile() ? fs.readFileSync(path, 'utf8') : FOLDER];
    }),
  );
}

function sorted(entries: Iterable<readonly [string, string]>): Entries {
  return new Map([...entries].sort(([a], [b]) => (a < b ? -1 : 1)));
}

describe('folders that belong to something else', () => {
  test('then: left alone, though they belong to nothing else by now', async () => {
    const home = openWorkshop();
    try {
      const inner = join(home.home, 'data/inner');
      const then = openWorkshop({ home: home.home, settings: { plugins: inner } });
      fs.writeFileSync(join(inner, 'plugin'), 'then');
      const snapshot = await then.take();
      expect(snapshot.components.data.roots[0]?.apart).toEqual(['inner']);
      fs.writeFileSync(join(inner, 'plugin'), 'now');
      fs.writeFileSync(join(inner, 'new'), 'new');
      await home.restore(snapshot, ['data']);
      expect(entriesIn(inner)).toEqual(
        new Map([
          ['new', 'new'],
          ['plugin', 'now'],
        ]),
      );
    } finally {
      home.remove();
    }
  });

  test('a folder that was set to another place since: the snapshot before a restore holds what it replaces', async () => {
    const home = openWorkshop();
    try {
      const root = home.root('data');
      fs.writeFileSync(join(root, 'file'), 'then');
      const snapshot = await home.take();
      fs.writeFileSync(join(root, 'file'), 'now');
      fs.writeFileSync(join(root, 'new'), 'new');
      const moved = openWorkshop({ home: home.home, settings: { data: join(home.home, 'elsewhere') } });
      const { host, layout } = moved;
      const plan = planRestore(moved.request(snapshot, ['data']));
      expect(findLoss(host.disk, layout, await moved.take(), plan)?.path).toStartWith(root);
      const before = await moved.take({ covering: { snapshot, components: ['data'] } });
      expect(findLoss(host.disk, layout, before, plan)).toBeNull();
      await moved.restore(snapshot, ['data']);
      expect(entriesIn(root)).toEqual(new Map([['file', 'then']]));
      await moved.restore(before, ['data']);
      expect(entriesIn(root)).toEqual(
        new Map([
          ['file', 'now'],
          ['new', 'new'],
        ]),
      );
    } finally {
      home.remove();
    }
  });
});
