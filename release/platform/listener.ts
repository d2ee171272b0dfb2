/** The listening socket of one serving process: Bun's server, TLS 1.3 at least, bounded waits, and an end that lets requests finish. */
import { constants } from 'node:crypto';
import { errorCode, errorMessage, MachineError, UsageError } from '../../lib/errors.ts';
import { within } from './timers.ts';

/** Seconds without a byte in either direction. Bun itself ends a connection whose request head is incomplete after 12 s. */
const IDLE = 30;
/** Requests whose answers are under way. A client that does not read its answer keeps memory until it is closed for idling. */
const MAX_REQUESTS = 256;
/** Bytes. More than any route accepts, so that the routes themselves answer 413. */
const MAX_BODY = 1 << 20;
/** The only way to set a minimum version for BoringSSL in Bun. */
const TLS_1_3_ONLY = constants.SSL_OP_NO_TLSv1 | constants.SSL_OP_NO_TLSv1_1 | constants.SSL_OP_NO_TLSv1_2;

export interface PemFile {
  /** For messages. */
  file: string;
  content: Uint8Array;
}

export interface Address {
  host: string;
  /** 0: any free port. */
  port: number;
  /** Null: plain http. */
  tls: { cert: PemFile; key: PemFile } | null;
  /** Whether several processes share the port. */
  shared: boolean;
}

export interface Listener {
  url: string;
  port: number;
  /** Accepts no more connections, and ends when the current requests are answered or after `grace` milliseconds. */
  stop(grace: number): Promise<void>;
}

/** UsageError if the certificate can't be used, MachineError if it can't listen on the port. */
export function listen(
  address: Address,
  handle: (request: Request, client: string | null) => Promise<Response>,
  maxRequests = MAX_REQUESTS,
): Listener {
  let stopping = false;
  const tls = address.tls && {
    cert: Buffer.from(address.tls.cert.content),
    key: Buffer.from(address.tls.key.content),
    secureOptions: TLS_1_3_ONLY,
  };
  const server = start(address, {
    ...(tls === null ? {} : { tls }),
    hostname: address.host,
    port: address.port,
    reusePort: address.shared,
    idleTimeout: IDLE,
    maxRequestBodySize: MAX_BODY,
    development: false,
    fetch: async (request, here) => {
      if (here.pendingRequests > maxRequests) return busy();
      const response = await handle(request, here.requestIP(request)?.address ?? null);
      // Makes a client that keeps its connection turn to another process.
      if (stopping) response.headers.set('Connection', 'close');
      return response;
    },
  });
  return {
    url: server.url.href,
    port: server.port ?? 0,
    async stop(grace) {
      stopping = true;
      await within(server.stop(), grace);
      await server.stop(true);
    },
  };
}

/** Known before the request is looked at, and small enough to be sent at once. */
function busy(): Response {
  return new Response(null, { status: 503, headers: { 'Retry-After': '10', Connection: 'close' } });
}

function start({ host, port, tls }: Address, options: Bun.Serve.Options<undefined>) {
  try {
    return Bun.serve(options);
  } catch (error) {
    const code = errorCode(error);
    if (code === 'EADDRINUSE') {
      throw new MachineError(`${host}:${port}: the port is in use, by another process`, {
        advice: 'Choose another with --port.',
        cause: error,
      });
    }
    if (code?.startsWith('E') === true && !code.startsWith('ERR_')) {
      throw new MachineError(`${host}:${port}: cannot listen there (${code})`, {
        advice:
          'Choose another address with --host and --port: one of this machine, and a port from 1024 on.',
        cause: error,
      });
    }
    if (tls === null) throw error;
    throw new UsageError(
      `--tls-cert ${tls.cert.file}, --tls-key ${tls.key.file}: wanted a certificate and its key, found something else ` +
        `(${errorMessage(error)})`,
      { cause: error },
    );
  }
}
