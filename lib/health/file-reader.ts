/**
 * Digests of files, of which those that have not been written since they were last read in full need not be read again. What
 * was read is recorded in `read.json` in the work dir, so only who may replace the executable may write it. It is a cache: a
 * record that is lost or damaged costs a read.
 *
 * A check in full reads every byte. Of a large file that nobody has written since its SHA-256 was computed, only the drive can
 * have changed something. For a week a checksum is enough to find that, which costs a tenth of SHA-256; then SHA-256 is
 * computed again.
 */
import { DamagedError, errorCode, MachineError } from '../errors.ts';
import { array, hex, integer, nullable, object, oneOf, stringOf, time } from '../format/decoder.ts';
import { decodeSealed, encodeSealed } from '../format/sealed-json.ts';
import { requireOwnInstall, type Session } from '../install/index.ts';
import type { FileStatus } from '../platform/disk.ts';
import {
  type Digest,
  digestFile,
  hasSize,
  readOwnFile,
  replaceDurably,
  statusOf,
  type WantedSize,
} from '../platform/files.ts';
import { Checksum, digestAhead, readAhead } from '../platform/threads/read-ahead.ts';
import { isTickOver } from '../snapshot/store/reliable-status.ts';

/**
 * `quick`: a file is read only if its status is not the recorded one. `watch`: also if it was last read more than a week ago,
 * since a drive can change bytes without a trace in the status. `full`: everything is read.
 */
export type Thoroughness = 'quick' | 'watch' | 'full';

/** Milliseconds after which `watch` reads an unchanged file again. */
const READ_AGAIN = 7 * 86_400_000;

const LIMIT = 1 << 20;
const text = (limit: number) => stringOf(`at most ${limit} characters`, (value) => value.length <= limit);

