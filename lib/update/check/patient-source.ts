/** A source of metadata that asks again, with growing pauses, while a failure may pass. */
import type { Clock, Random } from '../../platform/host.ts';
import { NetworkFailure } from '../../platform/network/network.ts';
import type { MetadataSource } from '../../trust/index.ts';
import { backoff, chanceOf, pause, throwIfInterrupted } from '../download/backoff.ts';

export interface Patience {
  clock: Clock;
  random: Random;
  /** How often one file is asked for. */
  attempts?: number;
  signal?: AbortSignal | undefined;
}

/** In milliseconds. A check is not worth a long wait: the next one comes. */
const PAUSES = { firstPause: 300, longestPause: 2000 };

export function patientSource(source: MetadataSource, options: Patience): MetadataSource {
  const { clock, random, attempts = 3, signal } = options;
  return {
    async get(url, maxLength) {
      for (let failures = 1; ; failures++) {
        throwIfInterrupted(signal);
        try {
          return await source.get(url, maxLength);
        } catch (error) {
          const mayPass = error instanceof NetworkFailure && error.passing;
          if (!mayPass || failures >= attempts) throw error;
        }
        await pause(clock, backoff(failures, chanceOf(random), PAUSES), signal);
      }
    },
  };
}
