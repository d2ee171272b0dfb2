/** Every kind of file in the store damaged in every way: found, named, refused before anything is touched, and healed. */
import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import fs from 'node:fs';
import { join } from 'node:path';
import { DamagedError } from '../../../lib/errors.ts';
import {
  binaryPath,
  documentPath,
  listSnapshots,
  loadSnapshot,
  planRestore,
  prepare,
  type Snapshot,
} from '../../../lib/snapshot/index.ts';
import { openWorkshop, picture, type Workshop } from '../workshop.ts';

let workshop: Workshop;
let snapshot: Snapshot;
let before: Map<string, string>;

beforeEach(async () => {
  workshop = openWorkshop({ ahead: 100_000 });
  const root = workshop.root('data');
  fs.writeFileSync(join(root, 'packed'), 'a text that packs well. '.repeat(100));
  fs.writeFileSync(
    join(root, 'raw'),
    Buffer.from(Array.from({ length: 300 }, (_, index) => (index * 7919) & 255)),
  );
  fs.mkdirSync(join(root, 'folder'));
  before = picture(root);
  snapshot = await workshop.take();
});

afterEach(() => workshop.remove());

type Kind = 'document' | 'tree' | 'pack' | 'binary';

function fileOf(kind: Kind): string {
  const { layout } = workshop;
  const only = (folder: string) => join(folder, fs.readdirSync(folder)[0] ?? '');
  switch (kind) {
    case 'document':
      return documentPath(layout, snapshot.id);
    case 'tree':
      return join(layout.trees, snapshot.components.data.roots[0]?.tree ?? '');
    case 'pack':
      return only(layout.packs);
    case 'binary':
      return binaryPath(layout, snapshot.components.binary?.checksum ?? '');
  }
}

const DAMAGES: Record<string, (path: string) => void> = {
  'flipped at its beginning': (path) => flip(path, 0),
  'flipped in its middle': (path) => flip(path, fs.statSync(path).size >> 1),
  'flipped at its end': (path) => flip(path, fs.statSync(path).size - 2),
  'cut in half': (path) => fs.truncateSync(path, fs.statSync(path).size >> 1),
  'one byte longer': (path) => fs.appendFileSync(path, '\0'),
  empty: (path) => fs.truncateSync(path, 0),
  missing: (path) => fs.rmSync(path),
};

function flip(path: string, at: number, bit = 4): void {
  const bytes = fs.readFileSync(path);
  bytes[at] = (bytes[at] ?? 0) ^ (1 << bit);
  fs.writeFileSync(path, bytes);
}

function change(): void {
  const root = workshop.root('data');
  for (const name of ['packed', 'raw']) fs.writeFileSync(join(root, name), 'changed');
}

/** As far as what would be touched first. */
async function restoreFails(): Promise<string> {
  const there = picture(workshop.root('data'));
  try {
    const request = workshop.request(snapshot);
    await prepare(request, planRestore(request));
  } catch (error) {
    expect(error).toBeInstanceOf(DamagedError);
    for (const [path, what] of there) {
      if (!path.startsWith('.dgmo')) expect(picture(workshop.root('data')).get(path)).toBe(what);
    }
    return (error as Error).message;
  }
  return 'it did not fail';
}

for (const kind of ['tree', 'pack', 'binary', 'document'] as const) {
  describe(`a ${kind}`, () => {
    for (const [how, damage] of Object.entries(DAMAGES)) {
      if (kind === 'document' && how === 'missing') continue;
      test(`${how} is found and named, and the next snapshot stores again what is lost`, async () => {
        const path = fileOf(kind);
        damage(path);
        const problems = (await workshop.problems()).join('\n');
        // Of a missing pack nobody knows the name any more.
        if (kind === 'pack' && how === 'missing') expect(problems).toContain('in none of the packs');
        else expect(problems).toContain(path);

        const next = await workshop.take();
        const sound = loadSnapshot(workshop.host.disk, workshop.layout, next.id);
        change();
        await workshop.restore(sound ?? next);
        expect(picture(workshop.root('data'))).toEqual(before);
        if (kind === 'document') return;
        // It has the same content: what was lost of the first one is there again as well.
        expect(await workshop.problems()).toEqual([]);
        change();
        await workshop.restore(snapshot);
        expect(picture(workshop.root('data'))).toEqual(before);
      });

      if (kind === 'binary' || kind === 'document') continue;
      test(`${how} is refused by a restore, by name, before anything is touched`, async () => {
        const path = fileOf(kind);
        damage(path);
        change();
        const message = await restoreFails();
        if (kind === 'pack' && how === 'missing') expect(message).toContain('in none of the packs');
        else expect(message).toContain(path);
      });
    }
  });
}

