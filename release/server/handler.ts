/** Answers a request: chooses the route, and counts and logs the answer. */
import { errorMessage, UpdaterError } from '../../lib/errors.ts';
import { isLoopback } from '../../lib/format/web-address.ts';
import { asUpdaterError } from '../../lib/platform/failures.ts';
import type { Clock } from '../../lib/platform/host.ts';
import { nativeDisk as disk } from '../../lib/platform/native-disk.ts';
import { CHECK_PATH } from '../../lib/update/check/check-api.ts';
import type { AccessLog } from './access-log.ts';
import { CheckApi } from './check.ts';
import { CurrentFeed } from './current-feed.ts';
import type { Metrics } from './metrics.ts';
import { isPagePath } from './public-file.ts';
import { json, type Reply, type Route, refusal, text, withoutBody, wrongMethod } from './reply.ts';
import { serveFile, servePage } from './static.ts';

export interface HandlerOptions {
  repository: string;
  /** Folder of `release page`; it need not have a page. */
  page: string;
  metrics: Metrics;
  log: AccessLog;
  /** Milliseconds within which the body of a request must arrive. */
  bodyTime: number;
  /** Whether /metrics answers everybody, and not only programs on this machine. */
  publicMetrics: boolean;
  clock: Pick<Clock, 'now' | 'monotonic'>;
}

/** MachineError if the folder does not exist. */
export function makeHandler({
  repository,
  metrics,
  log,
  bodyTime,
  publicMetrics,
  clock,
  ...options
}: HandlerOptions) {
  const folder = resolved(repository);
  const page = resolved(options.page);
  const feed = new CurrentFeed(folder, clock.monotonic);
  const check = new CheckApi(feed, metrics, bodyTime);

  const answer = (
    request: Request,
    route: Route,
    path: string,
    note: Record<string, string>,
    isLocal: boolean,
  ): Reply | Promise<Reply> => {
    switch (route) {
      case 'check':
        return check.answer(request, note);
      case 'metadata':
      case 'targets':
        return serveFile(folder, request, path.slice(1));
      case 'page':
        return servePage(page, request, path.slice(1));
      case 'health':
        return readable(request, () => health(feed, clock.now()));
      case 'metrics':
        if (!isLocal && !publicMetrics) return refusal(404, 'there is no such file');
        return readable(request, () => metricsOf(metrics, feed, log));
      case 'other':
        return refusal(404, 'there is no such file');
    }
  };

  /** `client`: the address that the request came from. */
  return async (request: Request, client: string | null): Promise<Response> => {
    const began = clock.monotonic();
    const path = pathOf(request.url);
    const route = routeOf(path);
    const note: Record<string, string> = {};
    let reply: Reply;
    try {
      reply = await answer(request, route, path, note, isLocal(request, client));
    } catch (error) {
      note.error = errorMessage(error);
      reply = refusal(500, 'the server failed');
    }
    const milliseconds = clock.monotonic() - began;
    const { status } = reply.response;
    metrics.request(route, status, reply.bytes, milliseconds / 1000);
    log.write({ method: request.method, path, route, status, bytes: reply.bytes, milliseconds }, note);
    return reply.response;
  };
}

/** A proxy on this machine asks for others, and says so. */
function isLocal(request: Request, client: string | null): boolean {
  if (client === null || FORWARDED.some((name) => request.headers.has(name))) return false;
  const address = client.replace(/^::ffff:/, '');
  return isLoopback(address.includes(':') ? `[${address}]` : address);
}

const FORWARDED = ['forwarded', 'x-forwarded-for', 'x-real-ip', 'via'];

function resolved(repository: string): string {
  try {
    return disk.resolve(repository);
  } catch (error) {
    throw asUpdaterError(error, repository);
  }
}

function pathOf(url: string): string {
  const start = url.indexOf('/', url.indexOf('://') + 3);
  const query = url.indexOf('?', start);
  return query < 0 ? url.slice(start) : url.slice(start, query);
}

function routeOf(path: string): Route {
  if (path === CHECK_PATH) return 'check';
  if (path.startsWith('/metadata/')) return 'metadata';
  if (path.startsWith('/targets/')) return 'targets';
  if (path === '/healthz') return 'health';
  if (path === '/metrics') return 'metrics';
  return isPagePath(path.slice(1)) ? 'page' : 'other';
}

function readable(request: Request, make: () => Reply): Reply {
  const refused = wrongMethod(request.method, ['GET', 'HEAD']);
  if (refused !== null) return refused;
  return request.method === 'HEAD' ? withoutBody(make()) : make();
}

/** 200 if clients can use the repository as it is now, else 503 and the reason. */
function health(feed: CurrentFeed, now: number): Reply {
  try {
    const timestamp = feed.status();
    if (Date.parse(timestamp.expires) > now) return json(200, { status: 'ok', timestamp });
    const reason = `the timestamp expired at ${timestamp.expires}: run \`release refresh\``;
    return json(503, { status: 'failing', reason, timestamp });
  } catch (error) {
    const found = asUpdaterError(error, 'the repository');
    if (!(found instanceof UpdaterError)) throw error;
    return json(503, { status: 'failing', reason: found.message });
  }
}

function metricsOf(metrics: Metrics, feed: CurrentFeed, log: AccessLog): Reply {
  const expires = timestampExpires(feed);
  const body = metrics.text({
    dgmo_repository_read_failures: {
      help: 'How often the repository could not be read, since the start.',
      value: feed.failures,
    },
    dgmo_access_log_failures: {
      help: 'Failed writes of the access log, since the start.',
      value: log.lost,
    },
    ...(expires === null
      ? {}
      : {
          dgmo_timestamp_expires_seconds: { help: 'When timestamp.json expires, Unix time.', value: expires },
        }),
  });
  const headers = { 'Content-Type': 'text/plain; version=0.0.4; charset=utf-8', 'Cache-Control': 'no-store' };
  return text(200, new TextEncoder().encode(body), headers);
}

function timestampExpires(feed: CurrentFeed): number | null {
  try {
    return Date.parse(feed.status().expires) / 1000;
  } catch {
    return null;
  }
}
