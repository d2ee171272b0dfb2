/** Notes that the repository keeps for itself in `.work/`: JSON documents, replaced durably and read strictly. */
import path from 'node:path';
import { DamagedError } from '../../lib/errors.ts';
import type { Decoder } from '../../lib/format/decoder.ts';
import { MAX_DOCUMENT, parseJson } from '../../lib/format/json.ts';
import type { Disk } from '../../lib/platform/disk.ts';
import { readFile, replaceDurably } from '../../lib/platform/files.ts';

export interface NoteOptions {
  /** Bytes. */
  limit?: number;
  /** A damaged note counts as none: for what can be found out again. */
  forgetDamaged?: boolean;
}

/** Null if there is no note. DamagedError if it can't be read as what it is. */
export function readNote<Value>(
  disk: Disk,
  file: string,
  decode: Decoder<Value>,
  { limit = MAX_DOCUMENT, forgetDamaged = false }: NoteOptions = {},
): Value | null {
  try {
    const bytes = readFile(disk, file, limit);
    return bytes === null ? null : decode(parseJson(bytes, file, limit), file);
  } catch (error) {
    if (forgetDamaged && error instanceof DamagedError) return null;
    throw error;
  }
}

export function writeNote(disk: Disk, file: string, value: unknown): void {
  replaceDurably(disk, file, path.dirname(file), new TextEncoder().encode(JSON.stringify(value)));
}