const shape = object({
  schema: oneOf(2),
  /** When everything was last read; null: never. */
  fullAt: nullable(time),
  files: array(
    object({
      path: text(4096),
      fingerprint: text(256),
      sha256: hex(32),
      size: integer(0, Number.MAX_SAFE_INTEGER, 'bytes'),
      checksum: nullable(hex(8)),
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
  /** Its `Checksum`; null if only its SHA-256 was computed. */
  checksum: string | null;
  /** When the SHA-256 was computed. */
  at: number;
}

type Read = Omit<ReadRecord, 'fingerprint'>;

interface LargeFile {
  path: string;
  identity: string;
  known: ReadRecord | undefined;
}

/** Ignores the errors of the system: whoever looks next meets them again. */
async function withoutErrors(work: () => void | Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
  }
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
  /** What `readLarge` has read, by identity: files that are one by a hard link are read once. */
  readonly #read = new Map<string, Read>();
  #fullAt: number | null = null;
  #changed = false;
  readonly #onRead: (bytes: number) => void;
  bytesRead = 0;

  /**
   * @param again files that were read in this run, and not written since, are not read again
   * @param onRead called with the number of bytes that were read since the last call
   */
  constructor(
    session: Session,
    how: Thoroughness,
    again = false,
    onRead: (bytes: number) => void = () => undefined,
  ) {
    this.#session = session;
    this.#onRead = onRead;
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

  /**
   * Reads those of the files that `digestOf` would read, in less time: those of which the drive alone is in doubt are read while
   * SHA-256 of the others is computed. One that can't be read is left to `digestOf`.
   */
  async readLarge(files: readonly { path: string; wanted: WantedSize }[]): Promise<void> {
    const { disk } = this.#session.host;
    const seen = new Set<string>();
    const whole: LargeFile[] = [];
    const unchanged: LargeFile[] = [];
    for (const { path, wanted } of files) {
      await withoutErrors(() => {
        const status = statusOf(disk, path);
        if (status?.kind !== 'file' || seen.has(status.identity) || !hasSize(status.size, wanted)) return;
        seen.add(status.identity);
        const known = this.#unchanged(path, status);
        if (this.#isKnown(known) || this.#inThisRun(status) !== null) return;
        const isByChecksum = known?.checksum && this.#isRecent(known);
        (isByChecksum ? unchanged : whole).push({ path, identity: status.identity, known });
      });
    }
    const readAll = async (files: readonly LargeFile[]) => {
      for (const { path, identity, known } of files) {
        await withoutErrors(async () => {
          const byChecksum =
            files === unchanged && known !== undefined ? await this.#compare(path, known) : null;
          const read = byChecksum ?? (await this.#readWhole(path));
          if (read !== null) this.#read.set(identity, read);
        });
      }
    };
    await Promise.all([readAll(whole), readAll(unchanged)]);
  }

  /** Null if the file has not the bytes that it had. */
  async #compare(path: string, known: ReadRecord): Promise<Read | null> {
    const checksum = new Checksum();
    const size = await readAhead(this.#session.host.disk, path, (piece) => {
      checksum.update(piece);
      this.#onRead(piece.length);
    });
    this.bytesRead += size ?? 0;
    return size === known.size && checksum.hex === known.checksum ? known : null;
  }

  async #readWhole(path: string): Promise<Read | null> {
    const { host } = this.#session;
    const found = await digestAhead(host.disk, path, ({ length }) => this.#onRead(length));
    this.bytesRead += found?.size ?? 0;
    return found === null ? null : { ...found, at: host.clock.now() };
  }

  /**
   * Null if there is no file. A symlink or a folder has an empty digest and size -1, which match nothing, and a file that has not the
   * wanted size an empty digest.
   */
  digestOf(path: string, wanted: WantedSize): FoundFile | null {
    const { disk, clock } = this.#session.host;
    const status = statusOf(disk, path);
    if (status === null) return null;
    if (status.kind !== 'file') return { sha256: '', size: -1, before: null };
    if (!hasSize(status.size, wanted)) return { sha256: '', size: status.size, before: null };
    const unchanged = this.#unchanged(path, status);
    if (unchanged !== undefined && this.#isKnown(unchanged))
      return { sha256: unchanged.sha256, size: unchanged.size, before: unchanged.sha256 };
    const read = this.#read.get(status.identity) ?? this.#inThisRun(status) ?? this.#readNow(path, wanted);
    if (read === null) return null;
    const { sha256, size } = read;
    this.#session.digests.learn(status.identity, { sha256, size });
    if (isTickOver(clock.now(), status)) {
      // The digest from before is kept if the drive has lost bytes since: it says what the file should be.
      const isNews = unchanged === undefined || read.checksum !== null || unchanged.checksum === null;
      if (isNews && (unchanged === undefined || unchanged.sha256 === sha256))
        this.#records.set(path, { fingerprint: status.fingerprint, ...read });
      this.#changed = true;
    }
    return { sha256, size, before: unchanged?.sha256 ?? null };
  }

  /** The record of the file, if nobody has written it since. */
  #unchanged(path: string, { fingerprint }: FileStatus): ReadRecord | undefined {
    const known = this.#records.get(path);
    return known?.fingerprint === fingerprint ? known : undefined;
  }

  /** Whether a file with that record need not be read. */
  #isKnown(unchanged: ReadRecord | undefined): boolean {
    if (unchanged === undefined || this.#how === 'full') return false;
    return this.#how === 'quick' || this.#isRecent(unchanged);
  }

  #isRecent({ at }: ReadRecord): boolean {
    return this.#session.host.clock.now() - at < READ_AGAIN;
  }

  #inThisRun({ identity }: FileStatus): Read | null {
    const { digests, host } = this.#session;
    const digest = this.#again ? digests.known(identity) : null;
    return digest === null ? null : { ...digest, checksum: digests.checksum(identity), at: host.clock.now() };
  }

  #readNow(path: string, wanted: WantedSize): Read | null {
    const digest = digestFile(this.#session.host.disk, path, wanted, (piece) => this.#onRead(piece.length));
    this.bytesRead += digest?.size ?? 0;
    return digest === null ? null : { ...digest, checksum: null, at: this.#session.host.clock.now() };
  }

  /** As `digestOf`, if this run has read the file already: what it was found to have then is recorded. */
  recordIfRead(path: string, wanted: WantedSize): void {
    const status = statusOf(this.#session.host.disk, path);
    if (status !== null && this.#session.digests.checksum(status.identity) !== null)
      this.digestOf(path, wanted);
  }

  /** Records what was read. Does nothing if this user may not write there. */
  save(): void {
    const { disk, clock } = this.#session.host;
    const { layout } = this.#session;
    if (this.readsAll) {
      this.#fullAt = clock.now();
      this.#changed = true;
    }
    if (!this.#changed || statusOf(disk, layout.workDir)?.kind !== 'directory') return;
    // Somebody has put something there: the check names it, and nothing of it is lost.
    if ((statusOf(disk, this.#path)?.kind ?? 'file') !== 'file') return;
    const files = [...this.#records]
      .filter(([path]) => statusOf(disk, path) !== null)
      .map(([path, record]) => ({ path, ...record }));
    try {
      // Root writes nothing into the folder of another user, which a look at it is allowed.
      requireOwnInstall(this.#session.host, layout);
      const record = encodeSealed('read', { schema: 2, fullAt: this.#fullAt, files }, 1);
      replaceDurably(disk, this.#path, layout.workDir, record, 0o644);
    } catch (error) {
      // Another user's install, a full disk, or another updater that writes it now: the next run reads again.
      if (errorCode(error) === undefined && !(error instanceof MachineError)) throw error;
    }
  }

  #load(): ReturnType<typeof shape> | null {
    try {
      const bytes = readOwnFile(this.#session.host.disk, this.#path, LIMIT);
      if (bytes === null) return null;
      const value = decodeSealed(bytes, 'read', LIMIT, (what) => new DamagedError(what));
      return shape(value, this.#path);
    } catch (error) {
      if (error instanceof DamagedError || errorCode(error) !== undefined) return null;
      throw error;
    }
  }
}
