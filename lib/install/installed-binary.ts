/** Whether the executable is the one that the receipt names. */
import { type Receipt, receiptUnlessDamaged } from './receipt.ts';
import type { Session } from './session.ts';

/** False if there is no receipt. */
export function isIntact(
  { host, layout, digests }: Session,
  receipt: Receipt | null = receiptUnlessDamaged(host.disk, layout),
): boolean {
  return receipt !== null && digests.of(layout.target)?.sha256 === receipt.binary.sha256;
}
