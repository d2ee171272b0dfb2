/** Random changes, snapshots, restores and prunes, against what the folders looked like when each snapshot was taken. */
import { expect, test } from 'bun:test';
import fs from 'node:fs';
import { join } from 'node:path';
import { FOLDER_COMPONENTS, type FolderComponent, type Snapshot } from '../../lib/snapshot/index.ts';
import { dice, openWorkshop, picture, roomOf, type Workshop } from './workshop.ts';

const seed = Number(process.env.DGMO_SEED ?? Date.now() % 1_000_000);
const MILLISECONDS = 8000;
const NAMES = ['a', 'b', 'c.txt', 'd-wal', 'd', 'ü', 'a.b', 'deep'];

type Dice = ReturnType<typeof dice>;

test(
  `every restored tree is what it was (DGMO_SEED=${seed})`,
  async () => {
    const until = Date.now() + MILLISECONDS;
    let rounds = 0;
    for (; Date.now() < until || rounds < 3; rounds++) await round(dice(seed + rounds), rounds % 2 === 0);
    console.log(`    ${rounds} rounds from seed ${seed}`);
  },
  MILLISECONDS * 10,
);

interface Held {
  snapshot: Snapshot;
  pictures: Map<FolderComponent, string>;
}

async function round(roll: Dice, recognising: boolean): Promise<void> {
  // Ahead: what was just written is recognised by its status, not read again.
  const workshop = openWorkshop({ ahead: recognising ? 100_000 : 0 });
  const outside = join(workshop.home, 'outside');
  fs.mkdirSync(outside);
  fs.writeFileSync(join(outside, 'file'), 'outside');
  const untouched = picture(outside);
  try {
    let held: Held[] = [];
    for (let step = 0; step < 14; step++) {
      for (let change = roll(12); change > 0; change--) mutate(workshop, roll);
      switch (roll(6)) {
        case 0:
          held = await pruned(workshop, held, roll);
          break;
        case 1:
        case 2:
          await restored(workshop, held, roll);
          break;
        default:
          held.push({ snapshot: await workshop.take(), pictures: pictures(workshop) });
      }
    }
    for (const one of held) await restoreAll(workshop, one);
    await givesBack(workshop);
    expect(picture(outside)).toEqual(untouched);
  } finally {
    unlock(workshop.home);
    workshop.remove();
  }
}

async function restored(workshop: Workshop, held: readonly Held[], roll: Dice): Promise<void> {
  const one = held[roll(held.length || 1)];
  if (one === undefined) return;
  const chosen = FOLDER_COMPONENTS.filter(() => roll(2) === 0);
  const before = pictures(workshop);
  await workshop.restore(one.snapshot, chosen);
  const after = pictures(workshop);
  for (const component of FOLDER_COMPONENTS) {
    const wanted = chosen.includes(component) ? one.pictures : before;
    expect([component, after.get(component)]).toEqual([component, wanted.get(component)]);
  }
}

async function restoreAll(workshop: Workshop, { snapshot, pictures: wanted }: Held): Promise<void> {
  await workshop.restore(snapshot);
  expect(pictures(workshop)).toEqual(wanted);
}

async function pruned(workshop: Workshop, held: Held[], roll: Dice): Promise<Held[]> {
  const keep = roll(4);
  const { removed, unreadable } = await workshop.prune(keep);
  expect(unreadable).toEqual([]);
  const left = held.slice(Math.max(0, held.length - keep));
  expect(removed).toEqual(held.slice(0, held.length - left.length).map(({ snapshot }) => snapshot.id));
  expect(workshop.snapshots().map(({ id }) => id)).toEqual(left.map(({ snapshot }) => snapshot.id));
  expect(await workshop.problems()).toEqual([]);
  return left;
}

/** A store of which all but one was pruned takes about what a new one with that snapshot takes. */
async function givesBack(workshop: Workshop): Promise<void> {
  await workshop.take();
  await workshop.prune(1);
  const room = roomOf(workshop.layout.folder);
  fs.rmSync(workshop.layout.folder, { recursive: true });
  await workshop.take();
  const fresh = roomOf(workshop.layout.folder);
  expect(room).toBeLessThanOrEqual(fresh * 1.34 + 16_384);
}

function pictures(workshop: Workshop): Map<FolderComponent, string> {
  return new Map(
    FOLDER_COMPONENTS.map((component) => {
      const root = workshop.root(component);
      const text = fs.existsSync(root)
        ? [...picture(root)].sort().map(([path, what]) => `${path}: ${what}`)
        : ['(nothing)'];
      return [component, text.join('\n')];
    }),
  );
}

