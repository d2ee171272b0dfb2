/** Reading ahead: every byte once and in order, whatever the threads do. */
import { expect, test } from 'bun:test';
import { CHUNK, digestBytes } from '../../lib/platform/files.ts';
import { nativeDisk } from '../../lib/platform/native-disk.ts';
import { digestAhead, readAhead } from '../../lib/platform/threads/read-ahead.ts';
import { SimulatedDisk, systemError } from '../host/disk.ts';

const pattern = (size: number) => Uint8Array.from({ length: size }, (_, index) => (index * 31) >> 3);

function diskWith(bytes: Uint8Array): SimulatedDisk {
  const disk = new SimulatedDisk();
  disk.place('/file', bytes);
  return disk;
}

async function expectWhole(disk: SimulatedDisk, bytes: Uint8Array): Promise<void> {
  const pieces: number[] = [];
  const digest = await digestAhead(disk, '/file', (piece) => void pieces.push(piece.length));
  expect(digest).toMatchObject({ ...digestBytes(bytes) });
  expect(pieces.slice(0, -1).every((length) => length === CHUNK)).toBe(true);
  expect(disk.openHandles()).toBe(0);
}

test.each([0, 5, CHUNK, CHUNK + 1, 3 * CHUNK, 5 * CHUNK - 1])('a file of %i bytes', async (size) => {
  const bytes = pattern(size);
  await expectWhole(diskWith(bytes), bytes);
});

test('reads that return fewer bytes, and in another order', async () => {
  const bytes = pattern(4 * CHUNK + 3);
  const disk = diskWith(bytes);
  let turn = 0;
  disk.readMeanwhile = async (handle, into, position) => {
    for (let wait = 3 - (turn++ % 3); wait > 0; wait--) await new Promise(setImmediate);
    return disk.read(handle, into.subarray(0, Math.ceil(into.length / 3)), position);
  };
  await expectWhole(disk, bytes);
});

test.each([0, 1, 4])(
  'a system that gives no thread after %i reads, and one that comes late',
  async (given) => {
    const bytes = pattern(5 * CHUNK + 9);
    const disk = diskWith(bytes);
    let reads = 0;
    const late: Uint8Array[] = [];
    disk.readMeanwhile = async (handle, into, position) => {
      if (reads++ < given) return disk.read(handle, into, position);
      late.push(into);
      return null;
    };
    const read = disk.read.bind(disk);
    disk.read = (...wanted) => {
      for (const buffer of late) buffer.fill(0xff);
      return read(...wanted);
    };
    await expectWhole(disk, bytes);
    expect(late.length).toBeGreaterThan(0);
  },
);

test('no file, and a read that fails', async () => {
  const disk = diskWith(pattern(4 * CHUNK));
  expect(await readAhead(disk, '/missing', () => undefined)).toBeNull();
  let reads = 0;
  disk.readMeanwhile = async (handle, into, position) => {
    if (++reads === 3) throw systemError('EIO', 'read');
    return disk.read(handle, into, position);
  };
  const pieces: number[] = [];
  await expect(readAhead(disk, '/file', ({ length }) => void pieces.push(length))).rejects.toThrow('EIO');
  expect(pieces).toEqual([CHUNK, CHUNK]);
  expect(disk.openHandles()).toBe(0);
});

test('a real file', async () => {
  const file = Bun.file(import.meta.path);
  expect(await digestAhead(nativeDisk, import.meta.path)).toMatchObject({
    ...digestBytes(await file.bytes()),
  });
});
