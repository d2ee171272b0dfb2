/** What this process runs on. */
import os from 'node:os';

/** The Bun that runs this program, for starting it again. */
export const BUN = process.execPath;

export function availableCores(): number {
  return os.availableParallelism();
}

/** Bytes that this process and its children may take. */
export function availableMemory(): number {
  return process.availableMemory();
}
