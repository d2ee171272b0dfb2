/** Whether the executable is the one that the receipt names. */
import { MachineError } from '../errors.ts';
import type { Digest } from '../platform/files.ts';
import { type Receipt, receiptUnlessDamaged } from './receipt.ts';
import type { Session } from './session.ts';

/** False if there is no receipt. */
export function isIntact(
  { host, layout, digests }: Session,
  receipt: Receipt | null = receiptUnlessDamaged(host.disk, layout),
): boolean {
  return receipt !== null && digests.of(layout.target)?.sha256 === receipt.binary.sha256;
}

/** Throws MachineError if there is something at the path of the executable that is no file: it has no digest to go back to. */
export function requireFile(found: Digest | null, path: string): void {
  if (found === null || found.size >= 0) return;
  throw new MachineError(
    `${path} is no file, but a folder, a symlink or something else; nothing was changed`,
    {
      advice: '`dgmo-updater repair` puts the executable back, and keeps beside it what is there now.',
    },
  );
}