/** One random change of one component. */
function mutate(workshop: Workshop, roll: Dice): void {
  const component = FOLDER_COMPONENTS[roll(FOLDER_COMPONENTS.length)] ?? 'data';
  const root = workshop.root(component);
  if (roll(40) === 0) fs.rmSync(root, { recursive: true, force: true });
  fs.mkdirSync(root, { recursive: true });
  const parts = Array.from({ length: 1 + roll(3) }, () => NAMES[roll(NAMES.length)] ?? 'a');
  const path = join(root, ...parts);
  try {
    if (leadsOut(root, parts.slice(0, -1))) return;
    CHANGES[roll(CHANGES.length)]?.(path, root, roll);
  } catch (error) {
    // Something of another kind stands there, or nothing: then this change is none.
    if (
      !/^E(NOENT|NOTDIR|EXIST|ISDIR|NOTEMPTY|LOOP|INVAL|PERM)$/.test((error as { code?: string }).code ?? '')
    )
      throw error;
  }
}

/** Those of a file or folder itself are for `itself`: none may write through a symlink. */
const CHANGES: ((path: string, root: string, roll: Dice) => void)[] = [
  create,
  create,
  (path, _, roll) => fs.appendFileSync(itself(path), bytes(roll)),
  (path, _, roll) => fs.truncateSync(itself(path), roll(1000)),
  (path, root, roll) => fs.renameSync(path, join(root, NAMES[roll(NAMES.length)] ?? 'a')),
  remove,
  rewrite,
  rewrite,
  (path, _, roll) => fs.chmodSync(itself(path), isFolder(path) ? folderMode(roll) : roll(0o1000) | 0o400),
  (path) => fs.mkdirSync(itself(path), { recursive: true }),
  link,
  (path, root, roll) => replace(path, root, roll, link),
  (path, root, roll) => replace(path, root, roll, create),
  (path, root, roll) => replace(path, root, roll, (again) => fs.mkdirSync(again)),
  (path, _, roll) => fs.lutimesSync(path, roll(2 ** 31) / 7, 1e9 + roll(2 ** 31) / 3),
];

function create(path: string, _: string, roll: Dice): void {
  fs.mkdirSync(join(path, '..'), { recursive: true });
  fs.writeFileSync(itself(path), bytes(roll));
}

/** Other content, and the same size. */
function rewrite(path: string, _: string, roll: Dice): void {
  fs.writeFileSync(itself(path), Buffer.alloc(fs.statSync(path).size, String(roll(10))));
}

function remove(path: string): void {
  fs.rmSync(path, { recursive: true });
}

function link(path: string, root: string, roll: Dice): void {
  const outside = join(root, '../outside');
  fs.symlinkSync(['nowhere', join(outside, 'file'), outside, '../outside', '.', 'b'][roll(6)] ?? '', path);
}

function replace(path: string, root: string, roll: Dice, put: (typeof CHANGES)[number]): void {
  remove(path);
  put(path, root, roll);
}

function folderMode(roll: Dice): number {
  return [0o700, 0o755, 0o555][roll(3)] ?? 0;
}

/** Throws where it is a symlink: what that leads to is not ours to change. */
function itself(path: string): string {
  if (isLink(path)) throw Object.assign(new Error('a symlink'), { code: 'ELOOP' });
  return path;
}

function leadsOut(root: string, parts: readonly string[]): boolean {
  return parts.some((_, index) => isLink(join(root, ...parts.slice(0, index + 1))));
}

function isLink(path: string): boolean {
  return fs.lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true;
}

function isFolder(path: string): boolean {
  return fs.lstatSync(path).isDirectory();
}

function bytes(roll: Dice): Buffer {
  const size = [0, 1, roll(300), roll(5000), roll(1_400_000)][roll(5)] ?? 0;
  const block = Buffer.from(Array.from({ length: Math.min(size, 256) }, () => roll(256)));
  return Buffer.alloc(size, block.length === 0 ? 'x' : block);
}

/** Else a folder without the right to write could not be removed. */
function unlock(folder: string): void {
  for (const entry of fs.readdirSync(folder, { withFileTypes: true })) {
    if (!entry.isDirectory()) continue;
    fs.chmodSync(join(folder, entry.name), 0o700);
    unlock(join(folder, entry.name));
  }
}
