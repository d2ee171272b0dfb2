/** Native zstd with the settings of this project: content size in the frame, no checksum (SHA-256 covers it), no threads. */
import { promisify } from 'node:util';
import { constants, type ZstdOptions, zstdCompress, zstdCompressSync } from 'node:zlib';
import { memorySource } from '../platform/files.ts';
import { firstFrame } from './frame.ts';

const compress = promisify(zstdCompress);

export interface ZstdSettings {
  level: number;
  /** A decoder keeps the last 2^windowLog bytes in memory. */
  windowLog: number;
  longDistance?: boolean;
}

/** One zstd frame. The same bytes and settings give the same frame. */
export async function zstdFrame(bytes: Uint8Array, settings: ZstdSettings): Promise<Uint8Array> {
  return onlyFrame(await compress(bytes, optionsFor(bytes, settings)), settings);
}

/** The same, in this thread. */
export function zstdFrameSync(bytes: Uint8Array, settings: ZstdSettings): Uint8Array {
  return onlyFrame(zstdCompressSync(bytes, optionsFor(bytes, settings)), settings);
}

/**
 * Bun 1.4.5 adds a second, empty frame if the first one ends exactly where its output buffer of 16 KiB is full, which one in
 * 16,384 does.
 */
function onlyFrame(compressed: Buffer, { windowLog }: ZstdSettings): Uint8Array {
  const { end } = firstFrame(memorySource(compressed), windowLog, 'the compressed data');
  return plain(compressed.subarray(0, end));
}

function optionsFor(bytes: Uint8Array, settings: ZstdSettings): ZstdOptions {
  return {
    params: {
      [constants.ZSTD_c_compressionLevel]: settings.level,
      [constants.ZSTD_c_windowLog]: settings.windowLog,
      [constants.ZSTD_c_enableLongDistanceMatching]: settings.longDistance ? 1 : 0,
      [constants.ZSTD_c_contentSizeFlag]: 1,
      [constants.ZSTD_c_checksumFlag]: 0,
    },
    // Without it the frame of an empty input does not have its size.
    pledgedSrcSize: bytes.length,
  };
}

/** The same bytes as a plain Uint8Array: `slice` of a Buffer does not copy. */
export function plain(buffer: Buffer): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length);
}
