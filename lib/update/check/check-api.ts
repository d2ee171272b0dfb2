/**
 * The wire format of the check API: what the updater asks (`POST /v1/updates/check`, the plan's headers and body) and
 * what the server answers. It is advice only: it counts as far as the signed metadata says the same. The updater and
 * `release serve` both encode and decode with this file.
 *
 * Both sides are strict and bounded. The request identifies no installation and no user: the install id is not sent, so
 * the client decides whether a staged rollout includes it.
 */
import {
  array,
  boolean,
  checked,
  type Decoded,
  type Decoder,
  integer,
  nullable,
  object,
  oneOf,
  stringOf,
  time,
  unwanted,
} from '../../format/decoder.ts';
import { parseJson } from '../../format/json.ts';
import { LAST_DURATIONS, LAST_ROUTES, LAST_UPDATES } from '../../home/choices.ts';
import {
  CHANNEL_NAME,
  DEFAULT_CHANNEL,
  isChannelName,
  MAX_BINARY_SIZE,
  parseTarget,
  RISK_LEVELS,
  type Target,
  UPDATE_TYPES,
} from '../../version/index.ts';
import { isNewer, version } from '../../version/semver.ts';

/** Appended to the address of the API. */
export const CHECK_PATH = '/v1/updates/check';
/** Bytes of a body, at most. */
export const MAX_CHECK_REQUEST = 32 * 1024;
export const MAX_CHECK_ANSWER = 4 * 1024;
const MAX_EVOLUTIONS = 256;

function optional<T>(decode: Decoder<T>): Decoder<T | undefined> {
  return (value, path) => (value === undefined ? undefined : decode(value, path));
}

const telemetry = object({
  /** Of the updater itself. */
  updater: optional(version),
  lastUpdate: optional(oneOf(...LAST_UPDATES)),
  lastRoute: optional(oneOf(...LAST_ROUTES)),
  lastDuration: optional(oneOf(...LAST_DURATIONS)),
});

const evolutionId = stringOf('an id of a-z, 0-9, dot, dash and underscore, at most 64 long', (value) =>
  /^[a-z0-9][a-z0-9._-]{0,63}$/.test(value),
);

const body = object({
  version,
  /** Ids of the installed evolutions. */
  evolutions: array(evolutionId, 0, MAX_EVOLUTIONS),
  telemetry: optional(telemetry),
  channel: optional(stringOf(CHANNEL_NAME, isChannelName)),
});

const answer = object({
  schema: oneOf(1),
  /** The newest release that is offered to anybody; null: nothing newer. */
  update: nullable(
    object({
      version,
      type: oneOf(...UPDATE_TYPES),
      riskLevel: oneOf(...RISK_LEVELS),
      /** The version of the client is below the channel's minimum. */
      mandatory: boolean,
      /** Bytes to download: of the patch from the client's version, or of the full binary if there is none. */
      size: integer(1, MAX_BINARY_SIZE, 'bytes'),
      /** Milliseconds since the epoch. */
      releaseDate: time,
      /** Percent of all installations that it is offered to. */
      rollout: integer(0, 100, 'percent'),
    }),
  ),
});

/** Anonymous, and sent only if the user has agreed. Every field may be missing. */
export type Telemetry = Partial<Decoded<typeof telemetry>>;
export type CheckAnswer = Decoded<typeof answer>;

export interface CheckRequest {
  /** Of the installed DGMO. */
  version: string;
  target: Target;
  evolutions: string[];
  /** Default: `stable`. */
  channel?: string | undefined;
  telemetry?: Telemetry | undefined;
}

/** Header names are in lower case. Throws DamagedError if the request would not decode again. */
export function encodeCheckRequest(request: CheckRequest): {
  headers: Record<string, string>;
  body: Uint8Array;
} {
  const { target, ...rest } = request;
  return {
    headers: {
      'content-type': 'application/json',
      'x-dgmo-version': request.version,
      'x-platform': target.platform,
      'x-arch': target.arch,
    },
    body: new TextEncoder().encode(JSON.stringify(body(rest, 'request'))),
  };
}

/** `header` returns a header by its name in lower case, null if it was not sent. Throws DamagedError. */
export function decodeCheckRequest(
  header: (name: string) => string | null,
  bytes: Uint8Array,
): CheckRequest & { channel: string } {
  const type = header('content-type');
  if (!/^application\/json(;|$)/i.test(type ?? '')) {
    throw unwanted('Content-Type', 'application/json', type ?? undefined);
  }
  const found = body(parseJson(bytes, 'request', MAX_CHECK_REQUEST), 'request');
  const installed = header('x-dgmo-version');
  if (installed !== found.version) throw unwanted('X-DGMO-Version', found.version, installed ?? undefined);
  const name = `${header('x-platform')}-${header('x-arch')}`;
  const target = parseTarget(name);
  if (target === null) throw unwanted('X-Platform and X-Arch', 'a target such as linux-x64', name);
  return { ...found, target, channel: found.channel ?? DEFAULT_CHANNEL };
}

/** Throws DamagedError if it would not decode again. */
export function encodeCheckAnswer(value: CheckAnswer): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(answer(value, 'answer')));
}

/** The answer to a client of version `asked`. Throws DamagedError if the version it names is not newer. */
export function decodeCheckAnswer(bytes: Uint8Array, asked: string): CheckAnswer {
  const decode = checked(answer, ({ update }, path) => {
    if (update !== null && !isNewer(update.version, asked)) {
      throw unwanted(`${path}.update.version`, `a version after ${asked}`, update.version);
    }
  });
  return decode(parseJson(bytes, 'answer', MAX_CHECK_ANSWER), 'answer');
}
