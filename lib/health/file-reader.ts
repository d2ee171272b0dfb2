/**
 * Digests of files, of which those that have not been written since they were last read in full need not be read again. What
 * was read is recorded in `read.json` in the work dir, so only who may replace the executable may write it. It is a cache: a
 * record that is lost or damaged costs a read.
 */
import { DamagedError, errorCode, MachineError } from '../errors.ts';
import { array, hex, integer, nullable, object, oneOf, stringOf } from '../format/decoder.ts';
import { decodeSealed, encodeSealed } from '../format/sealed-json.ts';
import { requireOwnInstall, type Session } from '../install/index.ts';
import { type Digest, digestFile, readFile, replaceDurably } from '../platform/files.ts';
import { isOld } from '../snapshot/store/reliable-status.ts';

/**
 * `quick`: a file is read only if its status is not the recorded one. `watch`: also if it was last read more than a week ago,
 * since a drive can change bytes without a trace in the status. `full`: everything is read.
 */
export type Thoroughness = 'quick' | 'watch' | 'full';

/** Milliseconds after which `watch` reads an unchanged file again. */
export const READ_AGAIN = 7 * 86_400_000;

const LIMIT = 1 << 20;
const time = integer(0, 253_402_300_799_999, 'milliseconds since 1970');
const text = (limit: number) => stringOf(`at most ${limit} characters`, (value) => value.length <= limit);

const shape = object({
  schema: oneOf(1),
  /** When everything was last read; null: never. */
  fullAt: nullable(time),
  files: array(
    object({
      path: text(4096),
      fingerprint: text(256),
      sha256: hex(32),
      size: integer(0, Number.MAX_SAFE_INTEGER, 'bytes'),
      at: time,
    }),
    0,
    1000,
  ),
});

interface ReadRecord {
  fingerprint: string;
  sha256: string;
  size: number;
  at: number;
}

export interface FoundFile extends Digest {
  /** The digest that the file had when it was read before, if it was not written since. Another one now: the drive lost it. */
  before: string | null;
}

export class FileReader {
  readonly #session: Session;
  readonly #path: string;
  readonly #how: Thoroughness;
  readonly #again: boolean;
  readonly #records = new Map<string, ReadRecord>();
  #fullAt: number | null = null;
  #changed = false;
  bytesRead = 0;

  /** @param again files that were read in this run, and not written since, are not read again */
  constructor(session: Session, how: Thoroughness, again = false) {
    this.#session = session;
    this.#how = how;
    this.#again = again;
    this.#path = session.layout.join(session.layout.workDir, 'read.json');
    const record = this.#load();
    this.#fullAt = record?.fullAt ?? null;
    for (const { path, ...rest } of record?.files ?? []) this.#records.set(path, rest);
  }

  get how(): Thoroughness {
    return this.#how;
  }

  /** Whether files that are not vouched for by a receipt are read as well. */
  get readsAll(): boolean {
    if (this.#how === 'full') return true;
    if (this.#how === 'quick') return false;
    return this.#fullAt === null || this.#session.host.clock.now() - this.#fullAt >= READ_AGAIN;
  }

  /** Null if there is no file. A symlink or a folder has an empty digest and size -1, which match nothing. */
  digestOf(path: string): FoundFile | null {
    const { digests, host } = this.#session;
    const { disk, clock } = host;
    const status = disk.status(path);
    if (status === null) return null;
    if (status.kind !== 'file') return { sha256: '', size: -1, before: null };
    const known = this.#records.get(path);
    const unchanged = known?.fingerprint === status.fingerprint ? known : undefined;
    const now = clock.now();
    const isRecent = unchanged !== undefined && now - unchanged.at < READ_AGAIN;
    if (unchanged !== undefined && (this.#how === 'quick' || (this.#how === 'watch' && isRecent)))
      return { sha256: unchanged.sha256, size: unchanged.size, before: unchanged.sha256 };
    const found = this.#again ? digests.known(status.identity) : null;
    const digest = found ?? digestFile(disk, path);
    if (digest === null) return null;
    if (found === null) {
      this.bytesRead += digest.size;
      digests.learn(status.identity, digest);
    }
    if (isOld(now, status)) {
      // The digest from before is kept if the drive has lost bytes since: it says what the file should be.
      if (unchanged === undefined || unchanged.sha256 === digest.sha256)
        this.#records.set(path, { ...digest, fingerprint: status.fingerprint, at: now });
      this.#changed = true;
    }
    return { ...digest, before: unchanged?.sha256 ?? null };
  }

  /** Records what was read. Does nothing if this user may not write there. */
  save(): void {
    const { disk, clock } = this.#session.host;
    const { layout } = this.#session;
    if (this.readsAll) {
      this.#fullAt = clock.now();
      this.#changed = true;
    }
    if (!this.#changed || disk.status(layout.workDir)?.kind !== 'directory') return;
    const files = [...this.#records]
      .filter(([path]) => disk.status(path) !== null)
      .map(([path, record]) => ({ path, ...record }));
    try {
      // Root writes nothing into the folder of another user, which a look at it is allowed.
      requireOwnInstall(this.#session.host, layout);
      const record = encodeSealed('read', { schema: 1, fullAt: this.#fullAt, files }, 1);
      replaceDurably(disk, this.#path, layout.workDir, record, 0o644);
    } catch (error) {
      // Another user's install, a full disk, or another updater that writes it now: the next run reads again.
      if (errorCode(error) === undefined && !(error instanceof MachineError)) throw error;
    }
  }

  #load(): ReturnType<typeof shape> | null {
    try {
      const bytes = readFile(this.#session.host.disk, this.#path, LIMIT);
      if (bytes === null) return null;
      const value = decodeSealed(bytes, 'read', LIMIT, (what) => new DamagedError(what));
      return shape(value, this.#path);
    } catch (error) {
      if (error instanceof DamagedError || errorCode(error) !== undefined) return null;
      throw error;
    }
  }
}
