/** A source of metadata that tries again, with growing pauses, after failures that may pass. */
import type { Clock, Random } from '../../platform/host.ts';
import { NetworkFailure } from '../../platform/network/network.ts';
import { eitherOf, type MetadataSource } from '../../trust/index.ts';
import { backoff, pause, randomFraction, throwIfInterrupted } from '../download/backoff.ts';

export interface Patience {
  clock: Clock;
  random: Random;
  /** How often one file is asked for. */
  attempts?: number;
  signal?: AbortSignal | undefined;
}

/** In milliseconds. A check is not worth a long wait: there will be another one. */
const PAUSES = { firstPause: 300, longestPause: 2000 };
/** If the server asks for a longer pause, the check fails and says so. */
const LONGEST_WAIT = 10_000;

export function patientSource(source: MetadataSource, options: Patience): MetadataSource {
  const { clock, random, attempts = 3, signal } = options;
  return {
    ...(source.whyMissing === undefined ? {} : { whyMissing: source.whyMissing }),
    async get(url, maxLength, givenUp) {
      const stop = eitherOf(signal, givenUp);
      for (let failures = 1; ; failures++) {
        throwIfInterrupted(stop);
        let asked = 0;
        try {
          return await source.get(url, maxLength, givenUp);
        } catch (error) {
          const mayPass = error instanceof NetworkFailure && error.passing;
          if (!mayPass || failures >= attempts) throw error;
          asked = error.retryAfter ?? 0;
          if (asked > LONGEST_WAIT) throw error;
        }
        await pause(clock, Math.max(asked, backoff(failures, randomFraction(random), PAUSES)), stop);
      }
    },
  };
}
