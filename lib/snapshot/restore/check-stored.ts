/** Whether the store has, intact, what a restore would write: checked before anything else is done for it. */
import { Blocks } from '../store/blocks.ts';
import { verifyClone } from '../store/clones.ts';
import { withStore } from '../store/lock.ts';
import { planRestore, type RestoreRequest } from './plan.ts';

const PACE = 16 << 20;

/**
 * Throws as `planRestore` does, and DamagedError, which names the damaged file of the store. Holds the lock of the store
 * meanwhile, as `prepare` does.
 */
export function checkStored(request: RestoreRequest): Promise<void> {
  return withStore(request.host, request.layout, () => check(request));
}

async function check(request: RestoreRequest): Promise<void> {
  const { host, layout, checkpoint } = request;
  const { roots } = planRestore(request);
  const blocks = new Blocks(host.disk, layout);
  let since = 0;
  try {
    for (const entry of roots.flatMap(({ difference }) => difference.write)) {
      if (entry.kind !== 'file') continue;
      if ('clone' in entry.content) verifyClone(host.disk, layout, entry.content.clone, entry.size, false);
      else for (const block of entry.content.blocks) blocks.read(block);
      since += entry.size;
      if (since < PACE) continue;
      since = 0;
      await checkpoint();
    }
  } finally {
    blocks.close();
  }
}