test('any bit of any file: found, or of no consequence', async () => {
  const { layout } = workshop;
  const paths = (['document', 'tree', 'pack', 'binary'] as const).map(fileOf);
  let silent = 0;
  for (const path of paths) {
    const size = fs.statSync(path).size;
    const sound = fs.readFileSync(path);
    for (let at = 0; at < size; at += size > 600 ? 3 : 1) {
      flip(path, at, at % 8);
      const problems = await workshop.problems();
      fs.writeFileSync(path, sound);
      for (const name of fs.readdirSync(layout.packs))
        if (name.endsWith('.lost')) fs.rmSync(join(layout.packs, name));
      if (problems.length > 0) {
        expect(problems.join()).toContain(path);
        continue;
      }
      // Some bits of a zstd frame mean nothing: then what comes out is the same, by its digest.
      expect([
        path,
        at,
        path.includes('snapshots/') && !path.includes('trees') && !path.includes('packs'),
      ]).toEqual([path, at, false]);
      silent++;
    }
  }
  expect(silent).toBeLessThan(20);
});

test('what is damaged in the cache, or of the lock, hurts nobody', async () => {
  const { layout } = workshop;
  for (const name of fs.readdirSync(layout.cache)) {
    const tooLarge = (path: string) => fs.truncateSync(path, 1 << 30);
    for (const damage of [...Object.values(DAMAGES), tooLarge]) {
      fs.writeFileSync(join(layout.cache, name), 'some bytes');
      damage(join(layout.cache, name));
      await workshop.take();
    }
  }
  fs.writeFileSync(layout.lock, 'something');
  await workshop.take();
  fs.rmSync(layout.lock);
  await workshop.take();
  expect(await workshop.problems()).toEqual([]);
});

test('two copies of a block, one of them damaged: the other one is read', async () => {
  const pack = fileOf('pack');
  const copy = join(workshop.layout.packs, '0'.repeat(32));
  fs.copyFileSync(pack, copy);
  for (const [damaged, sound] of [
    [pack, copy],
    [copy, pack],
  ] as const) {
    fs.copyFileSync(sound, damaged);
    flip(damaged, 10);
    change();
    await workshop.restore(snapshot);
    expect(picture(workshop.root('data'))).toEqual(before);
    flip(damaged, 10);
  }
});

test('a binary that was recognised so far is read again where somebody has touched it', async () => {
  await workshop.take();
  for (let time = 0; time < 2; time++) {
    flip(fileOf('binary'), 3);
    await workshop.take();
    expect(await workshop.problems()).toEqual([]);
    fs.utimesSync(fileOf('binary'), 1, 1);
    await workshop.take();
  }
});

