/**
 * Reading everything that a snapshot is made of, and holding it against its digests. This is where trust in statuses
 * ends: an unchanged file is recognised without reading it, but what the store holds of it is read here.
 */
import { DamagedError, errorCode, errorMessage, UpdaterError } from '../../errors.ts';
import { digestFile } from '../../platform/files.ts';
import type { Host } from '../../platform/host.ts';
import { rootsOf, type Snapshot } from '../document.ts';
import { binaryPath, forgetBinary } from './binaries.ts';
import { Blocks } from './blocks.ts';
import { markClone, verifyClone } from './clones.ts';
import type { StoreLayout } from './layout.ts';
import { addTree, noReferences } from './references.ts';

export interface Verified {
  id: string;
  /** What is wrong, each a sentence; empty where it is sound. */
  problems: string[];
  /** Bytes that were read for it, before they were decompressed; what it shares with one before it is read once. */
  read: number;
}

const PACE = 16 << 20;

/** Several snapshots, each block of them read once. */
export class Verifier {
  readonly #host: Host;
  readonly #layout: StoreLayout;
  readonly #blocks: Blocks;
  readonly #breathe: () => Promise<void>;
  /** What was read: null where it was sound. */
  readonly #seen = new Map<string, string | null>();
  #read = 0;
  #since = 0;

  constructor(host: Host, layout: StoreLayout, breathe: () => Promise<void>) {
    this.#host = host;
    this.#layout = layout;
    this.#breathe = breathe;
    this.#blocks = new Blocks(host.disk, layout);
  }

  /** The caller is the one writer of the store: seals are written, and what is found to be lost is written down. */
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
      if (tree !== null) note(problemOf(() => addTree(disk, layout, tree, references)));
    }
    const { binary } = snapshot.components;
    if (binary !== null)
      note(await this.#once(binary.checksum, binary.size, () => this.#checkBinary(binary.checksum)));
    for (const [clone, bytes] of references.clones) {
      note(await this.#once(clone, bytes, () => this.#checkClone(clone, bytes)));
    }
    for (const block of references.blocks) {
      const stored = this.#blocks.place(block)?.stored ?? 0;
      note(await this.#once(block, stored, () => this.#blocks.read(block)));
    }
    this.#blocks.recordLost();
    return { id: snapshot.id, problems: [...problems], read: this.#read };
  }

  #checkBinary(checksum: string): void {
    const path = binaryPath(this.#layout, checksum);
    const found = digestFile(this.#host.disk, path);
    if (found?.sha256 === checksum) return;
    forgetBinary(this.#host.disk, this.#layout, checksum);
    throw new DamagedError(
      found === null
        ? `the binary ${path} is missing`
        : `the binary ${path} is damaged: it has SHA-256 ${found.sha256}`,
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

  async #once(name: string, bytes: number, check: () => void): Promise<string | null> {
    const known = this.#seen.get(name);
    if (known !== undefined) return known;
    const problem = problemOf(check);
    this.#seen.set(name, problem);
    this.#read += bytes;
    this.#since += bytes;
    if (this.#since >= PACE) {
      this.#since = 0;
      await this.#breathe();
    }
    return problem;
  }

  close(): void {
    this.#blocks.close();
  }
}

/** What the drive can't read is as good as damaged. */
function problemOf(check: () => void): string | null {
  try {
    check();
    return null;
  } catch (error) {
    if (error instanceof UpdaterError || errorCode(error) === 'EIO') return errorMessage(error);
    throw error;
  }
}
