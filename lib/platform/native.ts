/** The machine that this program runs on, as a `Host`. */
import fs from 'node:fs';
import { UsageError } from '../errors.ts';
import { nativeDatabases } from './databases.ts';
import type { Host, Platform } from './host.ts';
import { nativeDisk } from './native-disk.ts';
import { nativeProcesses } from './native-processes.ts';
import { posixAcquireLock } from './posix/lock.ts';
import { windowsAcquireLock } from './windows/system.ts';

/** Throws UsageError on a system that there are no releases for. */
export function nativeHost(): Host {
  return {
    platform: supportedPlatform(),
    arch: supportedArch(),
    musl: usesMusl(),
    disk: nativeDisk,
    databases: nativeDatabases,
    processes: nativeProcesses,
    locks: { acquire: process.platform === 'win32' ? windowsAcquireLock : posixAcquireLock },
    clock: {
      now: () => Date.now(),
      monotonic: () => performance.now(),
      sleep: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
    },
    random: { bytes: (count) => crypto.getRandomValues(new Uint8Array(count)) },
    environment: process.env,
    workingDirectory: process.cwd(),
    user: process.geteuid?.() ?? null,
    get homeDirectory() {
      return homeDirectory();
    },
  };
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
 * In a container a user may be a number and nothing else: then there is neither $HOME nor an entry to look it up in.
 * `require`, so that node:os is loaded only if somebody asks.
 */
function homeDirectory(): string | null {
  try {
    const os = require('node:os') as typeof import('node:os');
    return os.homedir() || null;
  } catch {
    return null;
  }
}
