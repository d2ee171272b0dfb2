/**
 * A source that asks for the timestamp together with the root that may have come: the two do not depend on each other, and a
 * round trip is most of what a check waits for. Only the order of requests changes. The feed still asks for one file after the
 * other, and verifies them in the order of the specification (5.3, then 5.4); the timestamp is in this source until then.
 */
import type { MetadataSource } from './metadata-source.ts';

export interface EagerSource extends MetadataSource {
  /** From now on nothing is asked for early; what still is on the way is given up. */
  stop(): void;
}

interface Early {
  answer: Promise<Uint8Array | null>;
  giveUp: AbortController;
}

export function eagerSource(
  source: MetadataSource,
  timestamp: { url: string; maxLength: number },
): EagerSource {
  let early: Early | null = null;
  let isOver = false;
  const begin = (): Early => {
    const giveUp = new AbortController();
    const answer = source.get(timestamp.url, timestamp.maxLength, giveUp.signal);
    // If the root fails first, nobody looks at the timestamp any more.
    answer.catch(() => undefined);
    return { answer, giveUp };
  };
  const drop = () => {
    early?.giveUp.abort();
    early = null;
  };
  return {
    ...(source.whyMissing === undefined ? {} : { whyMissing: source.whyMissing }),
    async get(url, maxLength, signal) {
      if (url === timestamp.url && early !== null) {
        const { answer } = early;
        early = null;
        return answer;
      }
      const answer = source.get(url, maxLength, signal);
      if (!url.endsWith('.root.json') || isOver) return answer;
      early ??= begin();
      try {
        const root = await answer;
        // A timestamp from before a new root may be signed by keys that the root no longer trusts.
        if (root !== null) drop();
        return root;
      } catch (error) {
        drop();
        throw error;
      }
    },
    stop() {
      isOver = true;
      drop();
    },
  };
}
