/** Every update, rollback and repair, and how it ended: `<home>/history.json`, the newest last. */
import { UpdaterError } from '../errors.ts';
import { array, type Decoded, integer, line, nullable, object, oneOf, time } from '../format/decoder.ts';
import type { Host } from '../platform/host.ts';
import { version } from '../version/semver.ts';
import { asLine } from './checks.ts';
import { type HomeFile, homeFile } from './home-file.ts';

const MAX_ENTRIES = 500;
const MAX_REASON = 1000;

const entry = object({
  /** When it ended, in milliseconds since the epoch. */
  at: time,
  kind: oneOf('update', 'rollback', 'repair'),
  /** Null if it was not known yet when it failed. */
  from: nullable(version),
  to: nullable(version),
  /**
   * `reverted`: the new version did not work, and the old one is back. `failed` and `interrupted`: nothing was changed,
   * unless the reason says otherwise.
   * `finished` and `undone`: it was stopped in the middle, and a later run finished or undid it.
   */
  ended: oneOf('done', 'reverted', 'failed', 'interrupted', 'finished', 'undone'),
  /** Why it did not end well; null if it did. */
  reason: nullable(line(MAX_REASON)),
  /** How long it took; null if a later run ended it. */
  milliseconds: nullable(integer(0, Number.MAX_SAFE_INTEGER)),
  /** Of the installation: several may share a home. Null if nothing is adopted there. */
  installId: nullable(line(64)),
});

const shape = object({ schema: oneOf(1), entries: array(entry, 0, MAX_ENTRIES) });

export type HistoryEntry = Decoded<typeof entry>;

export const historyFile: HomeFile<Decoded<typeof shape>> = homeFile(
  { name: 'history.json', what: 'history', isRepaired: true },
  shape,
  { schema: 1, entries: [] },
);

/** Those of this installation, if its receipt can be read: others may share the home. */
export function ofInstall(
  entries: readonly HistoryEntry[],
  receipt: { installId: string } | null,
): HistoryEntry[] {
  return entries.filter(
    ({ installId }) => receipt === null || installId === null || installId === receipt.installId,
  );
}

/** Adds an entry. Throws MachineError, BusyError or DamagedError if it can't be saved. */
export async function addToHistory(
  host: Host,
  home: string,
  { reason, milliseconds, ...rest }: Omit<HistoryEntry, 'at'>,
): Promise<void> {
  const added: HistoryEntry = {
    at: host.clock.now(),
    ...rest,
    reason: reason === null ? null : asLine(reason, MAX_REASON),
    milliseconds: milliseconds === null ? null : Math.max(0, Math.round(milliseconds)),
  };
  await historyFile.change(host, home, ({ entries }) => ({
    schema: 1,
    entries: [...entries, added].slice(-MAX_ENTRIES),
  }));
}

/** The same for an operation that must not fail if it can't be saved. */
export async function noteInHistory(...added: Parameters<typeof addToHistory>): Promise<void> {
  try {
    await addToHistory(...added);
  } catch (error) {
    if (!(error instanceof UpdaterError)) throw error;
  }
}
