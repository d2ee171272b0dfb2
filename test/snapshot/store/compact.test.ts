/** Executables that are stored as patches: what becomes one, what is read through them, and what is kept for them. */
import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import fs from 'node:fs';
import { join } from 'node:path';
import { InterruptedError } from '../../../lib/errors.ts';
import { ANY_SIZE, digestBytes, digestFile, readSource } from '../../../lib/platform/files.ts';
import {
  binaryPath,
  bytesToCompact,
  canCompact,
  compactBinaries,
  openBinary,
  prune,
  type Snapshot,
} from '../../../lib/snapshot/index.ts';
import { usageOf } from '../../../lib/snapshot/store/usage.ts';
import { codeLike, randomBytes } from '../../delta/pairs.ts';
import { dice, openWorkshop, type Workshop } from '../workshop.ts';

let workshop: Workshop;

beforeEach(() => {
  workshop = openWorkshop();
});

afterEach(() => workshop.remove());

const OPTIONS = { worth: 0 };
const SIZE = 60_000;

/** Versions of one program: each has something of its own. */
function version(number: number): Uint8Array {
  const own = randomBytes(300, number + 1);
  return Uint8Array.from(Buffer.concat([codeLike(SIZE, 3, number), own, codeLike(SIZE, 4)]));
}

async function take(binary: Uint8Array, installId = 'an-install'): Promise<Snapshot> {
  fs.writeFileSync(workshop.binary, binary);
  return workshop.take({ installId });
}

const compact = () => compactBinaries(workshop.host, workshop.layout, OPTIONS);
const wholes = () => fs.readdirSync(workshop.layout.binaries).sort();
const inverses = () => fs.readdirSync(workshop.layout.inverses).sort();
const nameOf = (binary: Uint8Array) => digestBytes(binary).sha256;

async function read(binary: Uint8Array): Promise<void> {
  const source = await openBinary(workshop.host.disk, workshop.layout, nameOf(binary));
  try {
    expect(Buffer.compare(readSource(source), binary)).toBe(0);
  } finally {
    source.close();
  }
}

describe('storing older executables as patches', () => {
  test('five take little more than one, and all are as they were', async () => {
    const versions = [1, 2, 3, 4, 5].map(version);
    for (const one of versions) await take(one);
    expect(canCompact(workshop.host.disk, workshop.layout, OPTIONS)).toBe(true);
    expect(canCompact(workshop.host.disk, workshop.layout)).toBe(false);
    expect(await compact()).toBeGreaterThan(3 * SIZE);
    expect(canCompact(workshop.host.disk, workshop.layout, OPTIONS)).toBe(false);
    expect(wholes()).toEqual([nameOf(version(5))]);
    expect(inverses()).toHaveLength(4);
    for (const one of versions) await read(one);
    expect(await workshop.problems()).toEqual([]);
    const documents = workshop.snapshots();
    expect(documents.map(({ schema }) => schema)).toEqual([3, 3, 3, 3, 2]);
    const usage = usageOf(workshop.host, workshop.layout, documents);
    const [oldest, newest] = [documents[0]?.id ?? '', documents[4]?.id ?? ''];
    const first = join(workshop.layout.inverses, `${nameOf(version(1))}.from.${nameOf(version(2))}`);
    expect(usage.get(oldest)?.own).toBe(fs.statSync(first).size);
    expect(usage.get(newest)?.shared).toBeGreaterThanOrEqual(version(5).length);
  });

  test('it says how far it is, and can be stopped between two pieces of work', async () => {
    for (const number of [1, 2, 3]) await take(version(number));
    const { host, layout } = workshop;
    const expected = bytesToCompact(host.disk, layout, OPTIONS);
    expect(expected).toBe(3 * (version(1).length + version(2).length));
    for (let stop = 1; stop <= 3; stop++) {
      let left = stop;
      const checkpoint = () => {
        if (--left === 0) throw new InterruptedError('enough');
      };
      await expect(compactBinaries(host, layout, { ...OPTIONS, checkpoint })).rejects.toThrow('enough');
      for (const number of [1, 2, 3]) await read(version(number));
      expect(await workshop.problems()).toEqual([]);
    }
    let bytes = 0;
    const onRead = (more: number) => {
      bytes += more;
    };
    await compactBinaries(host, layout, { ...OPTIONS, onRead });
    expect(inverses()).toHaveLength(2);
    // A piece that is digested counts as a whole one.
    expect(bytes).toBeGreaterThan(expected / 2);
  });

  test('a patch that is not small is not made, and not tried again', async () => {
    await take(randomBytes(SIZE, 1));
    await take(randomBytes(SIZE, 2));
    expect(await compact()).toBe(0);
    expect(wholes()).toHaveLength(2);
    expect(inverses()).toEqual([]);
    expect(canCompact(workshop.host.disk, workshop.layout, OPTIONS)).toBe(false);
  });

  test('the newest one of each installation stays whole', async () => {
    await take(version(1));
    await take(version(2));
    await take(version(1), 'another-install');
    await take(version(3));
    await compact();
    expect(wholes()).toEqual([nameOf(version(1)), nameOf(version(3))].sort());
  });

  test('one that is a second name of the kept one stays whole', async () => {
    await take(version(1));
    await take(version(2));
    fs.linkSync(binaryPath(workshop.layout, nameOf(version(1))), join(workshop.home, 'kept'));
    expect(await compact()).toBe(0);
    expect(wholes()).toHaveLength(2);
  });

  test('none is read through more than eight patches', async () => {
    for (let number = 1; number <= 11; number++) await take(version(number));
    await compact();
    expect(inverses()).toHaveLength(9);
    expect(wholes()).toHaveLength(2);
    for (let number = 1; number <= 11; number++) await read(version(number));
  });

  test('nothing is done while a document can not be read', async () => {
    await take(version(1));
    await take(version(2));
    const { id } = await take(version(3));
    fs.writeFileSync(join(workshop.layout.documents, `${id}.json`), 'damaged');
    expect(await compact()).toBe(0);
    expect(wholes()).toHaveLength(3);
  });

  test('a patch under the name of another is refused', async () => {
    for (const number of [1, 2, 3]) await take(version(number));
    await compact();
    const patch = (number: number) =>
      join(workshop.layout.inverses, `${nameOf(version(number))}.from.${nameOf(version(number + 1))}`);
    fs.copyFileSync(patch(2), patch(1));
    const opened = openBinary(workshop.host.disk, workshop.layout, nameOf(version(1)));
    await expect(opened).rejects.toThrow('it is a patch for other files');
  });

  test('a damaged executable is neither replaced nor built upon', async () => {
    await take(version(1));
    await take(version(2));
    await take(version(3));
    fs.appendFileSync(binaryPath(workshop.layout, nameOf(version(2))), 'x');
    expect(await compact()).toBe(0);
    expect(wholes()).toHaveLength(3);
    expect(inverses()).toEqual([]);
  });

  test('going back and forth leaves no two that are read through each other', async () => {
    await take(version(1));
    await take(version(2));
    await compact();
    await take(version(1));
    await take(version(3));
    await compact();
    for (const number of [1, 2, 3]) await read(version(number));
    await take(version(2));
    await take(version(1));
    await compact();
    for (const number of [1, 2, 3]) await read(version(number));
    expect(await workshop.problems()).toEqual([]);
  });
});

