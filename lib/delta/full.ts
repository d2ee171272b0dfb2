/** A whole binary, compressed, for installations that no patch starts from. */
import { type Digest, RunningDigest, type Source } from '../platform/files.ts';
import type { Checkpoint } from './apply.ts';
import { zstdFrame } from './compress.ts';
import { Inflater } from './inflater.ts';

/**
 * A decoder keeps 16 MiB in memory, so that a process that decompresses stays well within 128 MB. A wider window saves next
 * to nothing. opencode-linux-x64 1.18.34 (185,632,896 bytes) with 2^27, 2^25 and 2^24: 45,611,300,
 * 45,683,416 and 45,826,970 bytes (`bun test/bench/delta-child.ts compress FILE WINDOWLOG FRAME`). Peak memory of
 * `bun test/bench/delta-child.ts decompress FRAME 185632896 FILE` with 2^24: 79 MB.
 */
const WINDOW_LOG = 24;
/** Bytes between checkpoints. */
const CHECKPOINT_INTERVAL = 8 << 20;

/** One zstd frame. */
export function compressFull(bytes: Uint8Array, level = 19): Promise<Uint8Array> {
  return zstdFrame(bytes, { level, windowLog: WINDOW_LOG, longDistance: true });
}

export interface DecompressOptions {
  source: Source;
  /** Bytes of the decompressed binary, exactly. */
  size: number;
  /** Receives it piece by piece; a piece is valid until `write` returns. */
  write: (chunk: Uint8Array) => void;
  checkpoint?: Checkpoint;
}

/** Throws DamagedError if the source is not one frame of exactly `size` bytes: then what was written must be discarded. */
export async function decompressFull({
  source,
  size,
  write,
  checkpoint,
}: DecompressOptions): Promise<Digest> {
  const digest = new RunningDigest();
  const stream = new Inflater(source, size, WINDOW_LOG, 'the compressed binary');
  let sinceCheckpoint = 0;
  try {
    while (stream.left > 0) {
      await stream.fill(1);
      const chunk = stream.take(stream.available);
      write(chunk);
      digest.update(chunk);
      sinceCheckpoint += chunk.length;
      if (sinceCheckpoint >= CHECKPOINT_INTERVAL) {
        sinceCheckpoint = 0;
        await checkpoint?.();
      }
    }
    await stream.end();
  } finally {
    stream.close();
  }
  return digest.digest();
}
