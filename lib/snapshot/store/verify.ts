/**
 * Verifying snapshots: everything that they refer to is read and checked against its digest. A snapshot trusts the status
 * of a file that it has seen before; this does not.
 */
import { DamagedError, errorCode, errorMessage, UpdaterError } from '../../errors.ts';
import { type Digest, digestFile, foundText } from '../../platform/files.ts';
import type { Host } from '../../platform/host.ts';
import { rootsOf, type Snapshot } from '../document.ts';
import { isReadThrough } from '../inverse/inverses.ts';
import { binaryPath, forgetBinary } from './binaries.ts';
import { Blocks } from './blocks.ts';
import { markClone, verifyClone } from './clones.ts';
import type { StoreLayout } from './layout.ts';
import { addReferences, addTree, noReferences } from './references.ts';

export interface Verified {
  id: string;
  /** What is wrong, a sentence each; empty if the snapshot is intact. */
  problems: string[];
  /** Bytes that were read for it, as they are stored. Data that several snapshots share is read once. */
  read: number;
}

const PACE = 16 << 20;

export interface VerifierOptions {
  /** Of an executable in the store, an empty one if it has not that size; null if there is none. Reads it, unless given. */
  digestOf?: (path: string, size: number) => Digest | null;
  /** Called with the number of bytes that were read since the last call, except by `digestOf`. */
  onRead?: (bytes: number) => void;
}

/** Verifies several snapshots, and reads each block once. */
export class Verifier {
  readonly #host: Host;
  readonly #layout: StoreLayout;
  readonly #blocks: Blocks;
  readonly #checkpoint: () => Promise<void>;
  readonly #digestOf: (path: string, size: number) => Digest | null;
  readonly #onRead: (bytes: number) => void;
  /** What was read, with the problem that was found; null if it is intact. */
  readonly #seen = new Map<string, string | null>();
  #read = 0;
  #since = 0;

  constructor(
    host: Host,
    layout: StoreLayout,
    checkpoint: () => Promise<void>,
    { digestOf, onRead = () => undefined }: VerifierOptions = {},
  ) {
    this.#host = host;
    this.#layout = layout;
    this.#checkpoint = checkpoint;
    this.#onRead = onRead;
    this.#digestOf =
      digestOf ?? ((path, size) => digestFile(host.disk, path, size, (piece) => onRead(piece.length)));
    this.#blocks = new Blocks(host.disk, layout);
  }

  /** Bytes that `verify` will read of all of these. What can't be read counts for nothing. */
  expected(snapshots: readonly Snapshot[]): number {
    const { disk } = this.#host;
    const references = noReferences();
    for (const snapshot of snapshots) {
      try {
        addReferences(disk, this.#layout, snapshot, references);
      } catch (error) {
        if (!(error instanceof DamagedError) && errorCode(error) !== 'EIO') throw error;
      }
    }
    const sizes = [
      ...[...references.binaries].map((binary) => disk.status(binaryPath(this.#layout, binary))?.size ?? 0),
      ...references.clones.values(),
      ...[...references.blocks].map((block) => this.#blocks.place(block)?.stored ?? 0),
    ];
    return sizes.reduce((sum, size) => sum + size, 0);
  }

  /** The caller holds the lock of the store: clones are sealed, and what is found damaged is recorded. */
  async verify(snapshot: Snapshot): Promise<Verified> {
    const { disk } = this.#host;
    const layout = this.#layout;
    this.#read = 0;
    const references = noReferences();
    const problems = new Set<string>();
    const note = (problem: string | null) => {
      if (problem !== null) problems.add(problem);
    };
    for (const { root } of rootsOf(snapshot)) {
      const { tree } = root;
      if (tree !== null) note(await problemOf(() => addTree(disk, layout, tree, references)));
    }
    const { binary } = snapshot.components;
    if (binary !== null)
      note(await this.#once(binary.checksum, binary.size, () => this.#checkBinary(binary)));
    for (const [clone, bytes] of references.clones) {
      note(await this.#once(clone, bytes, () => this.#checkClone(clone, bytes), this.#onRead));
    }
    for (const block of references.blocks) {
      const stored = this.#blocks.place(block)?.stored ?? 0;
      note(await this.#once(block, stored, () => this.#blocks.read(block), this.#onRead));
    }
    this.#blocks.recordLost();
    return { id: snapshot.id, problems: [...problems], read: this.#read };
  }

  async #checkBinary({ checksum, size }: { checksum: string; size: number }): Promise<void> {
    const path = binaryPath(this.#layout, checksum);
    const found = this.#digestOf(path, size);
    if (found?.sha256 === checksum) return;
    forgetBinary(this.#host.disk, this.#layout, checksum);
    if (await isReadThrough(this.#host.disk, this.#layout, checksum)) return;
    throw new DamagedError(
      found === null
        ? `the binary ${path} is missing`
        : `the binary ${path} is damaged: it has ${foundText(found)}`,
    );
  }

  #checkClone(clone: string, size: number): void {
    const { disk } = this.#host;
    try {
      verifyClone(disk, this.#layout, clone, size, true);
      markClone(disk, this.#layout, clone, false);
    } catch (error) {
      if (error instanceof DamagedError) markClone(disk, this.#layout, clone, true);
      throw error;
    }
  }

  async #once(
    name: string,
    bytes: number,
    check: () => unknown,
    onRead?: (bytes: number) => void,
  ): Promise<string | null> {
    const known = this.#seen.get(name);
    if (known !== undefined) return known;
    const problem = await problemOf(check);
    this.#seen.set(name, problem);
    this.#read += bytes;
    this.#since += bytes;
    onRead?.(bytes);
    if (this.#since >= PACE) {
      this.#since = 0;
      await this.#checkpoint();
    }
    return problem;
  }

  close(): void {
    this.#blocks.close();
  }
}

/** The problem that `check` throws, or null. Data that the drive can't read is damaged as well. */
async function problemOf(check: () => unknown): Promise<string | null> {
  try {
    await check();
    return null;
  } catch (error) {
    if (error instanceof UpdaterError || errorCode(error) === 'EIO') return errorMessage(error);
    throw error;
  }
}
