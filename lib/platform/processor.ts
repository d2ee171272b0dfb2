/** What the processor can do, as the system says: whether it can run builds that are not for older processors. */
import fs from 'node:fs';
import { systemFeature } from './posix/libc.ts';
import { kernel } from './windows/kernel.ts';

/** What compilers use for "Haswell" (2013) and newer, as Linux names it. Some later processors for little money lack it. */
const NEEDED = ['avx2', 'bmi1', 'bmi2', 'fma', 'movbe', 'abm'];
/** The same as macOS names it. Under Rosetta these are missing, as far as it does not translate them. */
const NEEDED_ON_MACS = ['hw.optional.avx2_0', 'hw.optional.bmi1', 'hw.optional.bmi2', 'hw.optional.fma'];
/** PF_AVX2_INSTRUCTIONS_AVAILABLE. Windows tells nothing of the others; they came with it. */
const AVX2_ON_WINDOWS = 40;

/** The first processor is described within it. */
const ENOUGH = 1 << 14;

/**
 * Whether a program for x64 may use AVX2 and what came with it. Null if that can't be found out, or this is no x64.
 *
 * Linux shows in /proc/cpuinfo what programs may use: not what a hypervisor or the kernel has turned off.
 */
export function hasModernInstructions(): boolean | null {
  if (process.arch !== 'x64') return null;
  try {
    if (process.platform === 'win32') return kernel().IsProcessorFeaturePresent(AVX2_ON_WINDOWS) !== 0;
    if (process.platform === 'darwin') {
      const found = NEEDED_ON_MACS.map(systemFeature);
      return found.includes(null) ? null : found.every((has) => has === true);
    }
    return flagsSuffice(startOf('/proc/cpuinfo'));
  } catch {
    // The trial start of a version shows it all the same.
    return null;
  }
}

/** @param text of /proc/cpuinfo */
export function flagsSuffice(text: string): boolean | null {
  const flags = /^flags\s*:(.*)$/m.exec(text)?.[1]?.trim().split(/\s+/);
  return flags === undefined ? null : NEEDED.every((flag) => flags.includes(flag));
}

function startOf(file: string): string {
  const handle = fs.openSync(file, 'r');
  try {
    const bytes = new Uint8Array(ENOUGH);
    return new TextDecoder().decode(bytes.subarray(0, fs.readSync(handle, bytes)));
  } finally {
    fs.closeSync(handle);
  }
}
