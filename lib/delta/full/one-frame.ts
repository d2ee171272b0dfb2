/**
 * A whole binary in one zstd frame: what packages carried before there were independent frames (framed.ts). Still read,
 * no longer written.
 */
import { type Digest, RunningDigest, type Source } from '../../platform/files.ts';
import { Inflater } from '../inflater.ts';
import { CHECKPOINT_INTERVAL, type Checkpoint } from '../output.ts';

/** The window of the frames that were written. A decoder keeps 16 MiB in memory. */
const WINDOW_LOG = 24;

export interface DecompressOptions {
  source: Source;
  /** Bytes of the decompressed binary, exactly. */
  size: number;
  /** Receives it piece by piece; a piece is valid until `write` returns. */
  write: (chunk: Uint8Array) => void;
  checkpoint?: Checkpoint;
}

/** Throws DamagedError if the source is not one frame of exactly `size` bytes: then what was written must be discarded. */
export async function decompressOneFrame({
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
