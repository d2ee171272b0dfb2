/** Whether the executable is the one that the receipt names. */
import { DamagedError } from '../errors.ts';
import { KIND_NAMES } from '../platform/files.ts';
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

/** Whether something is at the path of the executable that can be none: no file, or one that is too large. */
export function holdsStranger({ host }: Pick<Session, 'host'>, path: string): boolean {
  const status = host.disk.status(path);
  return status !== null && (status.kind !== 'file' || status.size > MAX_BINARY_SIZE);
}

export const REPAIR_ADVICE =
  '`dgmo-updater repair` puts the executable back, and keeps beside it what is there now.';

/**
 * Throws DamagedError if there is: it has no digest to go back to.
 *
 * @param otherwise what helps as well
 */
export function requireNoStranger({ host }: Pick<Session, 'host'>, path: string, otherwise = ''): void {
  const status = host.disk.status(path);
  if (status === null || !holdsStranger({ host }, path)) return;
  throw new DamagedError(
    status.kind === 'file'
      ? `${path} is no executable: it has ${status.size} bytes, at most ${MAX_BINARY_SIZE} are possible; nothing was changed`
      : `${path} is no executable, but ${KIND_NAMES[status.kind]}; nothing was changed`,
    { advice: `${REPAIR_ADVICE}${otherwise}` },
  );
}
