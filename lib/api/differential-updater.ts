/**
 * The plan's `DifferentialUpdater`: patches between two binaries, made and applied, over files and over bytes.
 *
 *     const updater = new DifferentialUpdater();
 *     const patch = await updater.generatePatch('dgmo-1.4.0', 'dgmo-1.5.0', { from: '1.4.0', to: '1.5.0' });
 *     await updater.applyPatch('dgmo', patch);
 *
 * A patch names the file that it applies to and the file that it makes by their digests: it makes that file or none. It
 * knows nothing of snapshots, of the receipt and of trial starts: `UpdateManager` updates an installed DGMO.
 */

import { FILE_LIMIT, HEADER_LIMIT } from '../delta/format.ts';
import {
  applyPatch,
  decodePatch,
  encodePatch,
  generatePatch,
  type PatchFile,
  patchSource,
  signPatch,
  verifyPatchSignature,
} from '../delta/index.ts';
import { BusyError, InterruptedError, UsageError } from '../errors.ts';
import { array, decodeInput, nullable } from '../format/decoder.ts';
import {
  abortSignal,
  anything,
  binaryData,
  callable,
  either,
  type Fields,
  fieldsOf,
  requireOptions,
  words,
} from '../format/inputs.ts';
import { asUpdaterError } from '../platform/failures.ts';
import { digestBytes, memorySource, openSource, readFile, type Source } from '../platform/files.ts';
import type { Host } from '../platform/host.ts';
import { harmless } from '../platform/listener.ts';
import { inputFile, outputPath } from '../platform/named-file.ts';
import { nativeHost } from '../platform/native.ts';
import { replaceFile } from '../platform/replacement/replace-file.ts';
import type { PublicKey, SigningKey } from '../trust/index.ts';

export interface DifferentialUpdaterOptions {
  /** Signs the patches that are generated; without it they are not signed. */
  key?: SigningKey;
  /** Only patches that one of these keys signed are applied; without it every patch is. */
  trustedKeys?: readonly PublicKey[];
  /**
   * Called now and then with the part of the work that is done, from 0 to 1. What it throws ends nothing (`signal` does): it is
   * reported as a warning of the process, once.
   */
  onProgress?(fraction: number): void;
  /** Ends the work when it is aborted, within seconds; until the file is replaced, not after. */
  signal?: AbortSignal;
  /** @internal The machine; for tests and the command line. */
  host?: Host;
}

/** The versions of the two binaries: for people to read, and not what decides whether a patch applies. */
export interface VersionInfo {
  /** 1 to 128 of `0-9 A-Z a-z . + -`. */
  from: string;
  to: string;
}

export interface ApplyPatchOptions {
  /** Where to write the new file instead of replacing the current one. An existing file is replaced. */
  output?: string;
}

const KEY_SIZE = 32;

const KEY = fieldsOf<PublicKey>({ id: words, bytes: binaryData }, 'a key', ['id', 'bytes']);

const OPTIONS: Fields<DifferentialUpdaterOptions> = {
  key: fieldsOf<SigningKey>({ id: words, bytes: binaryData, sign: callable }, 'a key', [
    'id',
    'bytes',
    'sign',
  ]),
  trustedKeys: array(KEY, 0, 1000),
  ...{ onProgress: callable, signal: abortSignal, host: anything },
};

const BINARY = either('a path or a Uint8Array', words, binaryData);

const VERSIONS = fieldsOf<VersionInfo>({ from: words, to: words }, 'two versions', ['from', 'to']);

const PATCH = fieldsOf<PatchFile>(
  { header: fieldsOf({}), data: binaryData, signature: nullable(words) },
  'what `generatePatch` or `readPatch` returned',
  ['header', 'data', 'signature'],
);

export class DifferentialUpdater {
  readonly #options: DifferentialUpdaterOptions;
  readonly #host: Host;
  readonly #progress: (fraction: number) => void;

  /**
   * @throws UsageError if an option is of another type, or a trusted key is not 32 bytes long
   * @example
   *     const updater = new DifferentialUpdater({ trustedKeys: [publicKey(bytes)], signal: controller.signal });
   */
  constructor(options: DifferentialUpdaterOptions = {}) {
    requireOptions(OPTIONS, options);
    for (const { bytes } of options.trustedKeys ?? []) {
      if (bytes.length === KEY_SIZE) continue;
      throw new UsageError(
        `trustedKeys: wanted public keys of ${KEY_SIZE} bytes, found one of ${bytes.length}`,
      );
    }
    this.#options = options;
    this.#host = options.host ?? nativeHost();
    this.#progress = harmless(options.onProgress, 'onProgress');
  }

