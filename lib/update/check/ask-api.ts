/**
 * The check API, asked besides the feed: `POST /v1/updates/check`. It is advice. The signed metadata decides alone; what
 * the API says is compared with it and told, and whatever goes wrong here is told and passed over.
 */
import { DamagedError, errorMessage, NetworkError, TrustError } from '../../errors.ts';
import type { Clock } from '../../platform/host.ts';
import type { Network } from '../../platform/network/network.ts';
import { networkSource } from '../../trust/index.ts';
import {
  CHECK_PATH,
  type CheckAnswer,
  type CheckRequest,
  decodeCheckAnswer,
  encodeCheckRequest,
  MAX_CHECK_ANSWER,
} from './check-api.ts';

/** Milliseconds: nobody waits longer for advice. */
const PATIENCE = 3000;

export interface ApiQuestion {
  network: Network;
  clock: Clock;
  /** CHECK_PATH is appended to its path. */
  address: string;
  request: CheckRequest;
  signal?: AbortSignal | undefined;
}

export type Advice = { answer: CheckAnswer; failure: null } | { answer: null; failure: string };

/** Never throws for what the API or the network does. */
export async function askApi(question: ApiQuestion): Promise<Advice> {
  const { network, clock, address, request, signal } = question;
  const { headers, body } = encodeCheckRequest(request);
  const url = `${address.replace(/\/$/, '')}${CHECK_PATH}`;
  try {
    const posting: Network = {
      request: (asked) => network.request({ ...asked, method: 'POST', headers, body }),
    };
    const bytes = await networkSource({
      network: posting,
      clock,
      limits: { connectTimeout: PATIENCE, idleTimeout: PATIENCE, totalTime: PATIENCE },
      ...(signal === undefined ? {} : { signal }),
    }).get(url, MAX_CHECK_ANSWER);
    if (bytes === null) return { answer: null, failure: `${url} is not there` };
    return { answer: decodeCheckAnswer(bytes, request.version), failure: null };
  } catch (error) {
    const itsOwn =
      error instanceof NetworkError || error instanceof DamagedError || error instanceof TrustError;
    if (!itsOwn) throw error;
    return { answer: null, failure: errorMessage(error) };
  }
}
