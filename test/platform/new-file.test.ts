/** A new file reads back as what is on the disk, however large it is and whoever reads it. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Disk, Handle } from '../../lib/platform/disk.ts';
import { CHUNK } from '../../lib/platform/files.ts';
import { nativeDisk } from '../../lib/platform/native-disk.ts';
import { NewFile } from '../../lib/platform/replacement/new-file.ts';
import { digestAhead } from '../../lib/platform/threads/read-ahead.ts';

const LARGE = 64 * CHUNK;
/** Written in pieces that no block is a multiple of. */
const PIECE = 1_000_003;

let folder: string;

beforeAll(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'dgmo-new-file-'));
});

afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

/** A period that no piece is a multiple of. */
const PATTERN = Uint8Array.from({ length: 65_521 }, (_, index) => (index * 31) >> 7);

const content = (size: number): Uint8Array => Buffer.alloc(size, PATTERN);

/** Writes it, and returns what it read back as, and what is on the disk. */
async function written(disk: Disk, bytes: Uint8Array) {
  const file = path.join(folder, 'file');
  fs.rmSync(file, { force: true });
  const made = await NewFile.create(disk, file, 0o600, bytes.length);
  try {
    for (let at = 0; at < bytes.length; at += PIECE) made.write(bytes.subarray(at, at + PIECE));
    const found = await made.readBack();
    expect(await made.readBack()).toBe(found);
    made.flush();
    expect(made.size).toBe(bytes.length);
    return { found, kept: await digestAhead(nativeDisk, file) };
  } finally {
    made.close();
  }
}

/** Real files, by a disk that counts what it is asked for beside. */
function counting(changes: Partial<Disk> = {}) {
  const asked = { followers: 0, closed: 0 };
  const disk: Disk = {
    ...nativeDisk,
    async follow(handle) {
      const follower = await nativeDisk.follow(handle);
      if (follower === null) return null;
      asked.followers++;
      return {
        ...follower,
        close() {
          asked.closed++;
          follower.close();
        },
      };
    },
    ...changes,
  };
  return { disk, asked };
}

test.each([0, 5, CHUNK, 3 * CHUNK + 1])('a small file of %i bytes', async (size) => {
  const { disk, asked } = counting();
  const { found, kept } = await written(disk, content(size));
  expect(found).toEqual(kept as NonNullable<typeof kept>);
  expect(asked).toEqual({ followers: 0, closed: 0 });
});

describe.skipIf(os.availableParallelism() < 2)('by a thread', () => {
  test.each([LARGE, LARGE + 1, LARGE + CHUNK - 1])('a large file of %i bytes', async (size) => {
    const { disk, asked } = counting();
    const { found, kept } = await written(disk, content(size));
    expect(found).toEqual(kept as NonNullable<typeof kept>);
    expect(asked).toEqual({ followers: 1, closed: 1 });
  });

  test('what the drive has made of it is told, not what was written', async () => {
    const bytes = content(LARGE);
    const lying = (handle: Handle, piece: Uint8Array, position: number) => {
      const at = LARGE / 2 - position;
      const wrong = at >= 0 && at < piece.length ? piece.with(at, (piece[at] ?? 0) ^ 1) : piece;
      return nativeDisk.write(handle, wrong, position);
    };
    const good = await written(counting().disk, bytes);
    const { found, kept } = await written(counting({ write: lying }).disk, bytes);
    expect(found).toEqual(kept as NonNullable<typeof kept>);
    expect(found.sha256).not.toBe(good.found.sha256);
  });

  test('what somebody else writes where it has been read is found out', async () => {
    const file = path.join(folder, 'file');
    fs.rmSync(file, { force: true });
    const bytes = content(2 * LARGE);
    const made = await NewFile.create(nativeDisk, file, 0o600, bytes.length);
    for (let at = 0; at < bytes.length; at += PIECE) made.write(bytes.subarray(at, at + PIECE));
    // As long as this takes to read all, the thread has read the first byte.
    await digestAhead(nativeDisk, file);
    const other = fs.openSync(file, 'r+');
    fs.writeSync(other, Uint8Array.of(1), 0, 1, 0);
    fs.closeSync(other);
    const found = await made.readBack();
    made.close();
    expect(found).toEqual((await digestAhead(nativeDisk, file)) as typeof found);
  });

  test('that the system takes away', async () => {
    const follow = async () => ({
      written: () => undefined,
      readBack: async () => null,
      close: () => undefined,
    });
    const { found, kept } = await written(counting({ follow }).disk, content(LARGE));
    expect(found).toEqual(kept as NonNullable<typeof kept>);
  });
});

test('without a thread', async () => {
  const { found, kept } = await written(counting({ follow: async () => null }).disk, content(LARGE));
  expect(found).toEqual(kept as NonNullable<typeof kept>);
});
