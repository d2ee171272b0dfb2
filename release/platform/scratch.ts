/**
 * What exists only as long as some work needs it. It is beside the path that it is for, under a name that only this process
 * uses; what a process has left that was killed is removed by the next one that works for the same path.
 */
import { mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import type { Host } from '../../lib/platform/host.ts';
import { nativeHost } from '../../lib/platform/native.ts';
import { leftoversOf, withTemporaryName } from '../../lib/platform/replacement/temporary-name.ts';

/** Runs `use` with a name that nothing has, and removes what has it in the end. */
export async function withTemporary<Result>(
  file: string,
  use: (temporary: string) => Promise<Result>,
): Promise<Result> {
  const host = nativeHost();
  const at = path.resolve(file);
  removeLeftovers(host, at);
  return await withTemporaryName(host, at, async (temporary) => {
    try {
      return await use(temporary);
    } finally {
      remove(temporary);
    }
  });
}

/** The same with an empty folder. */
export async function withScratchFolder<Result>(
  file: string,
  use: (folder: string) => Promise<Result>,
): Promise<Result> {
  return await withTemporary(file, async (folder) => {
    mkdirSync(folder, { mode: 0o700 });
    return await use(folder);
  });
}

function removeLeftovers(host: Host, at: string): void {
  try {
    leftoversOf(host, at).forEach(remove);
  } catch {
    // They only take space.
  }
}

function remove(temporary: string): void {
  rmSync(temporary, { recursive: true, force: true });
}
