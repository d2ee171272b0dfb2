/** A file with its streams of DEFLATE decompressed, and its records unpacked. */
import { inflateRawSync } from 'node:zlib';
import { DamagedError, errorMessage } from '../../errors.ts';
import type { Source } from '../../platform/files.ts';
import type { RecordMaker } from '../records/format.ts';
import { readRun } from '../records/read.ts';
import { type PackedStream, zerosBefore, zerosBehind } from './list.ts';

/** Of what is decompressed, and how much of the input that was. */
export interface Inflated {
  bytes: Uint8Array;
  consumed: number;
}

/** The stream that `bytes` begin with, which has at most `limit` bytes, decompressed. Throws what zlib throws. */
export function inflateStream(bytes: Uint8Array, limit: number): Inflated {
  // zlib takes no limit of 0.
  const options = { info: true, maxOutputLength: Math.max(1, limit) };
  const result = inflateRawSync(bytes, options) as unknown as {
    buffer: Buffer;
    engine: { bytesWritten: number };
  };
  return { bytes: result.buffer, consumed: result.engine.bytesWritten };
}

/** A part of the unpacked file: zeros, or what is in the file from `start` on, or what a stream holds. */
interface Piece {
  size: number;
  start?: number;
  stream?: PackedStream;
}

/** The old file of a patch, unpacked: to be read from its beginning to its end. What it holds otherwise than the patch says throws DamagedError. */
export function unpackedSource(file: Source, streams: readonly PackedStream[]): Source {
  const pieces = piecesOf(file.size, streams);
  const size = pieces.reduce((sum, piece) => sum + piece.size, 0);
  let index = 0;
  /** Where the piece begins in the unpacked file; what it holds, of a stream. */
  let begun = 0;
  let plain: Uint8Array | null = null;
  const readSome = (position: number, into: Uint8Array): number => {
    const piece = pieces[index];
    if (piece === undefined)
      throw new DamagedError(`an unpacked file of ${size} bytes has no byte ${position}`);
    const from = position - begun;
    const part = into.subarray(0, piece.size - from);
    if (piece.stream !== undefined) {
      plain ??= unpackStream(file, piece.stream);
      part.set(plain.subarray(from, from + part.length));
    } else if (piece.start !== undefined) {
      file.read(piece.start + from, part);
    } else {
      part.fill(0);
    }
    if (from + part.length === piece.size) {
      index++;
      begun += piece.size;
      plain = null;
    }
    return part.length;
  };
  return {
    size,
    read(position, into) {
      for (let done = 0; done < into.length; ) done += readSome(position + done, into.subarray(done));
    },
  };
}

function piecesOf(size: number, streams: readonly PackedStream[]): Piece[] {
  const pieces: Piece[] = [];
  let [end, at] = [0, 0];
  const add = (piece: Piece) => {
    if (piece.size === 0) return;
    pieces.push(piece);
    at += piece.size;
  };
  for (const stream of streams) {
    const { start, packedSize, plainSize } = stream;
    add({ size: start - end, start: end });
    add({ size: zerosBefore(at, plainSize) });
    add({ size: plainSize, stream });
    end = start + packedSize;
    add({ size: zerosBehind(at, end, plainSize) });
  }
  add({ size: size - end, start: end });
  return pieces;
}

function unpackStream(file: Source, stream: PackedStream): Uint8Array {
  const { start, packedSize, plainSize, maker } = stream;
  const packed = new Uint8Array(packedSize);
  file.read(start, packed);
  let found: Inflated;
  try {
    found = maker === undefined ? inflateStream(packed, plainSize) : unpackRecords(packed, maker);
  } catch (error) {
    throw wrong(stream, errorMessage(error));
  }
  const { bytes, consumed } = found;
  if (consumed !== packedSize || bytes.length !== plainSize)
    throw wrong(
      stream,
      `${consumed} bytes of it hold ${bytes.length}, wanted ${plainSize} out of ${packedSize}`,
    );
  return bytes;
}

function unpackRecords(packed: Uint8Array, maker: RecordMaker): Inflated {
  const { plain, packedSize } = readRun(packed, 0, maker) ?? { plain: new Uint8Array(0), packedSize: 0 };
  return { bytes: plain, consumed: packedSize };
}

function wrong({ start, maker }: PackedStream, what: string): DamagedError {
  const kind = maker === undefined ? 'compressed stream' : `run of ${maker}`;
  return new DamagedError(`the old file has no ${kind} at byte ${start} as the patch says: ${what}`);
}
