/**
 * Reads a plugin that comes with a release from its folder: `evolution.json` describes it, and all files of the folder
 * are packed into every package. What can't be packed is refused before the long work begins.
 */
import path from 'node:path';
import { UsageError } from '../../lib/errors.ts';
import { parseEdited } from '../../lib/format/json.ts';
import { findClash, isPortablePath } from '../../lib/format/portable-path.ts';
import {
  type EvolutionFile,
  encodeEvolution,
  MAX_EVOLUTION_FILES,
  MAX_UNPACKED,
  MAX_UNPACKED_TOGETHER,
  type PayloadDraft,
  unpackedSize,
} from '../../lib/package/index.ts';
import { digestBytes, memorySource } from '../../lib/platform/files.ts';
import { nativeDisk as disk } from '../../lib/platform/native-disk.ts';
import type { Evolution } from '../../lib/version/index.ts';
import { evolution } from '../../lib/version/manifest.ts';
import { readInput } from '../files.ts';

export interface EvolutionFolder {
  /** For the manifest. */
  entry: Evolution;
  files: EvolutionFile[];
}

/**
 * `<folder>/evolution.json` is `{"id": "...", "description": "...", "autoApply": true}`, perhaps with a `riskLevel`. UsageError if the folder holds a
 * symlink or anything else that is neither a file nor a folder, a name that is not valid on every system, or too much.
 */
export function readEvolution(folder: string): EvolutionFolder {
  const description = path.join(folder, 'evolution.json');
  const entry = evolution(parseEdited(readInput(description), description), description);
  const files: EvolutionFile[] = [];
  let left = MAX_UNPACKED;
  for (const { at, mode } of listFiles(folder)) {
    const file = path.join(folder, ...at.split('/'));
    if (files.length === MAX_EVOLUTION_FILES) {
      throw new UsageError(`--evolution ${folder}: wanted at most ${MAX_EVOLUTION_FILES} files, found more`);
    }
    const size = disk.status(file)?.size ?? 0;
    if (size > left) {
      throw new UsageError(`--evolution ${folder}: wanted at most ${MAX_UNPACKED} bytes in all, found more`);
    }
    const bytes = readInput(file, left);
    left -= bytes.length;
    files.push({ path: at, mode: (mode & 0o111) === 0 ? 0o644 : 0o755, bytes });
  }
  const clash = findClash(files.map((file) => file.path));
  if (clash !== null) {
    throw new UsageError(
      `--evolution ${folder}: wanted names that differ by more than case on every system, found ` +
        `${JSON.stringify(clash.with)} and ${JSON.stringify(files[clash.index]?.path)}`,
    );
  }
  return { entry, files };
}

/** Every file below the folder. `at`: its path relative to the folder, with slashes. */
function* listFiles(folder: string, above = ''): Generator<{ at: string; mode: number }> {
  for (const name of disk.list(path.join(folder, ...above.split('/'))).toSorted()) {
    const at = above === '' ? name : `${above}/${name}`;
    const status = disk.status(path.join(folder, ...at.split('/')));
    if (status?.kind !== 'file' && status?.kind !== 'directory') {
      const found = status === null ? 'a name that is not UTF-8' : (KINDS[status.kind] ?? status.kind);
      throw new UsageError(
        `--evolution ${folder}: wanted files and folders only, found ${found} at ${JSON.stringify(at)}`,
      );
    }
    if (!isPortablePath(at)) {
      throw new UsageError(
        `--evolution ${folder}: wanted names that every system takes, found ${JSON.stringify(at)}`,
      );
    }
    if (status.kind === 'directory') yield* listFiles(folder, at);
    else yield { at, mode: status.mode };
  }
}

const KINDS: Record<string, string> = {
  symlink: 'a symlink',
  other: 'a special file',
};

/** The payloads for packages of that version. */
export async function packEvolutions(
  evolutions: readonly EvolutionFolder[],
  version: string,
): Promise<PayloadDraft[]> {
  const payloads: PayloadDraft[] = [];
  let total = 0;
  for (const { entry, files } of evolutions) {
    const archive = await encodeEvolution({ id: entry.id, version, files });
    payloads.push(evolutionPayload(entry.id, archive));
    total += unpackedSize(memorySource(archive));
    if (total > MAX_UNPACKED_TOGETHER) {
      throw new UsageError(
        `--evolution: wanted at most ${MAX_UNPACKED_TOGETHER} bytes in all of them, found more`,
      );
    }
  }
  return payloads;
}

export function evolutionPayload(id: string, archive: Uint8Array): PayloadDraft {
  const content = memorySource(archive, `evolution ${id}`);
  return { kind: 'evolution', id, compression: 'zstd', content };
}

/** Identifies the content of the folders, as a JSON value. */
export function evolutionContents(evolutions: readonly EvolutionFolder[]): unknown {
  return evolutions.map(({ files }) =>
    files.map(({ path: at, mode, bytes }) => [at, mode, digestBytes(bytes).sha256]),
  );
}
