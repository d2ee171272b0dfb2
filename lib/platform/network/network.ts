/**
 * The network as the updater sees it: one request, one answer, the body in chunks. `native.ts` implements it. It
 * guarantees TLS 1.3 or later, verified certificates, a bounded number of redirects, and that every wait ends. The trust
 * client and downloads use it.
 */
import { type ErrorOptions, NetworkError } from '../../errors.ts';

export interface NetworkRequest {
  /** Absolute, https; http only on loopback, or if the settings allow it. */
  url: string;
  method?: 'GET' | 'HEAD' | 'POST';
  /** Names in lower case. */
  headers?: Readonly<Record<string, string>>;
  body?: Uint8Array;
  /** Ends the request and its body with InterruptedError, or with the signal's reason if that is an UpdaterError. */
  signal?: AbortSignal;
  /** Milliseconds from the call to the end of the answer's headers, and between two chunks of its body. */
  idleTimeout: number;
}

export interface NetworkResponse {
  /** The address that answered, after redirects. */
  url: string;
  status: number;
  /** Names in lower case; the values of a repeated header are joined with commas. */
  headers: Readonly<Record<string, string>>;
  /**
   * Can be read once. Throws NetworkFailure if the answer ends before its announced length. The peer is held up while the
   * caller handles a chunk, and leaving the loop closes the connection.
   */
  body: AsyncIterable<Uint8Array>;
  /** Closes the connection: call it if the body is not read. */
  close(): void;
}

/** The host, and the port, that answered. */
export function hostOf({ url }: NetworkResponse): string {
  return new URL(url).host;
}

export interface Network {
  /** Throws NetworkFailure. An answer with a status of 400 or more is returned like any other. */
  request(request: NetworkRequest): Promise<NetworkResponse>;
}

export interface NetworkSettings {
  /** Where proxies are looked up: HTTP_PROXY, HTTPS_PROXY, NO_PROXY and their lower-case forms. */
  environment: Readonly<Record<string, string | undefined>>;
  /** A PEM file of authorities to trust besides the built-in ones; the default is NODE_EXTRA_CA_CERTS. */
  certificateFile?: string;
  /** Allow plain http to hosts other than loopback. */
  allowPlainHttp?: boolean;
}

export type FailureReason =
  | 'name'
  | 'refused'
  | 'unreachable'
  | 'timeout'
  | 'slow'
  | 'lost'
  | 'server'
  | 'plain-http'
  | 'tls'
  | 'certificate'
  | 'proxy'
  | 'redirect'
  | 'page'
  | 'missing'
  | 'protocol'
  | 'changed';

/** Reasons that may be gone a moment later, so that another attempt is worthwhile. */
const PASSING: ReadonlySet<FailureReason> = new Set([
  'name',
  'refused',
  'unreachable',
  'timeout',
  'slow',
  'lost',
  'server',
  'protocol',
  'changed',
]);

/** A NetworkError (13) with its reason. */
export class NetworkFailure extends NetworkError {
  readonly reason: FailureReason;
  /** The server asks not to be tried again before so many milliseconds; null if it says nothing. */
  readonly retryAfter: number | null;

  constructor(
    reason: FailureReason,
    message: string,
    { retryAfter, ...options }: ErrorOptions & { retryAfter?: number } = {},
  ) {
    super(message, options);
    this.reason = reason;
    this.retryAfter = retryAfter ?? null;
  }

  get passing(): boolean {
    return PASSING.has(this.reason);
  }
}
