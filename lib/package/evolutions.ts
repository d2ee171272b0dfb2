/** The evolutions that a package carries: the list of them, and opening one. */
import { DamagedError } from '../errors.ts';
import { digestBytes, readSource, type Source } from '../platform/files.ts';
import type { Evolution } from '../version/index.ts';
import { decodeEvolution, type EvolutionArchive, unpackedSize } from './evolution-archive.ts';
import { MAX_UNPACKED_TOGETHER } from './evolution-index.ts';
import { DOWNLOAD_AGAIN } from './layout.ts';
import type { EvolutionPayload, Payload, Statement } from './statement.ts';

export interface CarriedEvolution extends Evolution {
  /** Of the release that it comes with. */
  version: string;
  /** Of its archive. */
  sha256: string;
  /** Bytes of its archive. */
  size: number;
}

/** In the order of the manifest, without those that the package does not carry. */
export function carriedEvolutions({ manifest, payloads, version }: Statement): CarriedEvolution[] {
  return manifest.evolutions.flatMap((entry) => {
    const found = findEvolution(payloads, entry.id)?.payload;
    return found === undefined ? [] : [{ ...entry, version, sha256: found.sha256, size: found.length }];
  });
}

/**
 * The archive of one evolution; its digest is checked before it is decoded. Throws DamagedError if it is not as signed or
 * not of this release, RangeError if the package carries none with that id.
 */
export async function openEvolution(
  { payloads, version }: Statement,
  payload: (index: number) => Source,
  id: string,
): Promise<EvolutionArchive> {
  const found = findEvolution(payloads, id);
  if (found === undefined) throw new RangeError(`there is no evolution ${id}`);
  const source = payload(found.index);
  const bytes = readSource(source);
  const { sha256 } = digestBytes(bytes);
  if (sha256 !== found.payload.sha256) {
    throw new DamagedError(
      `package: wanted the evolution ${id} with SHA-256 ${found.payload.sha256}, found ${sha256}`,
      { advice: DOWNLOAD_AGAIN },
    );
  }
  const archive = await decodeEvolution(bytes);
  if (archive.id !== id || archive.version !== version) {
    throw new DamagedError(
      `package: wanted the evolution ${id} of ${version}, found an archive of ${archive.id} of ${archive.version}`,
    );
  }
  return archive;
}

/**
 * The archives of several evolutions, which are in memory together, opened one after the other. Throws DamagedError, before
 * any is opened, if they hold more than 256 MiB.
 */
export async function openEvolutions(
  statement: Statement,
  payload: (index: number) => Source,
  ids: readonly string[],
): Promise<EvolutionArchive[]> {
  const sizes = ids.map((id) => {
    const found = findEvolution(statement.payloads, id);
    return found === undefined ? 0 : unpackedSize(payload(found.index));
  });
  const total = sizes.reduce((sum, size) => sum + size, 0);
  if (total > MAX_UNPACKED_TOGETHER) {
    throw new DamagedError(
      `package: wanted evolutions of at most ${MAX_UNPACKED_TOGETHER} bytes together, found ${total}`,
      { advice: 'Install fewer of them at once, with --evolutions.' },
    );
  }
  const archives: EvolutionArchive[] = [];
  for (const id of ids) archives.push(await openEvolution(statement, payload, id));
  return archives;
}

function findEvolution(
  payloads: readonly Payload[],
  id: string,
): { payload: EvolutionPayload; index: number } | undefined {
  for (const [index, payload] of payloads.entries()) {
    if (payload.kind === 'evolution' && payload.id === id) return { payload, index };
  }
  return undefined;
}
