/** The real network, over the sockets of native-network-socket.ts. One connection a request. */
import fs from 'node:fs';
import http from 'node:http';
import type { Socket } from 'node:net';
import type tls from 'node:tls';
import { asUpdaterError } from '../failures.ts';
import { networkFailure, tooLate } from './failures.ts';
import { connect, interruption, trustedCertificates } from './native-socket.ts';
import { Wire } from './native-wire.ts';
import {
  type Network,
  NetworkFailure,
  type NetworkRequest,
  type NetworkResponse,
  type NetworkSettings,
} from './network.ts';
import { isLoopback, proxyFor, type WebProxy } from './proxy.ts';
import { redirected } from './redirect.ts';

const MAX_HEADER_BYTES = 16 * 1024;

/** The certificate file is read at the first https request: MachineError where it can't be, NetworkFailure where it holds none. */
export function nativeNetwork(settings: NetworkSettings): Network {
  let certificates: tls.SecureContext | undefined;
  const trusted = (): tls.SecureContext => {
    certificates ??= readCertificates(settings);
    return certificates;
  };
  return {
    async request(request) {
      const seen: string[] = [];
      let next = request;
      for (;;) {
        const url = checkedUrl(next.url, settings);
        const response = await exchange(next, url, proxyFor(url, settings.environment), trusted);
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

function readCertificates({ certificateFile, environment }: NetworkSettings): tls.SecureContext {
  const file = certificateFile ?? environment.NODE_EXTRA_CA_CERTS ?? '';
  if (file === '') return trustedCertificates(null, '');
  let pem: string;
  try {
    pem = fs.readFileSync(file, 'latin1');
  } catch (error) {
    throw asUpdaterError(error, file);
  }
  if (!pem.includes('-----BEGIN CERTIFICATE-----')) {
    throw new NetworkFailure('certificate', `${file} holds no certificate`, {
      advice: 'Give a file of PEM certificates with --ca-file or NODE_EXTRA_CA_CERTS.',
    });
  }
  return trustedCertificates(pem, file);
}

function checkedUrl(text: string, { allowPlainHttp = false }: NetworkSettings): URL {
  if (!URL.canParse(text)) throw new NetworkFailure('missing', `${text.slice(0, 200)} is not an address`);
  const url = new URL(text);
  if (url.protocol === 'https:') return url;
  if (url.protocol === 'http:' && (allowPlainHttp || isLoopback(url.hostname))) return url;
  throw new NetworkFailure('plain-http', `${url.protocol}//${url.host} is not encrypted, https is wanted`, {
    advice: 'Use the https address of the feed.',
  });
}

/** One request, one answer. */
async function exchange(
  request: NetworkRequest,
  url: URL,
  proxy: WebProxy | null,
  trusted: () => tls.SecureContext,
): Promise<NetworkResponse> {
  const secure = url.protocol === 'https:';
  const socket = await connect({
    url,
    proxy,
    certificates: trusted,
    timeout: request.connectTimeout,
    signal: request.signal,
  });
  const wire = new Wire(socket);
  const message = await answerOf(request, url, secure ? null : proxy, socket, wire);
  const disconnect = () => void socket.destroy();
  const body = wire.bodyOf(message, request.method, { request, host: url.host, disconnect });
  return {
    url: url.href,
    status: message.statusCode ?? 0,
    headers: joined(message.headers),
    body,
    close: () => body.close(),
  };
}

function answerOf(
  { method = 'GET', headers, body, idleTimeout, signal }: NetworkRequest,
  url: URL,
  forwarding: WebProxy | null,
  socket: Socket,
  wire: Wire,
): Promise<http.IncomingMessage> {
  return new Promise((resolve, reject) => {
    const sent = http.request({
      createConnection: () => wire,
      method,
      // RFC 9112, section 3.2.2: a proxy that forwards is given the whole address.
      path:
        forwarding === null ? `${url.pathname}${url.search}` : `${url.origin}${url.pathname}${url.search}`,
      headers: {
        'accept-encoding': 'identity',
        ...headers,
        host: url.host,
        connection: 'close',
        ...(body === undefined ? {} : { 'content-length': String(body.length) }),
        ...(forwarding?.authorization == null ? {} : { 'proxy-authorization': forwarding.authorization }),
      },
      maxHeaderSize: MAX_HEADER_BYTES,
    });
    const end = (error: unknown) => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
      reject(networkFailure(error, url.host));
      socket.destroy();
    };
    const abort = () => end(interruption(signal));
    const timer = setTimeout(() => end(tooLate(url.host, 'sent no answer', idleTimeout)), idleTimeout);
    signal?.addEventListener('abort', abort, { once: true });
    sent.on('error', end);
    socket.on('close', () => end(Object.assign(new Error('closed'), { code: 'ECONNRESET' })));
    sent.on('response', (message) => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
      // An error between two reads of the body is met by the next read.
      message.on('error', () => undefined);
      resolve(message);
    });
    if (signal?.aborted === true) abort();
    sent.end(body);
  });
}

function joined(headers: http.IncomingHttpHeaders): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(', ') : (value ?? ''),
    ]),
  );
}
