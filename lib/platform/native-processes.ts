/** Real processes: the probe (`run`), the start of a program that outlives us (`start`), and those of others. */
import type { Processes, RunResult, SpawnOptions, StartOptions } from './host.ts';
import {
  posixExecutable,
  posixForceEnd,
  posixIsAlive,
  posixRequestEnd,
  posixRunning,
} from './posix/processes.ts';
import { ownsTerminal } from './posix/system.ts';
import { written } from './standard-streams.ts';
import { windowsExecutable, windowsForceEnd, windowsIsAlive, windowsRunning } from './windows/processes.ts';
import { windowsStart } from './windows/start.ts';

const OUTPUT_KEPT = 64 * 1024;
/** How long after its end a program's output may still be held open by a child that it left behind. */
const OUTPUT_GRACE = 500;
/**
 * Makes a program that Bun runs end with its parent, however the parent ends: a version that hangs in its probe
 * would stay for ever where we were killed. A version that was made with an older Bun takes no notice, and other
 * programs neither; on Windows Bun's own job does the same for all.
 */
const END_WITH_PARENT = { BUN_FEATURE_FLAG_NO_ORPHANS: '1' };

const windows = process.platform === 'win32';

async function run(
  file: string,
  args: string[],
  options: SpawnOptions & { timeLimit: number },
): Promise<RunResult> {
  const { spawn } = await import('node:child_process');
  const begun = performance.now();
  return new Promise((resolve) => {
    const output = { stdout: '', stderr: '' };
    let timedOut = false;
    const child = spawn(file, args, {
      cwd: options.workingDirectory,
      env: { ...options.environment, ...END_WITH_PARENT },
      stdio: ['ignore', 'pipe', 'pipe'],
      // A process group of its own, so that the time limit ends what it started as well.
      detached: !windows,
      windowsHide: true,
    });
    const settle = (code: number | null, signal: string | null) => {
      clearTimeout(limit);
      child.stdout.destroy();
      child.stderr.destroy();
      resolve({ code, signal, ...output, timedOut, duration: performance.now() - begun });
    };
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].on('data', (bytes: Buffer) => {
        if (output[name].length < OUTPUT_KEPT) output[name] += bytes.toString('utf8');
      });
    }
    const limit = setTimeout(() => {
      timedOut = true;
      if (child.pid === undefined) return;
      try {
        if (windows) child.kill('SIGKILL');
        else process.kill(-child.pid, 'SIGKILL');
      } catch {
        // It ended between the time limit and the signal: 'exit' tells.
      }
    }, options.timeLimit);
    child.on('error', (error) => {
      output.stderr += error.message;
      settle(null, null);
    });
    child.on('exit', (code, signal) => {
      const grace = setTimeout(() => settle(code, signal), OUTPUT_GRACE);
      child.on('close', () => {
        clearTimeout(grace);
        settle(code, signal);
      });
    });
  });
}

/**
 * With a terminal on standard input this process has to stay: a shell waits for it, and would take the terminal
 * away from the program at the moment at which it ended. Without one it may go; on Windows also where the one that
 * started us is gone, so that nobody waits for us.
 */
async function start(file: string, args: string[], options: StartOptions): Promise<number | null> {
  const holdTerminal = process.stdin.isTTY === true && (!windows || windowsIsAlive(process.ppid));
  if (windows && !holdTerminal) {
    windowsStart(file, args, options);
    return null;
  }
  const { spawn } = await import('node:child_process');
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, {
      cwd: options.workingDirectory,
      env: options.environment,
      stdio: ['inherit', options.outputToError ? 2 : 'inherit', 'inherit'],
      detached: !holdTerminal,
    });
    child.on('error', reject);
    if (holdTerminal) {
      child.on('exit', (code) => resolve(code ?? 1));
      return;
    }
    child.on('spawn', () => {
      child.unref();
      resolve(null);
    });
  });
}

async function become(file: string, args: readonly string[], options: SpawnOptions): Promise<never> {
  // What was written to a pipe may still be on its way, and would be lost.
  await written();
  process.chdir(options.workingDirectory);
  if (process.execve === undefined) throw new Error('this system has no execve');
  return process.execve(file, [file, ...args], options.environment);
}

export const nativeProcesses: Processes = {
  pid: process.pid,
  parent: process.ppid,
  isAlive: windows ? windowsIsAlive : posixIsAlive,
  executable: windows ? windowsExecutable : posixExecutable,
  running: windows ? windowsRunning : posixRunning,
  requestEnd: windows ? () => false : posixRequestEnd,
  forceEnd: windows ? windowsForceEnd : posixForceEnd,
  hasTerminal: () => process.stdin.isTTY === true,
  ownsTerminal: () => windows || ownsTerminal(),
  run,
  start,
  become: windows ? null : become,
};
