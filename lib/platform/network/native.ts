/**
 * The network over Bun's `fetch`, one connection per request.
 *
 * By default `fetch` obeys more of the process environment than NetworkSettings allows, so every option that it would
 * otherwise take from there is set: `proxy` (HTTP_PROXY, ALL_PROXY and NO_PROXY, which it applies even to loopback and
 * to a proxy that it is given), `ca` (SSL_CERT_FILE, NODE_EXTRA_CA_CERTS), `rejectUnauthorized`
 * (NODE_TLS_REJECT_UNAUTHORIZED), `protocol` (BUN_FEATURE_FLAG_EXPERIMENTAL_HTTP2_CLIENT), `timeout`
 * (BUN_CONFIG_HTTP_IDLE_TIMEOUT), and `verbose` (BUN_CONFIG_VERBOSE_FETCH, which prints credentials).
 *
 * What `fetch` of Bun 1.4.5 cannot do, measured: its `timeout` moves in steps of four seconds, so the timers are ours.
 * It reports nothing between the call and the headers, so one timeout covers connecting and waiting. When a connection
 * breaks, it drops the bytes that came too late to be handed out before, up to 0.9 MB on loopback; a resumed download
 * fetches them again.
 */
import { InterruptedError, UpdaterError } from '../../errors.ts';
import { isLoopback, shownAddress } from '../../format/web-address.ts';
import {
  type Network,
  NetworkFailure,
  type NetworkRequest,
  type NetworkResponse,
  type NetworkSettings,
} from './network.ts';
import { exhausted, type Peer, tooLate } from './peer.ts';
import { proxyFor, type WebProxy } from './proxy.ts';
import { redirected } from './redirect.ts';

/**
 * Certificates are read at the first https request, which throws MachineError if the file cannot be read and
 * NetworkFailure if there is no certificate in it.
 */
export function nativeNetwork(settings: NetworkSettings): Network {
  const plain = new Bun.FetchSession({ keepAlive: false });
  let secure: Bun.FetchSession | undefined;
  const sessionFor = async ({ protocol }: URL): Promise<Bun.FetchSession> => {
    if (protocol !== 'https:') return plain;
    const { secureSession } = await import('./certificates.ts');
    secure ??= secureSession(settings);
    return secure;
  };
  return {
    async request(request) {
      const seen: string[] = [];
      let next = request;
      for (;;) {
        const url = checkedUrl(next.url, settings);
        const proxy = proxyFor(url, settings.environment);
        const response = await exchange(next, url, proxy, await sessionFor(url));
        seen.push(url.href);
        try {
          const onward = redirected(next, response, seen);
          if (onward === null) return response;
          next = onward;
        } catch (error) {
          response.close();
          throw error;
        }
        response.close();
      }
    },
  };
}

/** Credentials in an address are not sent, and so never reach a message. */
function checkedUrl(text: string, { allowPlainHttp = false }: NetworkSettings): URL {
  if (!URL.canParse(text)) throw new NetworkFailure('missing', `${shownAddress(text)} is not an address`);
  const url = new URL(text);
  url.username = '';
  url.password = '';
  if (url.protocol === 'https:') return url;
  if (url.protocol === 'http:' && (allowPlainHttp || isLoopback(url.hostname))) return url;
  throw new NetworkFailure('plain-http', `${url.protocol}//${url.host} is not encrypted, https is required`, {
    advice: 'Use the https address of the feed.',
  });
}

/** One request, one answer. */
async function exchange(
  { method = 'GET', headers, body, idleTimeout, signal }: NetworkRequest,
  url: URL,
  proxy: WebProxy | null,
  session: Bun.FetchSession,
): Promise<NetworkResponse> {
  const peer: Peer = { host: url.host, proxy: proxy?.address ?? null };
  const ending = new AbortController();
  let isRead = false;
  const interrupt = () => ending.abort(interruption(signal));
  const close = () => {
    signal?.removeEventListener('abort', interrupt);
    if (!isRead) ending.abort();
  };
  const within: Within = async (what, step) => {
    const timer = setTimeout(() => ending.abort(tooLate(peer, what, idleTimeout)), idleTimeout);
    try {
      return await step();
    } catch (error) {
      close();
      const lacking = exhausted(error, peer);
      if (lacking !== null) throw lacking;
      const { networkFailure } = await import('./failures.ts');
      throw networkFailure(error, peer);
    } finally {
      clearTimeout(timer);
    }
  };
  signal?.addEventListener('abort', interrupt, { once: true });
  if (signal?.aborted === true) interrupt();
  const response = await within('sent no answer', () =>
    session.fetch(url, {
      method,
      headers: {
        'accept-encoding': 'identity',
        'user-agent': 'dgmo-updater',
        ...headers,
        connection: 'close',
      },
      ...(body === undefined ? {} : { body }),
      signal: ending.signal,
      proxy: proxy === null ? false : proxyOption(proxy),
      redirect: 'manual',
      decompress: false,
      protocol: 'http1.1',
      timeout: false,
      verbose: false,
    }),
  );
  return {
    url: url.href,
    status: response.status,
    headers: Object.fromEntries(response.headers),
    body: chunksOf(response.body, within, (isWhole) => {
      isRead = isWhole;
      close();
    }),
    close,
  };
}

/** Aborts the request if the step takes longer than the idle timeout; a failure closes the connection. */
type Within = <T>(what: string, step: () => Promise<T>) => Promise<T>;

async function* chunksOf(
  body: ReadableStream<Uint8Array> | null,
  within: Within,
  ended: (isWhole: boolean) => void,
): AsyncGenerator<Uint8Array, void> {
  let isWhole = false;
  try {
    const reader = body?.getReader();
    if (reader === undefined) return;
    while (!isWhole) {
      const { done, value } = await within('sent nothing more', () => reader.read());
      if (value !== undefined) yield value;
      isWhole = done;
    }
  } finally {
    ended(isWhole);
  }
}

function proxyOption({ address, authorization }: WebProxy): Bun.FetchProxyOption {
  return {
    url: `http://${address}`,
    headers: authorization === null ? {} : { 'proxy-authorization': authorization },
    respectNoProxy: false,
  };
}

function interruption(signal: AbortSignal | undefined): UpdaterError {
  const reason: unknown = signal?.reason;
  if (reason instanceof UpdaterError) return reason;
  return new InterruptedError('interrupted while the feed was read: nothing was installed', {
    cause: reason,
    advice: 'Run it again: it continues where it stopped.',
  });
}
