/** The real processes: running a program for its output, starting one that outlives us, and finding and ending others. */
import { errorCode, errorMessage, InterruptedError } from '../errors.ts';
import { asUpdaterError } from './failures.ts';
import type {
  BecomeOptions,
  Processes,
  RunResult,
  SpawnOptions,
  StartedProcess,
  StartOptions,
} from './host.ts';
import {
  posixExecutable,
  posixForceEnd,
  posixIsAlive,
  posixIsSuspended,
  posixRequestEnd,
  posixRunning,
} from './posix/processes.ts';
import { endAtSigterm, heedSignals, ownsTerminal } from './posix/system.ts';
import { standardStreams } from './standard-streams.ts';
import { windowsExecutable, windowsForceEnd, windowsIsAlive, windowsRunning } from './windows/processes.ts';
import { windowsStart } from './windows/start.ts';

const OUTPUT_KEPT = 64 * 1024;
/** How long to wait for the rest of the output after a program has ended: a child of it may keep the output open. */
const OUTPUT_GRACE = 500;
/**
 * Makes a program that was compiled with Bun end with its parent, even if the parent is killed: otherwise a version that
 * hangs in its probe would run for ever. Programs of older versions of Bun, and others, ignore it. On Windows Bun's job
 * object has the same effect for all programs.
 */
const END_WITH_PARENT = { BUN_FEATURE_FLAG_NO_ORPHANS: '1' };

const windows = process.platform === 'win32';

async function run(
  file: string,
  args: string[],
  options: SpawnOptions & { timeLimit: number },
): Promise<RunResult> {
  const begun = performance.now();
  // Of Bun, not of node:child_process: it throws at once, with the errno name, if no process can be created.
  let child: ReturnType<typeof spawnForOutput>;
  try {
    child = spawnForOutput(file, args, options);
  } catch (error) {
    return {
      started: false,
      code: errorCode(error) ?? null,
      reason: errorMessage(asUpdaterError(error, file)),
    };
  }
  let timedOut = false;
  const limit = setTimeout(() => {
    timedOut = true;
    try {
      if (windows) child.kill('SIGKILL');
      else process.kill(-child.pid, 'SIGKILL');
    } catch {
      // It ended between the time limit and the signal.
    }
  }, options.timeLimit);
  const output = [collect(child.stdout), collect(child.stderr)] as const;
  await child.exited;
  clearTimeout(limit);
  await within(OUTPUT_GRACE, Promise.all(output.map(({ ended }) => ended)));
  const [stdout, stderr] = output.map(({ stop }) => stop());
  return {
    started: true,
    code: child.signalCode === null ? child.exitCode : null,
    signal: child.signalCode === null ? null : String(child.signalCode),
    stdout: stdout ?? '',
    stderr: stderr ?? '',
    timedOut,
    duration: performance.now() - begun,
  };
}

function spawnForOutput(file: string, args: string[], options: SpawnOptions) {
  return Bun.spawn([file, ...args], {
    cwd: options.workingDirectory,
    env: { ...options.environment, ...END_WITH_PARENT },
    stdio: ['ignore', 'pipe', 'pipe'],
    // Its own process group, so that the time limit also ends what it started.
    detached: !windows,
    windowsHide: true,
  });
}

/** Reads all of a stream and keeps its beginning. */
function collect(stream: ReadableStream<Uint8Array>): { ended: Promise<void>; stop(): string } {
  const reader = stream.getReader();
  const decoder = new TextDecoder();
  let text = '';
  const read = async () => {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      if (text.length < OUTPUT_KEPT) text += decoder.decode(value, { stream: true });
    }
  };
  // What could not be read is missing from a message, no more.
  const ended = read().catch(() => undefined);
  const stop = () => {
    reader.cancel().catch(() => undefined);
    return text;
  };
  return { ended, stop };
}

async function within(milliseconds: number, work: Promise<unknown>): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const limit = new Promise((resolve) => {
    timer = setTimeout(resolve, milliseconds);
  });
  await Promise.race([work, limit]);
  clearTimeout(timer);
}

/**
 * With a terminal on standard input, this process has to stay: the shell waits for it, and takes the terminal back from the
 * program as soon as it ends. Without a terminal it may end. So it may on Windows if its parent has ended, since then no
 * shell waits for it.
 */
async function start(file: string, args: string[], options: StartOptions): Promise<StartedProcess> {
  const holdTerminal =
    options.background !== true && process.stdin.isTTY === true && (!windows || windowsIsAlive(process.ppid));
  if (windows && !holdTerminal) {
    return { pid: windowsStart(file, args, options), ended: null };
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
    const ended = new Promise<void>((resolveEnd) => child.on('exit', () => resolveEnd()));
    child.on('spawn', () => {
      if (!holdTerminal) child.unref();
      resolve({ pid: child.pid ?? 0, ended: holdTerminal ? ended : null });
    });
  });
}

/** By way of a shell that ends at once, so that it is not left as a child, and a zombie, of what this process becomes. */
async function startInBackground(
  file: string,
  args: readonly string[],
  options: SpawnOptions,
): Promise<void> {
  const shell = Bun.spawn(['/bin/sh', '-c', '"$0" "$@" &', file, ...args], {
    cwd: options.workingDirectory,
    env: options.environment,
    stdio: ['ignore', 'ignore', 'inherit'],
    detached: true,
  });
  await shell.exited;
}

async function become(file: string, args: readonly string[], options: BecomeOptions): Promise<never> {
  // A SIGTERM ends us from here on: execve would lose one that no listener has heard.
  const listeners = process.listeners('SIGTERM');
  endAtSigterm();
  try {
    // Output that is not written yet would be lost.
    await standardStreams.written();
    // What has come before is heard now.
    await new Promise((resolve) => setImmediate(resolve));
    if (options.signal?.aborted === true)
      throw new InterruptedError(`interrupted before ${file} was started`);
    // What follows would take it for the state to leave the terminal in.
    if (process.stdin.isTTY && process.stdin.isRaw) process.stdin.setRawMode(false);
    process.chdir(options.workingDirectory);
    if (process.execve === undefined) throw new Error('this system has no execve');
    heedSignals();
    process.removeAllListeners('SIGTERM');
    return process.execve(file, [file, ...args], options.environment);
  } finally {
    process.removeAllListeners('SIGTERM');
    for (const listener of listeners) process.on('SIGTERM', listener);
  }
}

export const nativeProcesses: Processes = {
  pid: process.pid,
  parent: process.ppid,
  isAlive: windows ? windowsIsAlive : posixIsAlive,
  isSuspended: windows ? () => false : posixIsSuspended,
  executable: windows ? windowsExecutable : posixExecutable,
  running: windows ? windowsRunning : posixRunning,
  requestEnd: windows ? () => false : posixRequestEnd,
  forceEnd: windows ? windowsForceEnd : posixForceEnd,
  hasTerminal: () => process.stdin.isTTY === true,
  ownsTerminal: () => windows || ownsTerminal(),
  run,
  start,
  startInBackground: windows ? null : startInBackground,
  become: windows ? null : become,
};
