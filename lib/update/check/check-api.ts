/**
 * The wire of the check API: what the updater asks (`POST /v1/updates/check`, the plan's headers and body) and what
 * the server answers. Advice only: nothing of it is believed but as far as the signed metadata says the same. The
 * client encodes and decodes with it, and so does `release serve`.
 *
 * Both sides are strict and bounded. The request names no installation and no person: the install id stays at home,
 * so the client decides by itself whether a staged rollout is for it.
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
  unwanted,
} from '../../format/decoder.ts';
import { parseJson } from '../../format/json.ts';
import { LAST_DURATIONS, LAST_ROUTES, LAST_UPDATES } from '../../home/choices.ts';
import {
  DEFAULT_CHANNEL,
  isChannelName,
  MAX_BINARY_SIZE,
  parseTarget,
  RISK_LEVELS,
  type Target,
  UPDATE_TYPES,
} from '../../version/index.ts';
import { isNewer, version } from '../../version/semver.ts';

/** Below the address of the API. */
export const CHECK_PATH = '/v1/updates/check';
/** Bytes of a body that is read. */
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
  /** Ids of those that are installed. */
  evolutions: array(evolutionId, 0, MAX_EVOLUTIONS),
  telemetry: optional(telemetry),
  channel: optional(stringOf('a name of a-z, 0-9 and dash, at most 32 long', isChannelName)),
});

const answer = object({
  schema: oneOf(1),
  /** The newest release that is offered at all; null: nothing newer. */
  update: nullable(
    object({
      version,
      type: oneOf(...UPDATE_TYPES),
      riskLevel: oneOf(...RISK_LEVELS),
      /** The channel's minimum is above the version that asked. */
      mandatory: boolean,
      /** Bytes to download: of the patch from the version that asked, or of the full binary where there is none. */
      size: integer(1, MAX_BINARY_SIZE, 'bytes'),
      /** Milliseconds since the epoch. */
      releaseDate: integer(0, 253_402_300_799_999, 'milliseconds since 1970'),
      /** Percent of all installations that it is offered to. */
      rollout: integer(0, 100, 'percent'),
    }),
  ),
});

/** Anonymous, sent only where a person said yes; every field may be missing. */
export type Telemetry = Partial<Decoded<typeof telemetry>>;
export type CheckAnswer = Decoded<typeof answer>;

export interface CheckRequest {
  /** Of DGMO, as installed. */
  version: string;
  target: Target;
  evolutions: string[];
  /** `stable` where it is not said. */
  channel?: string | undefined;
  telemetry?: Telemetry | undefined;
}

/** Header names in lower case. DamagedError where it would not decode again. */
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

/** `header` finds a header by its name in lower case, null where it was not sent. DamagedError names what is wrong. */
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

/** DamagedError where it would not decode again. */
export function encodeCheckAnswer(value: CheckAnswer): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(answer(value, 'answer')));
}

/** The answer to a question about `asked`, the installed version: DamagedError unless it is a newer one. */
export function decodeCheckAnswer(bytes: Uint8Array, asked: string): CheckAnswer {
  const decode = checked(answer, ({ update }, path) => {
    if (update !== null && !isNewer(update.version, asked)) {
      throw unwanted(`${path}.update.version`, `a version after ${asked}`, update.version);
    }
  });
  return decode(parseJson(bytes, 'answer', MAX_CHECK_ANSWER), 'answer');
}
