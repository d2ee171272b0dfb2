/** Other processes of ours: one that does a piece of work and ends, and one that serves under supervision. */
import { outlivesTerminal } from './signals.ts';

export interface Ended {
  /** Null if a signal ended it, or if it could not be started. */
  code: number | null;
  signal: string | null;
  /** All of its standard error. */
  errors: string;
}

export interface RunOptions {
  workingDirectory?: string;
  /** Called with what comes on standard output, in pieces as it comes. */
  onOutput?(text: string): void;
  /** Ends the process. */
  stop?: AbortSignal;
}

/**
 * Runs a program to its end, in our process group, so that a Ctrl-C at the terminal reaches it as well; under nohup in a session
 * of its own, which no terminal ends. Its standard input stays open as long as this process lives.
 */
export async function runChild(command: readonly string[], options: RunOptions = {}): Promise<Ended> {
  const { workingDirectory, onOutput, stop } = options;
  const child = spawn(command, workingDirectory, stop);
  if (child instanceof Error) return { code: null, signal: null, errors: child.message };
  const errors = new Response(child.stderr).text();
  const decoder = new TextDecoder();
  for await (const piece of child.stdout) onOutput?.(decoder.decode(piece, { stream: true }));
  await child.exited;
  return {
    code: child.exitCode,
    signal: child.signalCode === null ? null : String(child.signalCode),
    errors: (await errors).trim(),
  };
}

export const PASSPHRASE_VARIABLE = 'DGMO_KEY_PASSPHRASE';

/** For the passphrase that keys get. */
export const NEW_PASSPHRASE_VARIABLE = 'DGMO_KEY_NEW_PASSPHRASE';

/** An environment, ours unless another is given, without the passphrases of the keys: other processes never sign. */
export function withoutSecrets(
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Record<string, string | undefined> {
  const { [PASSPHRASE_VARIABLE]: _, [NEW_PASSPHRASE_VARIABLE]: __, ...rest } = environment;
  return rest;
}

function spawn(command: readonly string[], cwd: string | undefined, signal: AbortSignal | undefined) {
  try {
    return Bun.spawn([...command], {
      // Bun gives a child the signals as they are by default, SIGHUP as well.
      detached: outlivesTerminal(),
      ...(cwd !== undefined && { cwd }),
      ...(signal !== undefined && { signal }),
      env: withoutSecrets(),
      stdin: 'pipe',
      stdout: 'pipe',
      stderr: 'pipe',
    });
  } catch (error) {
    if (error instanceof Error) return error;
    throw error;
  }
}

/** What a serving process tells its supervisor once it listens. */
export interface Ready {
  url: string;
  port: number;
}

export interface ServingProcess {
  /** How it ended: a signal or an exit code. */
  readonly ended: Promise<string>;
  kill(signal: 'SIGTERM' | 'SIGKILL' | 'SIGHUP'): void;
}

/** Starts a serving process; its output is ours. */
export function startServing(command: readonly string[], onReady: (ready: Ready) => void): ServingProcess {
  const child = Bun.spawn([...command], {
    env: withoutSecrets(),
    stdio: ['ignore', 'inherit', 'inherit'],
    ipc: (message: Ready) => onReady(message),
  });
  return {
    ended: child.exited.then(() => String(child.signalCode ?? `exit code ${child.exitCode}`)),
    kill: (signal) => child.kill(signal),
  };
}

/** The other end of `startServing`: how a serving process reaches the one that started it. */
export const supervisor = {
  ready(ready: Ready): void {
    process.send?.(ready);
  },
  /** Resolves once the supervisor is gone. Never for a process that has none. */
  gone(): Promise<void> {
    return new Promise((resolve) => process.once('disconnect', () => resolve()));
  },
  /** An open line to the supervisor would keep this process alive. */
  leave(): void {
    if (process.connected) process.disconnect?.();
  },
};