  /**
   * Makes the patch that turns one binary into another, signed if there is a `key`. The same input gives the same patch.
   * Takes up to 4 bytes of memory for each byte of both binaries.
   *
   * @param from the old binary: its path or its bytes, at most 1 GiB
   * @param to the new binary, likewise
   * @param version their versions
   * @returns the patch, in memory
   * @throws UsageError if a path names no file, a binary is larger than 1 GiB, or a version has other characters
   * @throws MachineError if a file can't be read
   * @throws InterruptedError if `signal` was aborted
   * @example
   *     const patch = await updater.generatePatch('dgmo-1.4.0', 'dgmo-1.5.0', { from: '1.4.0', to: '1.5.0' });
   */
  async generatePatch(
    from: string | Uint8Array,
    to: string | Uint8Array,
    version: VersionInfo,
  ): Promise<PatchFile> {
    decodeInput(BINARY, from, 'from');
    decodeInput(BINARY, to, 'to');
    decodeInput(VERSIONS, version, 'version');
    const undone = 'no patch was made';
    return this.#run('a binary', async () => {
      const onProgress = (fraction: number) => {
        this.#checkSignal(undone);
        this.#progress(fraction);
      };
      const [old, fresh] = [this.#contentOf(from), this.#contentOf(to)];
      const versions = { fromVersion: version.from, toVersion: version.to };
      const patch = decodePatch(await generatePatch({ old, new: fresh, ...versions, onProgress }));
      return this.#options.key === undefined ? patch : signPatch(patch, this.#options.key);
    });
  }

  /**
   * Makes the new binary. Nothing is written before the signature (if there are `trustedKeys`), the patch and the current
   * binary are verified.
   *
   * Over a path, the new binary is written beside the current one with the same permissions, flushed, read back and
   * verified, and then takes its name, so the path names the whole old or the whole new binary at every instant. After a
   * failure nothing is left behind; what a killed process leaves is removed by the next call for the same path. A symlink
   * is followed. Beside the patch it takes at most 32 MiB of memory
   * for a patch of `bsdiff`, and 1.25 times the current binary and at most 380 MiB for one of `mixing`. Windows does not let a running executable be replaced:
   * that is a MachineError here, and what `UpdateManager` is for.
   *
   * @param currentBinary the old binary: its path or its bytes
   * @param patch from `generatePatch` or `readPatch`
   * @returns over bytes the new bytes, over a path nothing
   * @throws UsageError if the path names no file, or `output` names the current binary, a folder, or is in no folder
   * @throws TrustError if there are `trustedKeys` and none of them signed the patch
   * @throws DamagedError if the current binary is not the one that the patch was made from, or the patch is damaged
   * @throws BusyError if another process changed the current binary meanwhile
   * @throws MachineError if a file can't be read or written: the disk is full, permission is denied, the file is in use.
   *   If only the flush of the folder failed, the new binary is in place and may be lost in a power cut.
   * @throws InterruptedError if `signal` was aborted; the current binary is unchanged
   * @example
   *     await updater.applyPatch('/opt/tools/dgmo', patch);
   *     await updater.applyPatch('dgmo-1.4.0', patch, { output: 'dgmo-1.5.0' });
   *     const bytes = await updater.applyPatch(oldBytes, patch);
   */
  async applyPatch(currentBinary: string, patch: PatchFile, options?: ApplyPatchOptions): Promise<void>;
  async applyPatch(currentBinary: Uint8Array, patch: PatchFile): Promise<Uint8Array>;
  async applyPatch(
    currentBinary: string | Uint8Array,
    patch: PatchFile,
    options: ApplyPatchOptions = {},
  ): Promise<unknown> {
    decodeInput(BINARY, currentBinary, 'currentBinary');
    decodeInput(PATCH, patch, 'patch');
    requireOptions<ApplyPatchOptions>({ output: words }, options);
    const { trustedKeys } = this.#options;
    if (trustedKeys !== undefined) verifyPatchSignature(patch, trustedKeys);
    if (typeof currentBinary !== 'string')
      return this.#run('the new binary', () => this.#applyToBytes(currentBinary, patch));
    return this.#run(currentBinary, () => this.#applyToFile(currentBinary, patch, options.output));
  }

  /**
   * Reads a DGMO_PATCH_V1 file, as `writePatch` and `release diff` make it, and verifies its checksums. The file has no
   * room for a signature, so the returned patch has none. A signature that was received beside the file has to be added.
   *
   * @param source the path of the file, or its bytes; the patch then shares their memory
   * @returns the patch, its `signature` null
   * @throws UsageError if the path names no file
   * @throws DamagedError if the bytes are not a whole, undamaged patch
   * @throws MachineError if the file can't be read
   * @example
   *     const patch = { ...(await updater.readPatch('1.4.0-1.5.0.patch')), signature };
   */
  async readPatch(source: string | Uint8Array): Promise<PatchFile> {
    decodeInput(BINARY, source, 'source');
    if (typeof source !== 'string') return decodePatch(source);
    return this.#run(source, async () => decodePatch(this.#read(source, FILE_LIMIT + HEADER_LIMIT)));
  }

  /**
   * Writes the patch as a DGMO_PATCH_V1 file, without its signature, which has to travel beside it. An existing file is
   * replaced; a failure leaves it as it was.
   *
   * @param patch from `generatePatch` or `readPatch`
   * @param path the file to write
   * @throws UsageError if `path` names a folder, or is in no folder
   * @throws DamagedError if the header of the patch is not one that a file can have
   * @throws MachineError if the file can't be written
   * @throws InterruptedError if `signal` was aborted
   * @example
   *     await updater.writePatch(patch, '1.4.0-1.5.0.patch');
   */
  async writePatch(patch: PatchFile, path: string): Promise<void> {
    decodeInput(PATCH, patch, 'patch');
    decodeInput(words, path, 'path');
    const bytes = encodePatch(patch);
    await this.#run(path, async () =>
      replaceFile(this.#host, outputPath(this.#host, path), {
        mode: 0o644,
        produce: async (write) => {
          write(bytes);
          return digestBytes(bytes);
        },
        beforeReplace: () => this.#checkSignal(`${path} was not written`),
      }),
    );
  }

  async #applyToBytes(old: Uint8Array, patch: PatchFile): Promise<Uint8Array> {
    let fresh = new Uint8Array(0);
    let size = 0;
    await this.#apply(memorySource(old), patch, 'nothing was made', (chunk) => {
      // Not before the patch is verified: until then its size is only a claim.
      if (size === 0) fresh = new Uint8Array(patch.header.toSize);
      fresh.set(chunk, size);
      size += chunk.length;
    });
    this.#progress(1);
    return fresh;
  }

  async #applyToFile(path: string, patch: PatchFile, output: string | undefined): Promise<void> {
    const { disk } = this.#host;
    const current = inputFile(this.#host, path);
    const destination = output === undefined ? current.path : outputPath(this.#host, output, current);
    const undone = `${output ?? path} was not ${output === undefined ? 'changed' : 'written'}`;
    await replaceFile(this.#host, destination, {
      mode: current.status.mode,
      produce: async (write) => {
        const old = openSource(disk, current.path);
        try {
          return await this.#apply(old, patch, undone, write);
        } finally {
          // Windows does not replace a file that is open.
          old.close();
        }
      },
      beforeReplace: () => {
        this.#checkSignal(undone);
        if (disk.status(current.path)?.identity === current.status.identity) return;
        throw new BusyError(`another process changed ${path} while the patch was applied: ${undone}`, {
          advice: 'Try again.',
        });
      },
    });
    this.#progress(1);
  }

  #apply(old: Source, patch: PatchFile, undone: string, write: (chunk: Uint8Array) => void) {
    this.#checkSignal(undone);
    let done = 0;
    return applyPatch({
      patch: patchSource(patch),
      old,
      write: (chunk) => {
        write(chunk);
        done += chunk.length;
        this.#progress(done / patch.header.toSize);
      },
      checkpoint: async () => {
        // An abort by a timer or an event is seen only if the event loop turns.
        await this.#host.clock.sleep(0);
        this.#checkSignal(undone);
      },
    });
  }

  #contentOf(binary: string | Uint8Array): Uint8Array {
    return typeof binary === 'string' ? this.#read(binary, FILE_LIMIT) : binary;
  }

  #read(path: string, limit: number): Uint8Array {
    const { disk } = this.#host;
    const found = inputFile(this.#host, path);
    if (found.status.size > limit) {
      throw new UsageError(`${path}: wanted at most ${limit} bytes, found ${found.status.size}`);
    }
    return readFile(disk, found.path, limit) ?? new Uint8Array(0);
  }

  #checkSignal(undone: string): void {
    if (this.#options.signal?.aborted === true) throw new InterruptedError(`interrupted: ${undone}`);
  }

  /** Turns the errors of the operating system into MachineErrors. */
  async #run<Result>(where: string, work: () => Promise<Result>): Promise<Result> {
    try {
      return await work();
    } catch (error) {
      throw asUpdaterError(error, where);
    }
  }
}
