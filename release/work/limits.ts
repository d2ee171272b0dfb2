/** How much of this machine jobs may use. */
import { availableCores, availableMemory } from '../platform/machine.ts';
import type { Limits } from './schedule.ts';

/** Of the available memory; the rest is for this process, the system and everything else. */
const SHARE = 0.8;

export function machineLimits(): Limits {
  return { slots: availableCores(), memory: SHARE * availableMemory() };
}
