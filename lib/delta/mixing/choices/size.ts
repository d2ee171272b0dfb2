/** Which of two tries is smaller. */
import type { MixingStreams } from '../encode.ts';

/** Bytes of all streams. */
export function sizeOf({ model, second, extra }: MixingStreams): number {
  return model.length + (second?.length ?? 0) + extra.frame.length;
}

export function smallerOf(one: MixingStreams | null, other: MixingStreams | null): MixingStreams | null {
  if (one === null || other === null) return one ?? other;
  return sizeOf(other) < sizeOf(one) ? other : one;
}
