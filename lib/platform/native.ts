/** The real machine as a `Host`. */
import fs from 'node:fs';
import { UsageError } from '../errors.ts';
import { nativeDatabases } from './databases.ts';
import type { Host, Platform } from './host.ts';
import { nativeDisk } from './native-disk.ts';
import { nativeProcesses } from './native-processes.ts';
import { secondsEastOfUtc } from './posix/libc.ts';
import { posixAcquireLock, posixSharedHolder } from './posix/lock.ts';
import { hasModernInstructions } from './processor.ts';
import { belongsToAdministrators } from './windows/owner.ts';
import { windowsAcquireLock } from './windows/system.ts';

/** Throws UsageError on a system that is not supported. */
export function nativeHost(): Host {
  return {
    platform: supportedPlatform(),
    arch: supportedArch(),
    musl: usesMusl(),
    hasModernInstructions,
    disk: nativeDisk,
    databases: nativeDatabases,
    processes: nativeProcesses,
    locks:
      process.platform === 'win32'
        ? { acquire: windowsAcquireLock }
        : { acquire: posixAcquireLock, sharedHolder: posixSharedHolder },
    clock: {
      now: () => Date.now(),
      monotonic: () => performance.now(),
      sleep,
    },
    random: { bytes: (count) => crypto.getRandomValues(new Uint8Array(count)) },
    environment: process.env,
    workingDirectory: process.cwd(),
    user: process.geteuid?.() ?? null,
    localOffset,
    systemOwns: (path) => process.platform === 'win32' && belongsToAdministrators(path),
    get homeDirectory() {
      return homeDirectory();
    },
  };
}

/** 0 lets what has happened meanwhile be noticed, such as a signal; a timer of 0 would take a millisecond. */
function sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted === true) return resolve();
    if (milliseconds <= 0) return void setImmediate(resolve);
    const end = () => {
      signal?.removeEventListener('abort', end);
      clearTimeout(timer);
      resolve();
    };
    const timer = setTimeout(end, milliseconds);
    signal?.addEventListener('abort', end, { once: true });
  });
}

/** JavaScript loads the names of all time zones for this, which takes longer than everything else that `status` does. */
function localOffset(milliseconds: number): number {
  const seconds = process.platform === 'win32' ? null : secondsEastOfUtc(milliseconds / 1000);
  return seconds === null ? -60_000 * new Date(milliseconds).getTimezoneOffset() : seconds * 1000;
}

function supportedPlatform(): Platform {
  const { platform } = process;
  if (platform === 'linux' || platform === 'darwin' || platform === 'win32') return platform;
  throw new UsageError(`dgmo-updater runs on linux, darwin and win32, not on ${platform}`);
}

function supportedArch(): 'x64' | 'arm64' {
  const { arch } = process;
  if (arch === 'x64' || arch === 'arm64') return arch;
  throw new UsageError(`dgmo-updater runs on x64 and arm64, not on ${arch}`);
}

function usesMusl(): boolean {
  if (process.platform !== 'linux') return false;
  return fs.existsSync(`/lib/ld-musl-${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}.so.1`) && !hasGlibc();
}

function hasGlibc(): boolean {
  return ['/lib64/ld-linux-x86-64.so.2', '/lib/ld-linux-aarch64.so.1'].some((path) => fs.existsSync(path));
}

/**
 * Null if there is neither $HOME nor an entry for the user, for example in a container. Uses `require` so that node:os is
 * loaded only if it is needed.
 */
function homeDirectory(): string | null {
  // What node:os would return.
  if (process.platform !== 'win32' && process.env.HOME) return process.env.HOME;
  try {
    const os = require('node:os') as typeof import('node:os');
    return os.homedir() || null;
  } catch {
    return null;
  }
}
