/** What the parts of a patch cost. */
import type { MixingModule } from './module.ts';

/** The parts, in the order of assembly/mixing/coding/coder.ts. */
export const PARTS = [
  'parameters and regions',
  'steps',
  'whether references are as predicted',
  'references that are not',
  'runs',
  'words',
  'suspects',
  'whether bytes are as predicted, data',
  'whether bytes are as predicted, code',
  'whether bytes are as predicted, text',
  'bytes, data',
  'bytes, code',
  'bytes, text',
];

/** What each part has cost so far, in bytes. */
export function costsOf({ exports }: MixingModule): number[] {
  return PARTS.map((_, part) => exports.costOf(part) >>> 0);
}

/** Of all lanes together, by name. */
export function namedCosts(lanes: readonly (readonly number[])[]): Record<string, number> {
  const total = (part: number) => lanes.reduce((sum, costs) => sum + (costs[part] ?? 0), 0);
  return Object.fromEntries(PARTS.map((name, part) => [name, total(part)]));
}