describe('what is kept', () => {
  test('a pinned snapshot keeps what it is read through', async () => {
    const { id } = await take(version(1));
    fs.writeFileSync(join(workshop.layout.documents, `${id}.pin`), '');
    for (const number of [2, 3, 4]) await take(version(number));
    await compact();
    await workshop.prune(1);
    expect(workshop.snapshots()).toHaveLength(2);
    await read(version(1));
    expect(await workshop.problems()).toEqual([]);
  });

  test('a patch that nothing needs any more is removed', async () => {
    for (const number of [1, 2, 3]) await take(version(number));
    await compact();
    await workshop.prune(2);
    expect(inverses()).toEqual([`${nameOf(version(2))}.from.${nameOf(version(3))}`]);
  });

  test('a damaged patch is found, and so is a damaged executable below it', async () => {
    for (const number of [1, 2, 3]) await take(version(number));
    await compact();
    const [first = ''] = inverses();
    const path = join(workshop.layout.inverses, first);
    const bytes = fs.readFileSync(path);
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
    fs.writeFileSync(path, bytes);
    expect((await workshop.problems()).length).toBeGreaterThan(0);
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
    fs.writeFileSync(path, bytes);
    expect(await workshop.problems()).toEqual([]);
    fs.writeFileSync(binaryPath(workshop.layout, nameOf(version(3))), version(4));
    expect(await workshop.problems()).toHaveLength(3);
    await prune(workshop.host, {
      ...{ layout: workshop.layout, installId: 'an-install', keep: 5, needed: new Set<string>() },
    });
    expect(inverses()).toHaveLength(2);
  });
});

const seed = Number(process.env.DGMO_SEED ?? Date.now() % 1_000_000);

test(`random histories (DGMO_SEED=${seed})`, async () => {
  for (let round = 0; round < 6; round++) {
    const roll = dice(seed + round);
    for (let step = 0; step < 14; step++) {
      const how = roll(6);
      if (how < 3) await take(version(1 + roll(6)), roll(4) === 0 ? 'another-install' : 'an-install');
      else if (how === 3) await workshop.prune(1 + roll(4));
      else await compact();
      for (const { components } of workshop.snapshots()) {
        const { checksum = '' } = components.binary ?? {};
        const source = await openBinary(workshop.host.disk, workshop.layout, checksum);
        expect(digestBytes(readSource(source)).sha256).toBe(checksum);
        source.close();
      }
    }
    expect(await workshop.problems()).toEqual([]);
  }
}, 600_000);

test('the executable that is installed is what it was', async () => {
  await take(version(1));
  await take(version(2));
  await compact();
  expect(digestFile(workshop.host.disk, workshop.binary, ANY_SIZE)?.sha256).toBe(nameOf(version(2)));
});
