/**
 * The system that a binary is built for, named as in `process.platform` and `process.arch`. On Linux the C library is part
 * of the architecture: `x64` is for glibc, `x64-musl` for musl. A program for x64 may be published in two builds: one that uses
 * what processors have since 2013 (AVX2), and a baseline build for those before, whose names end in `-baseline`, as Bun's do.
 * The targets are printed as `linux-x64`, `linux-x64-musl`, `linux-x64-musl-baseline`, `win32-arm64`, ...
 */

import { oneOf } from '../format/decoder.ts';
import type { Platform } from '../platform/host.ts';

const ARCHS = ['x64', 'arm64', 'x64-musl', 'arm64-musl', 'x64-baseline', 'x64-musl-baseline'] as const;

export type BinaryArch = (typeof ARCHS)[number];

export interface Target {
  platform: Platform;
  arch: BinaryArch;
}

/** The targets of machines. The updater is built for these: its own build for x64 runs on every processor that Bun supports. */
export const MACHINES: readonly Target[] = [
  { platform: 'linux', arch: 'x64' },
  { platform: 'linux', arch: 'arm64' },
  { platform: 'linux', arch: 'x64-musl' },
  { platform: 'linux', arch: 'arm64-musl' },
  { platform: 'darwin', arch: 'x64' },
  { platform: 'darwin', arch: 'arm64' },
  { platform: 'win32', arch: 'x64' },
  { platform: 'win32', arch: 'arm64' },
];

/** What a release may be published for. */
export const TARGETS: readonly Target[] = [
  ...MACHINES,
  ...MACHINES.flatMap((target) => baselineOf(target) ?? []),
];

export function targetName(target: Target): string {
  return `${target.platform}-${target.arch}`;
}

/** The target with that name; null if there is none. */
export function parseTarget(name: string): Target | null {
  return TARGETS.find((target) => targetName(target) === name) ?? null;
}

/** The target of this machine, whatever its processor is. */
export function targetOf(host: { platform: Platform; arch: 'x64' | 'arm64'; musl: boolean }): Target {
  return { platform: host.platform, arch: host.musl ? `${host.arch}-musl` : host.arch };
}

export function isBaseline({ arch }: Pick<Target, 'arch'>): boolean {
  return arch.endsWith('-baseline');
}

/** The same target for older processors; null if there is no such build. */
export function baselineOf({ platform, arch }: Target): Target | null {
  if (arch === 'x64') return { platform, arch: 'x64-baseline' };
  return arch === 'x64-musl' ? { platform, arch: 'x64-musl-baseline' } : null;
}

/** The target of the machines that the binary is for, whichever of the builds it is. */
export function machineOf({ platform, arch }: Target): Target {
  if (arch === 'x64-baseline') return { platform, arch: 'x64' };
  return { platform, arch: arch === 'x64-musl-baseline' ? 'x64-musl' : arch };
}

export function executableName(name: string, platform: Platform): string {
  return platform === 'win32' ? `${name}.exe` : name;
}

export const platform = oneOf<Platform>('linux', 'darwin', 'win32');
export const arch = oneOf<BinaryArch>(...ARCHS);
