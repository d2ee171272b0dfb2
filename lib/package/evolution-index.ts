/** The index of an evolution's archive (evolution-archive.ts): one line of JSON, decoded strictly. */
import { DamagedError } from '../errors.ts';
import {
  array,
  checked,
  type Decoded,
  hex,
  integer,
  object,
  oneOf,
  stringOf,
  unwanted,
} from '../format/decoder.ts';
import { parseJson } from '../format/json.ts';
import { findClash, isPortablePath } from '../format/portable-path.ts';
import { evolutionId } from '../version/manifest.ts';
import { version } from '../version/semver.ts';

export const MAX_EVOLUTION_FILES = 4096;
/** Bytes of all that an archive unpacks to, its index included. */
export const MAX_UNPACKED = 64 << 20;
/** Bytes of all evolutions that are installed at once: they are in memory together. */
export const MAX_UNPACKED_TOGETHER = 256 << 20;
/** Bytes of an archive: data that can't be compressed grows by less than 1 in 256. */
export const MAX_ARCHIVE = MAX_UNPACKED + (1 << 20);
/** Bytes: 4,096 of the longest paths fit. */
export const MAX_INDEX = 8 << 20;

const file = object({
  path: stringOf('a relative path of plain names', isPortablePath),
  /** Permission bits in octal. */
  mode: oneOf('0644', '0755'),
  size: integer(0, MAX_UNPACKED, 'bytes'),
  sha256: hex(32),
});

const shape = object({
  schema: oneOf(1),
  id: evolutionId,
  version,
  files: array(file, 1, MAX_EVOLUTION_FILES),
});

export type EvolutionIndex = Decoded<typeof shape>;

const index = checked<EvolutionIndex>(shape, ({ files }, path) => {
  const paths = files.map((entry) => entry.path);
  const clash = findClash(paths);
  if (clash !== null) {
    throw unwanted(
      `${path}.files[${clash.index}].path`,
      `one that can exist beside ${JSON.stringify(clash.with)} on every system`,
      paths[clash.index],
    );
  }
  for (let at = 1; at < paths.length; at++) {
    const [before = '', found = ''] = paths.slice(at - 1, at + 1);
    if (comparePaths(before, found) < 0) continue;
    throw unwanted(`${path}.files[${at}].path`, `one that comes after ${JSON.stringify(before)}`, found);
  }
});

/** The order of files in an archive: by the bytes of their paths in UTF-8. */
export function comparePaths(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

/** Throws DamagedError, which names the first wrong field, also if the line is not in its canonical form. */
export function decodeIndex(line: Uint8Array): EvolutionIndex {
  const decoded = index(parseJson(line, NAME, MAX_INDEX), NAME);
  if (Buffer.compare(Buffer.from(JSON.stringify(decoded)), line) !== 0) {
    throw new DamagedError(
      `${NAME}: wanted the canonical form of its index, found other spacing, order or escapes`,
    );
  }
  return decoded;
}

/** Throws DamagedError if it would not decode again. */
export function encodeIndex(value: EvolutionIndex): Uint8Array {
  const bytes = new TextEncoder().encode(JSON.stringify(index(value, NAME)));
  if (bytes.length > MAX_INDEX) {
    throw new DamagedError(`${NAME}: wanted an index of at most ${MAX_INDEX} bytes, found ${bytes.length}`);
  }
  return bytes;
}

const NAME = 'evolution';
