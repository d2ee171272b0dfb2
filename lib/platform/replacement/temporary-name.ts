/**
 * Names for what is made beside a path before it takes its place: `<name>.update-<pid>-<random>`, so two writers never share
 * one. A run that is killed leaves it behind; the next run for the same path finds it.
 */
import type { Host } from '../host.ts';
import { pathsOf } from '../path-flavour.ts';

const INFIX = '.update-';

/** Those of this process that are in use. */
const inUse = new Set<string>();

/** Runs `use`, which makes, renames and removes what has that name. */
export async function withTemporaryName<Result>(
  { processes, random }: Pick<Host, 'processes' | 'random'>,
  path: string,
  use: (temporary: string) => Promise<Result>,
): Promise<Result> {
  const temporary = `${path}${INFIX}${processes.pid}-${Buffer.from(random.bytes(8)).toString('hex')}`;
  inUse.add(temporary);
  try {
    return await use(temporary);
  } finally {
    inUse.delete(temporary);
  }
}

/** What runs for `path` have left that were killed. */
export function leftoversOf(
  { disk, platform, processes }: Pick<Host, 'disk' | 'platform' | 'processes'>,
  path: string,
): string[] {
  const paths = pathsOf(platform);
  const folder = paths.dirname(path);
  const prefix = paths.basename(path) + INFIX;
  return disk.list(folder).flatMap((name) => {
    const pid = name.startsWith(prefix) && /^(\d+)-[0-9a-f]{16}$/.exec(name.slice(prefix.length))?.[1];
    if (!pid) return [];
    const leftover = paths.join(folder, name);
    const alive = Number(pid) === processes.pid ? inUse.has(leftover) : processes.isAlive(Number(pid));
    return alive ? [] : [leftover];
  });
}
