/** What comes out of a file of the store is bounded before memory is taken for it. */
import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import fs from 'node:fs';
import { join } from 'node:path';
import { DamagedError } from '../../../lib/errors.ts';
import { planRestore, type Snapshot } from '../../../lib/snapshot/index.ts';
import { BLOCK, MAX_TREE } from '../../../lib/snapshot/store/tree.ts';
import { openWorkshop, type Workshop } from '../workshop.ts';

/** Bytes that come out of each bomb. */
const BLAST = 1 << 30;
const RUN = 128 << 10;

interface Frame {
  /** What the frame says that comes out of it; null: nothing. */
  says: number | null;
  /** What comes out of it: `x`, again and again. */
  holds: number;
}

/** A zstd frame (RFC 8878, section 3.1.1) of runs: four bytes for 128 KiB. */
function bomb({ says, holds }: Frame): Buffer {
  const head = Buffer.alloc(says === null ? 6 : 14);
  head.writeUInt32LE(0xfd2fb528);
  // An eight-byte content size, or none; a window of 2^20 bytes.
  head.writeUInt8(says === null ? 0 : 0xc0, 4);
  head.writeUInt8((20 - 10) << 3, 5);
  if (says !== null) head.writeBigUInt64LE(BigInt(says), 6);
  const count = holds / RUN;
  const runs = Buffer.alloc(4 * count);
  for (let index = 0; index < count; index++) {
    const last = index === count - 1 ? 1 : 0;
    runs.writeUIntLE(last | (1 << 1) | (RUN << 3), 4 * index, 3);
    runs.write('x', 4 * index + 3);
  }
  return Buffer.concat([head, runs]);
}

let workshop: Workshop;
let snapshot: Snapshot;

beforeEach(async () => {
  workshop = openWorkshop();
  fs.writeFileSync(join(workshop.root('data'), 'file'), 'x'.repeat(BLOCK));
  snapshot = await workshop.take();
});
afterEach(() => workshop.remove());

/** The most memory that this process ever took, in bytes. */
const peak = () => process.resourceUsage().maxRSS * 1024;

async function refusedCheaply(work: () => unknown): Promise<string> {
  const before = peak();
  let failure: unknown;
  try {
    await work();
  } catch (error) {
    failure = error;
  }
  expect(failure).toBeInstanceOf(DamagedError);
  expect(peak() - before).toBeLessThan(64 << 20);
  return String(failure);
}

test('the bomb is one: zstd itself takes it', () => {
  expect(Bun.zstdDecompressSync(bomb({ says: 4 * RUN, holds: 4 * RUN })).length).toBe(4 * RUN);
  expect(Bun.zstdDecompressSync(bomb({ says: null, holds: 4 * RUN })).length).toBe(4 * RUN);
});

describe('a tree', () => {
  function inTree(frame: Frame): () => unknown {
    const name = '7'.repeat(64);
    const bytes = bomb(frame);
    expect(bytes.length).toBeLessThan(40_000);
    fs.writeFileSync(join(workshop.layout.trees, name), bytes);
    const { data } = snapshot.components;
    const roots = data.roots.map((root) => ({ ...root, tree: name }));
    const components = { ...snapshot.components, data: { ...data, roots } };
    return () => planRestore(workshop.request({ ...snapshot, components }));
  }

  test('that says how much it is', async () => {
    const message = await refusedCheaply(inTree({ says: BLAST, holds: BLAST }));
    expect(message).toContain(`it holds ${BLAST} bytes, at most ${MAX_TREE} are possible`);
  });

  test('that does not say it', async () => {
    expect(await refusedCheaply(inTree({ says: null, holds: BLAST }))).toContain('it does not say its size');
  });

  test('that says less than it is', async () => {
    await refusedCheaply(inTree({ says: 1000, holds: BLAST }));
  });
});

describe('a block of a pack', () => {
  /** The only pack, with this frame in the place of the block. */
  function inPack(frame: Frame, raw = BLOCK): () => unknown {
    const [name = ''] = fs.readdirSync(workshop.layout.packs);
    const path = join(workshop.layout.packs, name);
    const pack = fs.readFileSync(path);
    const trailer = pack.subarray(pack.length - 44);
    const table = pack.subarray(pack.length - 44 - 48 * trailer.readUInt32LE(32), pack.length - 44);
    expect(table.length).toBe(48);
    const bytes = bomb(frame);
    table.writeUInt32LE(8, 32);
    table.writeUInt32LE(bytes.length, 36);
    table.writeUInt32LE(raw, 40);
    table.writeUInt32LE(1, 44);
    trailer.set(new Bun.CryptoHasher('sha256').update(table).digest());
    fs.writeFileSync(path, Buffer.concat([pack.subarray(0, 8), bytes, table, trailer]));
    fs.rmSync(join(workshop.root('data'), 'file'));
    return () => workshop.restore(snapshot);
  }

  test('that says how much it is', async () => {
    expect(await refusedCheaply(inPack({ says: BLAST, holds: BLAST }))).toContain(
      `at most ${BLOCK} are possible`,
    );
  });

  test('that does not say it', async () => {
    expect(await refusedCheaply(inPack({ says: null, holds: BLAST }))).toContain('it does not say its size');
  });

  test('that says less than it is', async () => {
    await refusedCheaply(inPack({ says: BLOCK, holds: BLAST }));
  });

  test('that is another block than its name says', async () => {
    const other = openWorkshop();
    try {
      const file = join(other.root('data'), 'file');
      fs.writeFileSync(file, 'y'.repeat(BLOCK));
      const taken = await other.take();
      const [name = ''] = fs.readdirSync(other.layout.packs);
      const [mine = ''] = fs.readdirSync(workshop.layout.packs);
      const path = join(other.layout.packs, name);
      const [theirs, ours] = [fs.readFileSync(path), fs.readFileSync(join(workshop.layout.packs, mine))];
      // The block of the other store, under the name that this one has for its own.
      const tableAt = ours.length - 44 - 48;
      theirs.copy(ours, tableAt, theirs.length - 44 - 48, theirs.length - 44 - 48 + 32);
      ours.set(
        new Bun.CryptoHasher('sha256').update(ours.subarray(tableAt, tableAt + 48)).digest(),
        ours.length - 44,
      );
      fs.writeFileSync(path, ours);
      fs.rmSync(file);
      await expect(other.restore(taken)).rejects.toThrow('has SHA-256');
    } finally {
      other.remove();
    }
  });

  test('whose list was changed', async () => {
    const [name = ''] = fs.readdirSync(workshop.layout.packs);
    const path = join(workshop.layout.packs, name);
    const pack = fs.readFileSync(path);
    // The last byte of the list is of the field that says whether the block is compressed.
    const at = pack.length - 44 - 1;
    pack.writeUInt8(pack.readUInt8(at) ^ 1, at);
    fs.writeFileSync(path, pack);
    fs.rmSync(join(workshop.root('data'), 'file'));
    expect(await refusedCheaply(() => workshop.restore(snapshot))).toContain(
      'the list of its blocks has SHA-256',
    );
  });

  test('that the list of the pack says is more than a block', async () => {
    await refusedCheaply(inPack({ says: BLAST, holds: BLAST }, BLAST));
  });
});
