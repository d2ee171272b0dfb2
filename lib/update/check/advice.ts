/**
 * The advice of a check API, asked besides the feed: `POST /v1/updates/check`. The signed metadata decides alone. What the
 * API says is compared with it and reported, and whatever goes wrong here is reported and does not stop the check.
 */
import { DamagedError, errorMessage, MachineError, NetworkError, TrustError } from '../../errors.ts';
import type { Choices } from '../../home/choices.ts';
import { installedEvolutions } from '../../install/index.ts';
import { asUpdaterError } from '../../platform/failures.ts';
import type { Clock } from '../../platform/host.ts';
import type { Network } from '../../platform/network/network.ts';
import { networkSource } from '../../trust/index.ts';
import { targetOf } from '../../version/index.ts';
import type { UpdateContext } from '../context.ts';
import {
  CHECK_PATH,
  type CheckAnswer,
  type CheckRequest,
  decodeCheckAnswer,
  encodeCheckRequest,
  MAX_CHECK_ANSWER,
  type Telemetry,
} from './check-api.ts';
import type { Selection } from './selection.ts';

/** Milliseconds: nobody waits longer for advice. */
const PATIENCE = 3000;

export type Advice = { answer: CheckAnswer; failure: null } | { answer: null; failure: string };

/** Begins to ask the API at that address, while the feed is read. */
export function requestAdvice(
  context: UpdateContext,
  address: string,
  channel: string,
  choices: Choices,
): Promise<Advice> {
  const { network, session, signal } = context;
  const { clock } = session.host;
  const advice = askApi({
    network,
    clock,
    address,
    request: () => requestOf(context, channel, choices),
    signal,
  });
  // If the feed fails first, nobody looks at the advice any more.
  advice.catch(() => undefined);
  return advice;
}

function requestOf(context: UpdateContext, channel: string, choices: Choices): CheckRequest {
  const { preferences, session, receipt, targets, settings } = context;
  const [target = targetOf(session.host)] = targets;
  const evolutions = session.snapshots === null ? [] : installedEvolutions(session, session.snapshots);
  return {
    version: receipt.binary.version,
    target,
    evolutions: evolutions.map(({ id }) => id),
    channel,
    ...(preferences.telemetry ? { telemetry: telemetryOf(settings.version, choices) } : {}),
  };
}

/**
 * What is sent besides the question itself, and only after `config set telemetry on`. Four fields, none of which names an
 * installation, a machine or a person; README.md lists them. `updater` is the version of the updater itself.
 */
function telemetryOf(updater: string, { lastUpdate }: Pick<Choices, 'lastUpdate'>): Telemetry {
  return {
    updater,
    ...(lastUpdate === null ? {} : { lastUpdate: lastUpdate.ended }),
    ...(lastUpdate?.route == null ? {} : { lastRoute: lastUpdate.route }),
    ...(lastUpdate?.duration == null ? {} : { lastDuration: lastUpdate.duration }),
  };
}

export interface ApiQuestion {
  network: Network;
  clock: Clock;
  /** CHECK_PATH is appended to its path. */
  address: string;
  request(): CheckRequest;
  signal?: AbortSignal | undefined;
}

/** Throws InterruptedError if the signal says so, and nothing else that the machine, the network or the API does. */
export async function askApi({ network, clock, address, request, signal }: ApiQuestion): Promise<Advice> {
  const url = `${address.replace(/\/$/, '')}${CHECK_PATH}`;
  try {
    const question = request();
    const { headers, body } = encodeCheckRequest(question);
    const posting: Network = {
      request: (asked) => network.request({ ...asked, method: 'POST', headers, body }),
    };
    const bytes = await networkSource({
      network: posting,
      clock,
      limits: { idleTimeout: PATIENCE, totalTime: PATIENCE },
      ...(signal === undefined ? {} : { signal }),
    }).get(url, MAX_CHECK_ANSWER);
    if (bytes === null) return { answer: null, failure: `${url} does not exist` };
    return { answer: decodeCheckAnswer(bytes, question.version), failure: null };
  } catch (thrown) {
    const error = asUpdaterError(thrown, url);
    const isHarmless = [NetworkError, DamagedError, TrustError, MachineError].some(
      (kind) => error instanceof kind,
    );
    if (!isHarmless) throw error;
    return { answer: null, failure: errorMessage(error) };
  }
}

/** As an event: whether the API says what the signed metadata says. */
export function reportAdvice(context: UpdateContext, advice: Advice, { release }: Selection): void {
  if (advice.answer === null) {
    const detail = `the check API is passed over: ${advice.failure}`;
    context.emit({ event: 'advice', agrees: null, detail });
    return;
  }
  const advised = advice.answer.update?.version ?? null;
  const agrees = advised === (release?.version ?? null);
  const detail = agrees
    ? 'the check API says the same'
    : `the check API says ${advised ?? 'nothing new'}, the signed metadata ${release?.version ?? 'nothing for this installation'}, which decides`;
  context.emit({ event: 'advice', agrees, detail });
}