describe('pruning', () => {
  test('gives nothing back while a tree can not be read, names the snapshot, and goes on when that one is gone', async () => {
    fs.truncateSync(fileOf('tree'), 3);
    change();
    await workshop.take();
    expect(await workshop.prune(5)).toEqual({ removed: [], freed: 0, unreadable: [snapshot.id] });
    const { removed, unreadable, freed } = await workshop.prune(1);
    expect({ removed, unreadable }).toEqual({ removed: [snapshot.id], unreadable: [] });
    expect(freed).toBeGreaterThan(0);
    expect(await workshop.problems()).toEqual([]);
  });

  test('lets a damaged document go once it is older than all that are kept', async () => {
    flip(fileOf('document'), 30);
    await workshop.take();
    expect((await workshop.prune(2)).unreadable).toEqual([snapshot.id]);
    expect((await workshop.prune(1)).removed).toEqual([snapshot.id]);
    expect(await workshop.problems()).toEqual([]);
  });

  test('leaves a pack whose list can not be read as it is, as long as something is missed', async () => {
    const pack = fileOf('pack');
    flip(pack, fs.statSync(pack).size - 50);
    change();
    await workshop.take();
    await workshop.prune(2);
    expect(fs.existsSync(pack)).toBe(true);
    await workshop.prune(1);
    expect(fs.existsSync(pack)).toBe(false);
  });

  test('leaves a damaged pack as it is, and the snapshots that are in others stay sound', async () => {
    const pack = fileOf('pack');
    flip(pack, 40);
    change();
    const next = await workshop.take();
    await workshop.prune(2);
    expect(fs.existsSync(pack)).toBe(true);
    fs.writeFileSync(join(workshop.root('data'), 'packed'), 'changed again');
    await workshop.restore(next);
    expect(fs.readFileSync(join(workshop.root('data'), 'packed'), 'utf8')).toBe('changed');
  });
});

describe('what a newer updater wrote', () => {
  test('a document is said to be that, and never goes by itself', async () => {
    const path = fileOf('document');
    const newer = { ...snapshot, schema: 4 };
    const digest = new Bun.CryptoHasher('sha256').update(JSON.stringify(newer)).digest('hex');
    fs.writeFileSync(path, JSON.stringify({ snapshot: newer, digest }));
    await workshop.take();
    const [first] = listSnapshots(workshop.host.disk, workshop.layout);
    expect(String(first?.found)).toContain('has schema 4, this updater reads schemas 1 to 3');
    expect(await workshop.prune(1)).toEqual({ removed: [], freed: 0, unreadable: [snapshot.id] });
  });

  test('a tree is said to be that', async () => {
    const document = JSON.stringify({ schema: 2, mode: 0o700, entries: [] });
    const name = new Bun.CryptoHasher('sha256').update(document).digest('hex');
    fs.writeFileSync(join(workshop.layout.trees, name), Bun.zstdCompressSync(document));
    const { data } = snapshot.components;
    const roots = data.roots.map((root) => ({ ...root, tree: name }));
    const request = workshop.request({
      ...snapshot,
      components: { ...snapshot.components, data: { ...data, roots } },
    });
    expect(() => planRestore(request)).toThrow(/has schema 2, this updater reads schema 1/);
  });
});

test('a tree that leads out of its folder is refused, whatever it says', () => {
  const file = (path: string) => ['f', path, 0o600, 0, 0, 0, []];
  const folder = (path: string) => ['d', path, 0o700, 0];
  for (const entries of [
    [file('../out')],
    [file('/out')],
    [file('')],
    [file('.')],
    [folder('a'), file('a/..')],
    [folder('a'), file('a//b')],
    [file('a/b')],
    [['l', 'a', '/nonexistent'], file('a/file')],
    [file('a'), file('a/b')],
    [folder('b'), folder('a')],
    [folder('a'), folder('a')],
    [file('a\0')],
    [['f', 'a', 0o600, 0, 1, 0, []]],
    [['f', 'a', 0o10000, 0, 0, 0, []]],
    [['x', 'a']],
  ]) {
    const document = JSON.stringify({ schema: 1, mode: 0o700, entries });
    const name = new Bun.CryptoHasher('sha256').update(document).digest('hex');
    fs.writeFileSync(join(workshop.layout.trees, name), Bun.zstdCompressSync(document));
    const { data } = snapshot.components;
    const roots = data.roots.map((root) => ({ ...root, tree: name }));
    const request = workshop.request({
      ...snapshot,
      components: { ...snapshot.components, data: { ...data, roots } },
    });
    expect(() => planRestore(request)).toThrow(DamagedError);
  }
});
