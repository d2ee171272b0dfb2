/** Whether the executable is the one that the receipt names. */
import { MachineError } from '../errors.ts';
import type { Digest } from '../platform/files.ts';
import { MAX_BINARY_SIZE } from '../version/index.ts';
import { type Receipt, receiptUnlessDamaged } from './receipt.ts';
import type { Session } from './session.ts';

/** False if there is no receipt. */
export function isIntact(
  { host, layout, digests }: Session,
  receipt: Receipt | null = receiptUnlessDamaged(host.disk, layout),
): boolean {
  return receipt !== null && digests.is(layout.target, receipt.binary);
}

/** Throws MachineError if there is something at the path of the executable that can be none: it has no digest to go back to. */
export function requireFile(found: Digest | null, path: string): void {
  if (found === null || found.sha256 !== '') return;
  throw new MachineError(
    found.size < 0
      ? `${path} is no file, but a folder, a symlink or something else; nothing was changed`
      : `${path} is no executable: it has ${found.size} bytes, at most ${MAX_BINARY_SIZE} are possible; nothing was changed`,
    {
      advice: '`dgmo-updater repair` puts the executable back, and keeps beside it what is there now.',
    },
  );
}
