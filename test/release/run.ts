/** The real CLI as a child process, in a fresh folder. */
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const CLI = path.join(import.meta.dir, '../../release/cli.ts');

export const PASSPHRASE = 'correct horse battery';
/** The least that a key file may have: tests guess no passphrases. */
export const CHEAP = ['--scrypt-cost', '10'];

export interface Outcome {
  code: number;
  stdout: string;
  stderr: string;
}

export interface Folder extends Disposable {
  at(...names: string[]): string;
  /** Runs `release` in the folder. DGMO_KEY_PASSPHRASE is the passphrase above unless `environment` says otherwise. */
  release(args: string[], environment?: Record<string, string | undefined>): Promise<Outcome>;
}

export function freshFolder(): Folder {
  // With a space and a letter that is not ASCII: people have such folders.
  const folder = mkdtempSync(path.join(os.tmpdir(), 'dgmo release ü-'));
  return {
    at: (...names) => path.join(folder, ...names),
    async release(args, environment = {}) {
      const child = Bun.spawn([process.execPath, CLI, ...args], {
        cwd: folder,
        env: { ...process.env, DGMO_KEY_PASSPHRASE: PASSPHRASE, ...environment },
        stdin: 'ignore',
        stdout: 'pipe',
        stderr: 'pipe',
      });
      const [stdout, stderr] = await Promise.all([
        new Response(child.stdout).text(),
        new Response(child.stderr).text(),
      ]);
      return { code: await child.exited, stdout, stderr };
    },
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** Bytes that do not compress and are the same in every run (xorshift32). */
export function noise(seed: number, size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  let state = seed;
  for (let index = 0; index < size; index += 1) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    bytes[index] = state;
  }
  return bytes;
}
