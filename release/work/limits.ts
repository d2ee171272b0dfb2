/** What this machine has for jobs. */
import { availableCores, availableMemory } from '../platform/machine.ts';
import type { Limits } from './schedule.ts';

/** The rest is for this process, the system, and what else runs. */
const SHARE = 0.8;

export function machineLimits(): Limits {
  return { slots: availableCores(), memory: SHARE * availableMemory() };
}
