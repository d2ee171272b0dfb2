/**
 * The C library, for the few calls that node:fs does not offer. By absolute names only: of a bare name that the system does
 * not find, Bun's dlopen loads a file that lies in the working folder.
 *
 * bun:ffi needs the JIT. Where there is none (an address-space limit, MemoryDenyWriteExecute, BUN_JSC_useJIT=0) there is no
 * C library either, and every caller has another way.
 */
import { dlopen, FFIType, type Pointer, read } from 'bun:ffi';
import fs from 'node:fs';

function load(name: string) {
  const errno = process.platform === 'darwin' ? '__error' : '__errno_location';
  const { symbols } = dlopen(name, {
    [errno]: { args: [], returns: FFIType.ptr },
    lseek: { args: [FFIType.i32, FFIType.i64_fast, FFIType.i32], returns: FFIType.i64_fast },
    flock: { args: [FFIType.i32, FFIType.i32], returns: FFIType.i32 },
    // Variadic in C. What follows the second argument is passed as here on Linux alone.
    fcntl: { args: [FFIType.i32, FFIType.i32, FFIType.ptr], returns: FFIType.i32 },
    tcgetpgrp: { args: [FFIType.i32], returns: FFIType.i32 },
    getpgrp: { args: [], returns: FFIType.i32 },
    signal: { args: [FFIType.i32, FFIType.ptr], returns: FFIType.ptr },
  });
  return { ...symbols, errno: symbols[errno] as () => Pointer | null };
}

let loaded: ReturnType<typeof load> | null | undefined;

function loadAttributes(name: string) {
  const { ptr, i32, u64, i64_fast } = FFIType;
  return dlopen(name, {
    fgetxattr: { args: [i32, ptr, ptr, u64], returns: i64_fast },
    fsetxattr: { args: [i32, ptr, ptr, u64, i32], returns: i32 },
  }).symbols;
}

let attributes: ReturnType<typeof loadAttributes> | null | undefined;

/** Extended attributes, as Linux has them. Null if they can't be loaded. */
export function attributeCalls(): ReturnType<typeof loadAttributes> | null {
  if (attributes === undefined) attributes = firstOf(loadAttributes);
  return attributes;
}

function loadMemory(name: string) {
  const { ptr, i32, u64_fast } = FFIType;
  return dlopen(name, { madvise: { args: [ptr, u64_fast, i32], returns: i32 } }).symbols;
}

let memory: ReturnType<typeof loadMemory> | null | undefined;

/** How memory is used, as Linux is told. Null if it can't be loaded. */
export function memoryCalls(): ReturnType<typeof loadMemory> | null {
  if (memory === undefined) memory = firstOf(loadMemory);
  return memory;
}

function loadLocalTime(name: string) {
  return dlopen(name, { localtime_r: { args: [FFIType.ptr, FFIType.ptr], returns: FFIType.ptr } }).symbols;
}

/** `struct tm` of glibc, musl and macOS on 64 bits: nine ints, then the seconds east of UTC. */
const TM_SIZE = 56;
const TM_OFFSET = 40;

/** Seconds east of UTC where this machine is, at that time in seconds since the epoch. Null if it can't be determined. */
export function secondsEastOfUtc(time: number): number | null {
  const calls = firstOf(loadLocalTime);
  if (calls === null) return null;
  const tm = new Uint8Array(TM_SIZE);
  if (calls.localtime_r(new BigInt64Array([BigInt(Math.floor(time))]), tm) === null) return null;
  return Number(new DataView(tm.buffer).getBigInt64(TM_OFFSET, true));
}

function loadFeatures(name: string) {
  const { i32, ptr, u64 } = FFIType;
  return dlopen(name, { sysctlbyname: { args: [ptr, ptr, ptr, ptr, u64], returns: i32 } }).symbols;
}

/** macOS: whether the processor has what `hw.optional.*` names; a name that it does not know is none. Null if it can't be asked. */
export function systemFeature(name: string): boolean | null {
  const calls = firstOf(loadFeatures);
  if (calls === null) return null;
  const value = new Int32Array(2);
  const size = new BigUint64Array([BigInt(value.byteLength)]);
  const found = calls.sysctlbyname(new TextEncoder().encode(`${name}\0`), value, size, null, 0);
  return found === 0 && value[0] === 1;
}

/** Null if it can't be loaded. */
export function libc(): ReturnType<typeof load> | null {
  if (loaded === undefined) loaded = firstOf(load);
  return loaded;
}

/** What `load` makes of the C library; null if it can't be loaded. */
export function firstOf<Calls>(load: (name: string) => Calls): Calls | null {
  for (const name of absoluteNames()) {
    try {
      return load(name);
    } catch {
      // The next one; without any the callers do without.
    }
  }
  return null;
}

const FOLDERS = [
  '/lib64',
  '/usr/lib64',
  '/lib/x86_64-linux-gnu',
  '/lib/aarch64-linux-gnu',
  '/usr/lib',
  '/lib',
];

function absoluteNames(): string[] {
  if (process.platform === 'darwin') return ['/usr/lib/libSystem.B.dylib'];
  const own = inThisProcess();
  if (own.length > 0) return own;
  const musl = `/lib/ld-musl-${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}.so.1`;
  return [...FOLDERS.map((folder) => `${folder}/libc.so.6`), musl].filter((name) => fs.existsSync(name));
}

/** What this process has loaded already, as the kernel says; none without /proc. */
function inThisProcess(): string[] {
  try {
    const lines = fs.readFileSync('/proc/self/maps', 'utf8').split('\n');
    const paths = lines.map((line) => line.slice(line.indexOf('/')));
    return [
      ...new Set(
        paths.filter((name) => /^\/.*\/(libc\.so\.6|libc\.musl-\w+\.so\.1|ld-musl-\w+\.so\.1)$/.test(name)),
      ),
    ];
  } catch {
    return [];
  }
}

/** The error number of the last call; 0 without a C library. */
export function lastError(): number {
  const at = loaded?.errno() ?? null;
  return at === null ? 0 : read.i32(at);
}
