/**
 * Reads a file back and digests it in a thread of its own, right behind the one that writes it, and has the drive begin to write it.
 * SHA-256 of 185 MB takes 130 ms and the flush as long, which pass while the rest of the file is made. In the end it reads all once more for
 * the checksum alone: somebody else may have written where it has read.
 */
import type { Follower, ReadBack } from '../disk.ts';
import { CHUNK } from '../files.ts';
import { beginFlush } from '../posix/early-flush.ts';
import { HelperThread } from './helper-thread.ts';

const SHA256 = 32;
/** Milliseconds after which the thread looks again by itself. */
const PATIENCE = 1000;
/** Bytes that the drive is given at once. */
const GIVEN_AT_ONCE = 1 << 24;

/**
 * `words[0]` is twice the number of whole pieces that are written, and one more when all is; then `words[1]` is the size of the last
 * piece, which is shorter. The checksum is the one of `Checksum` in read-ahead.ts.
 */
const SCRIPT = `
const fs = require('node:fs');
const { parentPort, workerData } = require('node:worker_threads');
const { handle, words, sha256, checksum } = workerData;
const hash = new Bun.CryptoHasher('sha256');
const buffer = new Uint8Array(${CHUNK});
const read = (piece, size) => {
  for (let done = 0; done < size; ) {
    const count = fs.readSync(handle, buffer, done, size - done, piece * ${CHUNK} + done);
    if (count === 0) throw new Error('the file is too short');
    done += count;
  }
  return buffer.subarray(0, size);
};
const next = (value, bytes) => BigInt(Bun.hash.xxHash3(bytes, value));
let pieces = 0;
const follow = (size) => {
  const bytes = read(pieces++, size);
  hash.update(bytes);
  checksum[0] = next(checksum[0], bytes);
};
for (;;) {
  const written = Atomics.load(words, 0);
  if (pieces < written >> 1) {
    follow(${CHUNK});
  } else if (written % 2 === 1) {
    follow(words[1]);
    break;
  } else {
    Atomics.wait(words, 0, written, ${PATIENCE});
  }
}
let again = 0n;
for (let piece = 0; piece < pieces; piece++) again = next(again, read(piece, piece === pieces - 1 ? words[1] : ${CHUNK}));
if (again !== checksum[0]) throw new Error('somebody else has written to it');
sha256.set(hash.digest());
parentPort.postMessage(null);
`;

/** Null where there is no thread. `handle` must be open for reading too, and stay open until the follower is closed. */
export function followInThread(handle: number): Follower | null {
  const words = new Int32Array(new SharedArrayBuffer(8));
  const sha256 = new Uint8Array(new SharedArrayBuffer(SHA256));
  const checksum = new BigUint64Array(new SharedArrayBuffer(8));
  const thread = HelperThread.start(SCRIPT, { handle, words, sha256, checksum });
  if (thread === null) return null;
  let size = 0;
  let given = 0;
  const tell = (state: number) => {
    Atomics.store(words, 0, state);
    Atomics.notify(words, 0);
  };
  return {
    written(bytes) {
      size = bytes;
      tell(2 * Math.floor(size / CHUNK));
      if (size - given < GIVEN_AT_ONCE) return;
      beginFlush(handle, given, size - given);
      given = size;
    },
    async readBack(): Promise<ReadBack | null> {
      words[1] = size % CHUNK;
      tell(2 * Math.floor(size / CHUNK) + 1);
      if (!(await thread.step())) return null;
      const hex = (checksum[0] ?? 0n).toString(16).padStart(16, '0');
      return { sha256: Buffer.from(sha256).toString('hex'), size, checksum: hex };
    },
    close: () => thread.end(),
  };
}
