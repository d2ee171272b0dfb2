/** What went wrong on the network, as a sentence that names the host and the cause, and what to do about it. Pure. */
import { errorCode, errorMessage, UpdaterError } from '../../errors.ts';
import { type FailureReason, NetworkFailure } from './network.ts';
import { LATER, nameOf, type Peer } from './peer.ts';
import { meaningOf, retryAfter } from './status-codes.ts';

interface Explanation {
  reason: FailureReason;
  /** Follows the host. */
  what: string;
  advice: string;
}

const CLOCK = 'Check the clock of this machine; if it is right, tell whoever runs the server.';
const INSPECTED =
  'If a proxy of your network inspects TLS, pass its certificate with --ca-file or NODE_EXTRA_CA_CERTS.';
const PROXY_PASSWORD = 'Put them into HTTP_PROXY and HTTPS_PROXY, as user:password@ before the host.';

const UNREACHABLE: Explanation = {
  reason: 'unreachable',
  what: 'cannot be reached from this network',
  advice: LATER,
};
const CLOSED: Explanation = {
  reason: 'lost',
  what: 'closed the connection before it was done',
  advice: LATER,
};
const UNKNOWN_AUTHORITY: Explanation = {
  reason: 'certificate',
  what: 'has a certificate of an authority that is not trusted here',
  advice: INSPECTED,
};
const NOT_HTTP: Explanation = {
  reason: 'protocol',
  what: 'sent something that is not valid HTTP, or too many headers',
  advice: 'Check the address and its port.',
};

/** By the codes of the system, of TLS and of Bun's fetch. */
const EXPLANATIONS: Record<string, Explanation> = {
  ENOTFOUND: { reason: 'name', what: 'has no address: DNS does not know the name', advice: LATER },
  EAI_AGAIN: { reason: 'name', what: 'could not be looked up: DNS does not answer', advice: LATER },
  ECONNREFUSED: { reason: 'refused', what: 'refused the connection', advice: LATER },
  ENETUNREACH: UNREACHABLE,
  EHOSTUNREACH: UNREACHABLE,
  ETIMEDOUT: { reason: 'timeout', what: 'did not answer in time', advice: LATER },
  ECONNRESET: CLOSED,
  EPIPE: CLOSED,
  CERT_HAS_EXPIRED: { reason: 'certificate', what: 'has a certificate that has expired', advice: CLOCK },
  CERT_NOT_YET_VALID: {
    reason: 'certificate',
    what: 'has a certificate that is not valid yet',
    advice: CLOCK,
  },
  DEPTH_ZERO_SELF_SIGNED_CERT: {
    reason: 'certificate',
    what: 'has a self-signed certificate',
    advice: INSPECTED,
  },
  SELF_SIGNED_CERT_IN_CHAIN: UNKNOWN_AUTHORITY,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNKNOWN_AUTHORITY,
  UNABLE_TO_GET_ISSUER_CERT: UNKNOWN_AUTHORITY,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNKNOWN_AUTHORITY,
  ERR_TLS_CERT_ALTNAME_INVALID: {
    reason: 'certificate',
    what: 'has a certificate that was issued for another host',
    advice: 'Check the address; if it is right, tell whoever runs the server.',
  },
  // The only code for a handshake that fails: for TLS 1.2 as for a peer that does not speak TLS at all.
  EPROTO: {
    reason: 'tls',
    what: 'could not agree on TLS 1.3, the oldest version that is accepted',
    advice: 'Check the address and its port; a proxy of your network may also be the cause.',
  },
  // A response of more than 256 headers is as malformed to fetch as one that is not HTTP.
  Malformed_HTTP_Response: NOT_HTTP,
  ResponseHeadersTooLarge: NOT_HTTP,
  InvalidHTTPResponse: NOT_HTTP,
  InvalidContentLength: NOT_HTTP,
  UnsupportedTransferEncoding: NOT_HTTP,
  UnrequestedUpgrade: NOT_HTTP,
};

/** With a proxy, these happen on the way to it. */
const CONNECTING: ReadonlySet<FailureReason> = new Set(['name', 'refused', 'unreachable']);

/** An error of the system, of TLS or of HTTP as a NetworkFailure; an UpdaterError is returned as it is. */
export function networkFailure(error: unknown, peer: Peer): UpdaterError {
  if (error instanceof UpdaterError) return error;
  const code = errorCode(error) ?? '';
  if (code === 'ERR_PROXY_TUNNEL') return tunnelRefused(error, peer);
  const found = EXPLANATIONS[code];
  if (found === undefined) {
    return new NetworkFailure('lost', `the connection to ${nameOf(peer)} failed: ${errorMessage(error)}`, {
      advice: LATER,
      cause: error,
    });
  }
  const { reason, what, advice } = found;
  return new NetworkFailure(reason, `${culprit(peer, reason)} ${what}`, { advice, cause: error });
}

function culprit(peer: Peer, reason: FailureReason): string {
  if (reason === 'certificate') return peer.host;
  if (peer.proxy !== null && CONNECTING.has(reason)) return `the proxy ${peer.proxy}`;
  return nameOf(peer);
}

/** The proxy answered CONNECT with a status other than 2xx. */
function tunnelRefused(error: unknown, { host, proxy }: Peer): NetworkFailure {
  const status = error instanceof Error && 'status' in error ? Number(error.status) : Number.NaN;
  if (status === 407) return passwordRequired(`the proxy ${proxy}`, error);
  return new NetworkFailure('proxy', `the proxy ${proxy} refused to connect to ${host} (${status})`, {
    advice: 'Ask whoever runs the proxy, or add the host to NO_PROXY if it can be reached without it.',
    cause: error,
  });
}

function passwordRequired(proxy: string, cause?: unknown): NetworkFailure {
  return new NetworkFailure('proxy', `${proxy} requires a user name and a password (407)`, {
    advice: PROXY_PASSWORD,
    cause,
  });
}

/** For a status that is not a success. Throws NetworkFailure. */
export function refuseStatus(response: {
  url: string;
  status: number;
  headers: Readonly<Record<string, string>>;
}): never {
  const { host, pathname } = new URL(response.url);
  const { status, headers } = response;
  if (status === 407) throw passwordRequired(`the proxy on the way to ${host}`);
  const passing = status >= 500 || status === 408 || status === 425 || status === 429;
  const wait = passing ? retryAfter(headers) : null;
  throw new NetworkFailure(
    passing ? 'server' : 'missing',
    `${host} answered ${status} for ${pathname.slice(0, 200)}${meaningOf(status)}`,
    {
      advice: passing
        ? wait === null
          ? 'Try again later.'
          : `It asks to be tried again in ${Math.max(1, Math.ceil(wait / 1000))} s.`
        : 'Check the address of the feed, or tell whoever runs it.',
      ...(wait === null ? {} : { retryAfter: wait }),
    },
  );
}
