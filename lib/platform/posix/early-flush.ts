/** Linux can be asked to begin writing a part of a file to the drive. */
import { dlopen, FFIType } from 'bun:ffi';
import { firstOf } from './libc.ts';

const SYNC_FILE_RANGE_WRITE = 2;

function load(name: string) {
  const { i32, i64_fast, u32 } = FFIType;
  const { symbols } = dlopen(name, {
    sync_file_range: { args: [i32, i64_fast, i64_fast, u32], returns: i32 },
  });
  return symbols;
}

let calls: ReturnType<typeof load> | null | undefined;

/** Does nothing elsewhere. It waits for nothing, and leaves errors for the flush to report. */
export function beginFlush(handle: number, position: number, size: number): void {
  if (process.platform !== 'linux') return;
  if (calls === undefined) calls = firstOf(load);
  calls?.sync_file_range(handle, position, size, SYNC_FILE_RANGE_WRITE);
}
