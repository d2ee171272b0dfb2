/**
 * One connection: TCP, through a proxy where there is one, then TLS. Why not an agent of a library: in Bun 1.4.5
 * https-proxy-agent hands the proxy's refusal on as if the server had said it, and nothing ends its wait for a proxy
 * that stalls.
 */
import net from 'node:net';
import tls from 'node:tls';
import { errorMessage, InterruptedError, UpdaterError } from '../../errors.ts';
import { networkFailure, tooLate } from './failures.ts';
import { NetworkFailure } from './network.ts';
import { bareHost, type WebProxy } from './proxy.ts';

const MAX_PROXY_ANSWER = 16 * 1024;

export interface ConnectOptions {
  url: URL;
  proxy: WebProxy | null;
  /** Asked for https alone: to read them takes time. */
  certificates(): tls.SecureContext;
  timeout: number;
  signal: AbortSignal | undefined;
}

/** A socket that HTTP can be spoken on. Throws NetworkFailure, or InterruptedError where the signal says so. */
export async function connect(options: ConnectOptions): Promise<net.Socket> {
  const { url, proxy, signal, timeout } = options;
  const secure = url.protocol === 'https:';
  const host = bareHost(url.hostname);
  const port = url.port === '' ? (secure ? 443 : 80) : Number(url.port);
  const guard = new Guard(url.host, timeout, signal);
  try {
    if (!secure) {
      const direct = proxy === null;
      return guard.release(
        await plain(guard, direct ? { host, port } : proxy, direct ? url.host : nameOf(proxy)),
      );
    }
    // Over a socket of ours Bun 1.4.5 takes fresh memory for each byte twice: only where there is no other way.
    const below =
      proxy === null ? { port } : { socket: await tunnel(guard, proxy, `${url.hostname}:${port}`) };
    const socket = guard.watch(
      tls.connect({
        ...below,
        host,
        ...(net.isIP(host) === 0 ? { servername: host } : {}),
        secureContext: options.certificates(),
        minVersion: 'TLSv1.3',
        // Whatever NODE_TLS_REJECT_UNAUTHORIZED says.
        rejectUnauthorized: true,
        ALPNProtocols: ['http/1.1'],
      }),
    );
    await guard.until(socket, 'secureConnect', url.host);
    return guard.release(socket);
  } catch (error) {
    guard.destroy();
    throw error;
  } finally {
    guard.end();
  }
}

async function plain(
  guard: Guard,
  { host, port }: { host: string; port: number },
  name: string,
): Promise<net.Socket> {
  const socket = guard.watch(net.connect({ host, port }));
  await guard.until(socket, 'connect', name);
  return socket;
}

/** RFC 9110, section 9.3.6. The proxy may not say a word more than the header before we have. */
async function tunnel(guard: Guard, proxy: WebProxy, authority: string): Promise<net.Socket> {
  const name = nameOf(proxy);
  const socket = await plain(guard, proxy, name);
  const credentials = proxy.authorization === null ? '' : `Proxy-Authorization: ${proxy.authorization}\r\n`;
  socket.write(`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n${credentials}\r\n`);
  let answer = Buffer.alloc(0);
  const read = (chunk: Buffer) => {
    answer = Buffer.concat([answer, chunk]);
    if (answer.includes('\r\n\r\n') || answer.length > MAX_PROXY_ANSWER) socket.emit('answer');
  };
  socket.on('data', read);
  await guard.until(socket, 'answer', name);
  socket.off('data', read);
  socket.pause();
  const end = answer.indexOf('\r\n\r\n');
  const status = Number(/^HTTP\/1\.[01] (\d{3})[ \r]/.exec(answer.toString('latin1'))?.[1] ?? Number.NaN);
  if (status === 407) {
    throw new NetworkFailure('proxy', `${name} wants a user name and a password (407)`, {
      advice: 'Put them into HTTPS_PROXY: http://user:password@host:port.',
    });
  }
  if (end < 0 || Number.isNaN(status)) throw refusal(`${name} answered with something that is not HTTP`);
  if (status < 200 || status > 299)
    throw refusal(`${name} refused to connect us to ${authority} (${status})`);
  if (answer.length > end + 4)
    throw refusal(`${name} answered with a page of its own instead of ${authority}`);
  return socket;
}

function nameOf({ host, port }: WebProxy): string {
  return `the proxy ${host}:${port}`;
}

function refusal(message: string): NetworkFailure {
  return new NetworkFailure('proxy', message, {
    advice: 'Ask who runs the proxy, or put the host into NO_PROXY if it can be reached without it.',
  });
}

/** Ends whatever is waited for when the time is up or the person has enough. */
class Guard {
  readonly #signal: AbortSignal | undefined;
  readonly #sockets: net.Socket[] = [];
  readonly #timer: ReturnType<typeof setTimeout>;
  readonly #abort = (): void => this.#fail(interruption(this.#signal));
  #reject: (error: unknown) => void = () => undefined;
  #failed: unknown;

  constructor(host: string, timeout: number, signal: AbortSignal | undefined) {
    this.#signal = signal;
    this.#timer = setTimeout(() => this.#fail(tooLate(host, 'could not be connected to', timeout)), timeout);
    if (signal?.aborted === true) this.#failed = interruption(signal);
    signal?.addEventListener('abort', this.#abort, { once: true });
  }

  #fail(error: unknown): void {
    this.#failed ??= error;
    this.#reject(this.#failed);
  }

  watch(socket: net.Socket): net.Socket {
    this.#sockets.push(socket);
    // An error may come after the one that was waited for.
    socket.on('error', () => undefined);
    return socket;
  }

  until(socket: net.Socket, event: string, host: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#reject = reject;
      if (this.#failed !== undefined) reject(this.#failed);
      const lost = () =>
        reject(networkFailure(Object.assign(new Error('closed'), { code: 'ECONNRESET' }), host));
      socket.once(event, () => {
        socket.off('close', lost);
        resolve();
      });
      socket.once('error', (error) => reject(networkFailure(error, host)));
      socket.once('close', lost);
    });
  }

  release(socket: net.Socket): net.Socket {
    if (this.#failed !== undefined) throw this.#failed;
    return socket;
  }

  destroy(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  end(): void {
    clearTimeout(this.#timer);
    this.#signal?.removeEventListener('abort', this.#abort);
  }
}

export function interruption(signal: AbortSignal | undefined): UpdaterError {
  const reason: unknown = signal?.reason;
  if (reason instanceof UpdaterError) return reason;
  return new InterruptedError('interrupted', {
    cause: reason,
    advice: 'Run it again: it goes on where it stopped.',
  });
}

/** The built-in authorities and those of a PEM text. Throws NetworkFailure where the text holds none that is whole. */
export function trustedCertificates(pem: string | null, file: string): tls.SecureContext {
  try {
    return tls.createSecureContext({
      ca: pem === null ? [...tls.rootCertificates] : [...tls.rootCertificates, pem],
      minVersion: 'TLSv1.3',
    });
  } catch (error) {
    throw new NetworkFailure('certificate', `${file} holds no certificate (${errorMessage(error)})`, {
      advice: 'Give a file of PEM certificates with --ca-file or NODE_EXTRA_CA_CERTS.',
      cause: error,
    });
  }
}
