/** `POST /v1/updates/check` (its format is in lib/update/check/check-api.ts). */
import { UpdaterError } from '../../lib/errors.ts';
import {
  type CheckRequest,
  decodeCheckRequest,
  MAX_CHECK_REQUEST,
} from '../../lib/update/check/check-api.ts';
import { targetName } from '../../lib/version/index.ts';
import type { AccessLog } from './access-log.ts';
import { Advice } from './advice.ts';
import { readBody } from './body.ts';
import type { CurrentFeed } from './current-feed.ts';
import type { Metrics } from './metrics.ts';
import { jsonBytes, type Reply, refusal, wrongMethod } from './reply.ts';

const REFUSED = {
  400: 'the body was cut off',
  408: 'the body came too slowly',
  413: `wanted a body of at most ${MAX_CHECK_REQUEST} bytes`,
} as const;

export class CheckApi {
  readonly #advice = new Advice();
  readonly #feed: CurrentFeed;
  readonly #metrics: Metrics;
  readonly #bodyTime: number;

  /** `bodyTime`: milliseconds within which the body must arrive. */
  constructor(feed: CurrentFeed, metrics: Metrics, bodyTime: number) {
    this.#feed = feed;
    this.#metrics = metrics;
    this.#bodyTime = bodyTime;
  }

  /** Adds to `note` what the access log is to contain about it. */
  async answer(request: Request, note: Parameters<AccessLog['write']>[1]): Promise<Reply> {
    const refused = wrongMethod(request.method, ['POST']);
    if (refused !== null) return refused;
    const body = await readBody(request, { bytes: MAX_CHECK_REQUEST, milliseconds: this.#bodyTime });
    if (typeof body === 'number') {
      this.#metrics.check('refused');
      // The rest of the body is not waited for.
      return refusal(body, REFUSED[body], { Connection: 'close' });
    }
    let asked: ReturnType<typeof decodeCheckRequest>;
    try {
      asked = decodeCheckRequest((name) => request.headers.get(name), body);
    } catch (error) {
      if (!(error instanceof UpdaterError)) throw error;
      this.#metrics.check('refused');
      return refusal(400, error.message);
    }
    Object.assign(note, { version: asked.version, target: targetName(asked.target), channel: asked.channel });
    return this.#advise(asked);
  }

  #advise({ channel, target, version, telemetry }: CheckRequest & { channel: string }): Reply {
    try {
      const index = this.#feed.index(channel, target);
      if (index === null) {
        this.#metrics.check('unknown');
        return refusal(404, `there is no channel ${channel} for ${targetName(target)}`);
      }
      const answer = this.#advice.answer(index, version);
      this.#metrics.check(answer.length > NOTHING_NEW ? 'update' : 'current');
      this.#metrics.reported(telemetry);
      return jsonBytes(200, answer);
    } catch (error) {
      if (!(error instanceof UpdaterError)) throw error;
      this.#metrics.check('failed');
      return refusal(503, 'the repository cannot be read now', { 'Retry-After': '30' });
    }
  }
}

/** Bytes of the answer without an update; every other one is longer. */
const NOTHING_NEW = '{"schema":1,"update":null}'.length;
