/** A folder that exists only as long as some work needs it. */
import { mkdtempSync, rmSync } from 'node:fs';
import path from 'node:path';

/** Makes an empty folder in `parent`, and removes it with all that is in it once `use` has ended. */
export async function withScratchFolder<Result>(
  parent: string,
  prefix: string,
  use: (folder: string) => Promise<Result>,
): Promise<Result> {
  const folder = mkdtempSync(path.join(path.resolve(parent), prefix));
  try {
    return await use(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
