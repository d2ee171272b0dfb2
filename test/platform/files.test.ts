/** Reading, copying and digesting in pieces: every byte once, in order, with only one piece in memory. */
import { describe, expect, test } from 'bun:test';
import { DamagedError } from '../../lib/errors.ts';
import {
  ANY_SIZE,
  CHUNK,
  chunksOf,
  copyAndDigest,
  digestBytes,
  digestFile,
  memorySource,
  openSource,
  RunningDigest,
  readFile,
  type Source,
} from '../../lib/platform/files.ts';
import { SimulatedDisk } from '../host/disk.ts';

const pattern = (size: number) => Uint8Array.from({ length: size }, (_, index) => (index * 31) >> 3);

/** A disk whose reads return fewer bytes than were asked for. */
function shortReads(bytes: Uint8Array): SimulatedDisk {
  const disk = new SimulatedDisk();
  disk.place('/file', bytes);
  const read = disk.read.bind(disk);
  disk.read = (handle, into, position) =>
    read(handle, into.subarray(0, Math.ceil(into.length / 3)), position);
  return disk;
}

describe.each([0, 1, 9, 10, 11, 20, 25])('%i bytes in pieces of 10', (size) => {
  test('are returned once, in order', () => {
    const bytes = pattern(size);
    const pieces: number[][] = [];
    for (const piece of chunksOf(memorySource(bytes), 10)) pieces.push([...piece]);
    expect(pieces.flat()).toEqual([...bytes]);
    expect(pieces.map(({ length }) => length)).toEqual(
      Array.from({ length: Math.ceil(size / 10) }, (_, index) => Math.min(10, size - 10 * index)),
    );
  });
});

test.each([0, 5, CHUNK, CHUNK + 1, 3 * CHUNK - 1])('copied and digested: %i bytes', async (size) => {
  const bytes = pattern(size);
  const copy = new Uint8Array(size);
  const seen: number[] = [];
  let at = 0;
  const digest = await copyAndDigest(memorySource(bytes), {
    write(piece) {
      copy.set(piece, at);
      at += piece.length;
    },
    checkpoint: (done) => void seen.push(done),
  });
  expect(Buffer.compare(copy, bytes)).toBe(0);
  expect(digest).toEqual({ sha256: Bun.SHA256.hash(bytes, 'hex'), size });
  expect(digestBytes(bytes)).toEqual(digest);
  expect(seen.at(-1) ?? 0).toBe(size);
  expect(seen).toHaveLength(Math.ceil(size / CHUNK));
});

test('a checkpoint that throws ends the copy, and nothing more is read', async () => {
  let reads = 0;
  const source: Source = { size: 3 * CHUNK, read: () => void reads++ };
  const copy = copyAndDigest(source, {
    async checkpoint(done) {
      if (done === 2 * CHUNK) throw new Error('stop');
    },
  });
  await expect(copy).rejects.toThrow('stop');
  expect(reads).toBe(2);
});

test('the digest of the pieces is that of the whole', () => {
  const bytes = pattern(1000);
  const digest = new RunningDigest();
  for (const [from, to] of [
    [0, 1],
    [1, 1],
    [1, 400],
    [400, 1000],
  ] as const)
    digest.update(bytes.subarray(from, to));
  expect(digest.digest()).toEqual(digestBytes(bytes));
});

test('reading goes on after a read that returned fewer bytes', () => {
  const bytes = pattern(1000);
  const disk = shortReads(bytes);
  expect(readFile(disk, '/file', 1000)).toEqual(bytes);
  expect(digestFile(disk, '/file', ANY_SIZE)).toEqual(digestBytes(bytes));
  const source = openSource(disk, '/file');
  const part = new Uint8Array(500);
  source.read(250, part);
  expect(part).toEqual(bytes.subarray(250, 750));
  expect(() => source.read(501, part)).toThrow(DamagedError);
  source.close();
});

test('a file that is larger than it may be is refused before it is read', () => {
  const disk = new SimulatedDisk();
  disk.place('/file', pattern(10));
  expect(readFile(disk, '/file', 10)).toEqual(pattern(10));
  disk.read = () => {
    throw new Error('it was read');
  };
  expect(() => readFile(disk, '/file', 9)).toThrow(DamagedError);
  expect(() => readFile(disk, '/file', 9)).toThrow('/file has 10 bytes, at most 9 are possible');
  expect(readFile(disk, '/missing', 9)).toBeNull();
});
