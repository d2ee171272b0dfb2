/** Where DGMO itself stands, for the managers that it imports: there is its installation, unless it says otherwise. */
import { MachineError } from '../errors.ts';
import type { Host } from '../platform/host.ts';
import { pathsOf } from '../platform/path-flavour.ts';

export function ownFolder({ processes, platform }: Host): string {
  const own = processes.executable(processes.pid);
  if (own !== null) return pathsOf(platform).dirname(own);
  throw new MachineError("it can't be told where this program stands", { advice: 'Give `installDir`.' });
}
