/**
 * The system that a binary is built for, named as in `process.platform` and `process.arch`. On Linux the C library is part
 * of the architecture: `x64` is for glibc, `x64-musl` for musl. The eight targets are printed as `linux-x64`,
 * `linux-x64-musl`, `win32-arm64`, ...
 */

import { oneOf } from '../format/decoder.ts';
import type { Platform } from '../platform/host.ts';

export type BinaryArch = 'x64' | 'arm64' | 'x64-musl' | 'arm64-musl';

export interface Target {
  platform: Platform;
  arch: BinaryArch;
}

export const TARGETS: readonly Target[] = [
  { platform: 'linux', arch: 'x64' },
  { platform: 'linux', arch: 'arm64' },
  { platform: 'linux', arch: 'x64-musl' },
  { platform: 'linux', arch: 'arm64-musl' },
  { platform: 'darwin', arch: 'x64' },
  { platform: 'darwin', arch: 'arm64' },
  { platform: 'win32', arch: 'x64' },
  { platform: 'win32', arch: 'arm64' },
];

export function targetName(target: Target): string {
  return `${target.platform}-${target.arch}`;
}

/** The target with that name; null if there is none. */
export function parseTarget(name: string): Target | null {
  return TARGETS.find((target) => targetName(target) === name) ?? null;
}

/** The target of this machine. */
export function targetOf(host: { platform: Platform; arch: 'x64' | 'arm64'; musl: boolean }): Target {
  return { platform: host.platform, arch: host.musl ? `${host.arch}-musl` : host.arch };
}

export function executableName(name: string, platform: Platform): string {
  return platform === 'win32' ? `${name}.exe` : name;
}

export const platform = oneOf<Platform>('linux', 'darwin', 'win32');
export const arch = oneOf<BinaryArch>('x64', 'arm64', 'x64-musl', 'arm64-musl');
