/**
 * A copy of the working tree in a temporary folder, in which tests run with no network but loopback: a mutant may open a
 * server to every address, or delete what its test did not mean to. A run that has not ended in time is ended, with every
 * process that it started.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const TOP = path.resolve(import.meta.dir, '../..');
/** Milliseconds to wait for the last output of a run, which a process in a group of its own may keep open. */
const OUTPUT_LIMIT = 2000;
const NOT_COPIED = ['node_modules', '.git', 'dist', '.cache'];

export interface TestRun {
  /** Null if it did not end in time. */
  code: number | null;
  milliseconds: number;
  /** What bun test printed. */
  output: string;
}

export interface CopyOfTree {
  readonly top: string;
  /** Whether the tests run in a network namespace of their own. */
  readonly isolated: boolean;
  read(file: string): string;
  write(file: string, text: string): void;
  /** Runs the test files up to the first failure. `limit`: milliseconds. */
  test(files: readonly string[], limit: number): Promise<TestRun>;
  /** Ends the tests that run, if any, and removes the copy. */
  remove(): void;
}

/** `source`: the tree; the one that this file belongs to unless given. */
export function copyTree(source: string = TOP): CopyOfTree {
  const base = fs.mkdtempSync(path.join(os.tmpdir(), 'dgmo-mutants-'));
  // Some tests become somebody else, who has to get in.
  fs.chmodSync(base, 0o755);
  const top = path.join(base, 'tree');
  const isCopied = (from: string) => !NOT_COPIED.includes(path.relative(source, from));
  fs.cpSync(source, top, { recursive: true, filter: isCopied });
  const modules = path.join(source, 'node_modules');
  if (fs.existsSync(modules)) fs.symlinkSync(modules, path.join(top, 'node_modules'));
  const temporary = path.join(base, 'tmp');
  let running: number | undefined;
  const prefix = isolation();
  return {
    top,
    isolated: prefix.length > 0,
    read: (file) => fs.readFileSync(path.join(top, file), 'utf8'),
    write: (file, text) => fs.writeFileSync(path.join(top, file), text),
    test: async (files, limit) => {
      fs.mkdirSync(temporary, { recursive: true });
      fs.chmodSync(temporary, 0o1777);
      try {
        const command = [
          process.execPath,
          'test',
          '--bail',
          '--timeout',
          String(Math.ceil(limit)),
          ...files.map((file) => `./${file}`),
        ];
        return await run([...prefix, ...command], {
          cwd: top,
          temporary,
          limit,
          onStart: (pid) => {
            running = pid;
          },
        });
      } finally {
        running = undefined;
        // A mutant may leave anything there, and the next one is not to find it.
        fs.rmSync(temporary, { recursive: true, force: true });
      }
    },
    remove: () => {
      endGroup(running);
      fs.rmSync(base, { recursive: true, force: true });
    },
  };
}

/**
 * The command that runs another one where nothing but loopback exists, and where what it mounts goes with it; empty if this
 * machine has none.
 */
function isolation(): string[] {
  const unshare = ['unshare', ...(process.getuid?.() === 0 ? [] : ['-r']), '-n', '-m'];
  const command = [...unshare, 'sh', '-c', 'ip link set lo up && exec "$@"', 'sh'];
  const [file = '', ...args] = [...command, 'true'];
  return spawnSync(file, args, { stdio: 'ignore' }).status === 0 ? command : [];
}

interface RunOptions {
  cwd: string;
  /** A folder for temporary files. */
  temporary: string;
  /** Milliseconds. */
  limit: number;
  onStart(pid: number | undefined): void;
}

async function run(command: string[], { cwd, temporary, limit, onStart }: RunOptions): Promise<TestRun> {
  const [file = '', ...args] = command;
  const started = performance.now();
  // A group of its own, so that what the test started can be ended with it.
  const child = spawn(file, args, {
    cwd,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, TMPDIR: temporary, NO_COLOR: '1', CI: 'false' },
  });
  onStart(child.pid);
  const output: Buffer[] = [];
  child.stdout.on('data', (bytes: Buffer) => output.push(bytes));
  child.stderr.on('data', (bytes: Buffer) => output.push(bytes));
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    endGroup(child.pid);
  }, limit);
  const closed = once(child, 'close');
  const [code] = (await once(child, 'exit')) as [number | null];
  clearTimeout(timer);
  // What it leaves behind would keep its output open.
  endGroup(child.pid);
  await Promise.race([closed, Bun.sleep(OUTPUT_LIMIT)]);
  return {
    code: isLate ? null : (code ?? 1),
    milliseconds: performance.now() - started,
    output: Buffer.concat(output).toString(),
  };
}

function endGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It is gone already.
  }
}
