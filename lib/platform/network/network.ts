/**
 * The network as the updater sees it: one request, one answer, the body in chunks. `native-network.ts` is the real
 * one. What it guarantees: TLS 1.3 at least, certificates checked, redirects followed within bounds, and that every
 * wait ends. Called by the trust client and by downloads.
 */
import { type ErrorOptions, NetworkError } from '../../errors.ts';

export interface NetworkRequest {
  /** Absolute, https; http only on loopback, or where the settings allow it. */
  url: string;
  method?: 'GET' | 'HEAD' | 'POST';
  /** Names in lower case. */
  headers?: Readonly<Record<string, string>>;
  body?: Uint8Array;
  /** Ends the request and its body with InterruptedError, or with the signal's reason where that is an error of ours. */
  signal?: AbortSignal;
  /** Milliseconds for name, connection, proxy and TLS together. */
  connectTimeout: number;
  /** Milliseconds for the whole of the answer's headers, and between two chunks of its body. */
  idleTimeout: number;
  /** The chunks of the body are lent: each is gone when the next one is asked for. For bodies that are written away as they come. */
  lendChunks?: boolean;
}

export interface NetworkResponse {
  /** The address that answered, after redirects. */
  url: string;
  status: number;
  /** Names in lower case; those that came several times are joined by a comma. */
  headers: Readonly<Record<string, string>>;
  /** Once. Throws NetworkFailure where the answer ends before its announced length. Leaving the loop closes the connection. */
  body: AsyncIterable<Uint8Array>;
  /** For an answer whose body nobody wants. */
  close(): void;
}

export interface Network {
  /** Throws NetworkFailure. An answer with a status of 400 or more is an answer. */
  request(request: NetworkRequest): Promise<NetworkResponse>;
}

export interface NetworkSettings {
  /** Where proxies are looked up: HTTP_PROXY, HTTPS_PROXY, NO_PROXY and their lower-case forms. */
  environment: Readonly<Record<string, string | undefined>>;
  /** A PEM file with authorities to trust besides the built-in ones; the default is NODE_EXTRA_CA_CERTS. */
  certificateFile?: string;
  /** Plain http to hosts other than loopback. */
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

/** What may be gone a moment later, so that another attempt is worth its while. */
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

/** A NetworkError (13) that says of what kind. */
export class NetworkFailure extends NetworkError {
  readonly reason: FailureReason;

  constructor(reason: FailureReason, message: string, options: ErrorOptions = {}) {
    super(message, options);
    this.reason = reason;
  }

  get passing(): boolean {
    return PASSING.has(this.reason);
  }
}
