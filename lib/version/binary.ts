/** An executable of a release, as the manifest describes it, and the files of the feed that it can be had from. */
import { checked, hex, integer, object, optional, stringOf, unwanted } from '../format/decoder.ts';
import type { Platform } from '../platform/host.ts';
import { downloadUrl, isFeedPath } from './download-url.ts';
import { version } from './semver.ts';
import { arch, type BinaryArch, platform, type Target, targetName } from './target.ts';

/** 1 GiB. */
export const MAX_BINARY_SIZE = 1 << 30;

/** Bytes of a block: the smallest part of a binary that can be found damaged and fetched by itself. */
export const BLOCK_SIZE = 1 << 16;
/** Bytes of a SHA-256. */
const DIGEST_SIZE = 32;

/** The fields of a file of the feed: its path below `targets/`, its length in bytes and its SHA-256. */
export const feedFile = {
  path: stringOf('a path inside the feed', isFeedPath),
  length: integer(1, MAX_BINARY_SIZE, 'bytes'),
  sha256: hex(DIGEST_SIZE),
};

export interface Binary {
  platform: Platform;
  /** Ends in `-musl` on Linux with musl; see target.ts. */
  arch: BinaryArch;
  /** Bytes. */
  size: number;
  /** SHA-256, 64 lower-case hex digits. */
  checksum: string;
  /** Ed25519 signature by a targets key (lib/trust/binary-signature.ts), 128 lower-case hex digits. */
  signature: string;
  /** An https address, or a path inside the feed; see download-url.ts. */
  downloadUrl: string;
  /**
   * Schema 2: length in bytes and SHA-256 of the list of the digests of its blocks of 64 KiB (lib/delta/full/block-list.ts). In
   * a feed it is the file `blockListPath`.
   */
  blocks?: { length: number; sha256: string } | undefined;
  /**
   * Schema 2: the binary as independent frames (lib/delta/full/framed.ts), which are the last `length` bytes of every full
   * package. `index` is the length in bytes and the SHA-256 of their index, with which they begin.
   */
  frames?: { length: number; index: { length: number; sha256: string } } | undefined;
}

/** An updater that comes with a release. It is the same file for many releases, and fetched only where it is missing. */
export interface UpdaterBinary {
  platform: Platform;
  arch: BinaryArch;
  /** Of the updater, not of the release. */
  version: string;
  /** Bytes of the executable. */
  size: number;
  /** SHA-256 of the executable, 64 lower-case hex digits. */
  checksum: string;
  /** The file of the feed with the executable as independent frames (lib/delta/full/framed.ts). */
  file: { path: string; length: number; sha256: string };
}

const binarySize = integer(1, MAX_BINARY_SIZE, 'bytes');
const part = object({ length: integer(1, MAX_BINARY_SIZE, 'bytes'), sha256: hex(DIGEST_SIZE) });

export const binary = checked<Binary>(
  object({
    platform,
    arch,
    size: binarySize,
    checksum: hex(DIGEST_SIZE),
    signature: hex(64),
    downloadUrl,
    blocks: optional(part, undefined),
    frames: optional(object({ length: binarySize, index: part }), undefined),
  }),
  ({ size, blocks, frames }, path) => {
    const listLength = DIGEST_SIZE * Math.ceil(size / BLOCK_SIZE);
    if (blocks !== undefined && blocks.length !== listLength) {
      throw unwanted(`${path}.blocks.length`, `${listLength} for a binary of ${size} bytes`, blocks.length);
    }
    if (frames !== undefined && frames.index.length >= frames.length) {
      throw unwanted(`${path}.frames.index.length`, `less than ${frames.length}`, frames.index.length);
    }
  },
);

export const updaterBinary = object({
  platform,
  arch,
  version,
  size: binarySize,
  checksum: hex(DIGEST_SIZE),
  file: object(feedFile),
});

/** The binary of the release for that target; undefined if there is none. */
export function binaryFor({ binaries }: { binaries: readonly Binary[] }, target: Target): Binary | undefined {
  return binaries.find(({ platform, arch }) => platform === target.platform && arch === target.arch);
}

/** The updater that comes with the release for that target; undefined if it brings none. */
export function updaterFor(
  { updaters = [] }: { updaters?: readonly UpdaterBinary[] | undefined },
  target: Target,
): UpdaterBinary | undefined {
  return updaters.find(({ platform, arch }) => platform === target.platform && arch === target.arch);
}

/** Where the feed has the list of block digests with this SHA-256: its path below `targets/`. */
export function blockListPath(release: string, target: Target, sha256: string): string {
  return `releases/${release}/${targetName(target)}/${sha256}.blocks`;
}
