/** The folder of the running program, which is the default `installDir` of the classes that DGMO imports. */
import { MachineError } from '../errors.ts';
import type { Host } from '../platform/host.ts';
import { pathsOf } from '../platform/path-flavour.ts';

export function ownFolder({ processes, platform }: Host): string {
  const own = processes.executable(processes.pid);
  if (own !== null) return pathsOf(platform).dirname(own);
  throw new MachineError("the folder of this program can't be determined", { advice: 'Pass `installDir`.' });
}
