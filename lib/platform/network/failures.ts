/** What went wrong on the network, as a sentence that names the host and the cause, and what to do about it. Pure. */
import { errorCode, errorMessage, UpdaterError } from '../../errors.ts';
import { type FailureReason, NetworkFailure } from './network.ts';

interface Explanation {
  reason: FailureReason;
  /** Follows the host. */
  what: string;
  advice: string;
}

const LATER = 'Check the connection, then try again.';
const CLOCK = 'Check the clock of this machine; if it is right, tell who runs the server.';
const INSPECTED =
  'If a proxy of your network inspects TLS, give its certificate with --ca-file or NODE_EXTRA_CA_CERTS.';

const EXPLANATIONS: Record<string, Explanation> = {
  ENOTFOUND: { reason: 'name', what: 'has no address: its name is not known to DNS', advice: LATER },
  EAI_AGAIN: { reason: 'name', what: 'could not be looked up: DNS does not answer', advice: LATER },
  ECONNREFUSED: { reason: 'refused', what: 'refused the connection', advice: LATER },
  ENETUNREACH: { reason: 'unreachable', what: 'cannot be reached from this network', advice: LATER },
  EHOSTUNREACH: { reason: 'unreachable', what: 'cannot be reached from this network', advice: LATER },
  ETIMEDOUT: { reason: 'timeout', what: 'did not answer in time', advice: LATER },
  ECONNRESET: { reason: 'lost', what: 'closed the connection before it was done', advice: LATER },
  EPIPE: { reason: 'lost', what: 'closed the connection before it was done', advice: LATER },
  CERT_HAS_EXPIRED: { reason: 'certificate', what: 'shows a certificate that has expired', advice: CLOCK },
  CERT_NOT_YET_VALID: {
    reason: 'certificate',
    what: 'shows a certificate that is not valid yet',
    advice: CLOCK,
  },
  DEPTH_ZERO_SELF_SIGNED_CERT: {
    reason: 'certificate',
    what: 'shows a self-signed certificate',
    advice: INSPECTED,
  },
  SELF_SIGNED_CERT_IN_CHAIN: {
    reason: 'certificate',
    what: 'shows a certificate whose authority is self-signed and not trusted here',
    advice: INSPECTED,
  },
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: {
    reason: 'certificate',
    what: 'shows a certificate of an authority that is not trusted here',
    advice: INSPECTED,
  },
  UNABLE_TO_GET_ISSUER_CERT: {
    reason: 'certificate',
    what: 'shows a certificate of an authority that is not trusted here',
    advice: INSPECTED,
  },
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: {
    reason: 'certificate',
    what: 'shows a certificate of an authority that is not trusted here',
    advice: INSPECTED,
  },
  ERR_TLS_CERT_ALTNAME_INVALID: {
    reason: 'certificate',
    what: 'shows a certificate that was made for another host',
    advice: 'Check the address; if it is right, tell who runs the server.',
  },
  HPE_HEADER_OVERFLOW: {
    reason: 'protocol',
    what: 'sent more headers than the limit of 16 KiB',
    advice: 'Tell who runs the server.',
  },
};

const TOO_OLD: Explanation = {
  reason: 'tls',
  what: 'does not speak TLS 1.3, which is the least that is accepted',
  advice: 'Tell who runs the server; a proxy of your network that inspects TLS may be the cause, too.',
};
const NO_TLS: Explanation = {
  reason: 'tls',
  what: 'could not agree with us on TLS',
  advice: 'Check the address and its port; a proxy of your network may be the cause, too.',
};
const NOT_HTTP: Explanation = {
  reason: 'protocol',
  what: 'sent what is not HTTP',
  advice: 'Check the address and its port.',
};

/** An error of a socket, of TLS or of HTTP as a NetworkFailure; one of ours is handed back as it is. */
export function networkFailure(error: unknown, host: string): UpdaterError {
  if (error instanceof UpdaterError) return error;
  const found = explain(errorCode(error) ?? '', errorMessage(error));
  if (found === null) {
    return new NetworkFailure('lost', `the connection to ${host} failed: ${errorMessage(error)}`, {
      advice: LATER,
      cause: error,
    });
  }
  return new NetworkFailure(found.reason, `${host} ${found.what}`, { advice: found.advice, cause: error });
}

function explain(code: string, message: string): Explanation | null {
  const known = EXPLANATIONS[code];
  if (known !== undefined) return known;
  if (/PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL|WRONG_SSL_VERSION/i.test(`${code} ${message}`)) return TOO_OLD;
  if (/SSL|TLS/i.test(code)) return NO_TLS;
  if (code.startsWith('HPE_')) return NOT_HTTP;
  return null;
}

export function tooLate(host: string, what: string, milliseconds: number): NetworkFailure {
  return new NetworkFailure('timeout', `${host} ${what} within ${milliseconds / 1000} s`, { advice: LATER });
}

/**
 * Proxies and portals answer with a page of their own, and say 200. Throws NetworkFailure where an answer that
 * should be data is HTML.
 */
export function refuseWebPage(response: { url: string; headers: Readonly<Record<string, string>> }): void {
  const type = response.headers['content-type'] ?? '';
  if (!/^\s*(text\/html|application\/xhtml\+xml)\b/i.test(type)) return;
  const { host } = new URL(response.url);
  throw new NetworkFailure('page', `a web page came instead of the file from ${host}`, {
    advice: 'Log in to the network, or to its proxy, with a browser, then try again.',
  });
}

/** An answer with a status that is no success. Throws NetworkFailure. */
export function refuseStatus(response: { url: string; status: number }): never {
  const { host, pathname } = new URL(response.url);
  const { status } = response;
  if (status === 407) {
    throw new NetworkFailure(
      'proxy',
      `the proxy on the way to ${host} wants a user name and a password (407)`,
      {
        advice: 'Put them into HTTP_PROXY and HTTPS_PROXY: http://user:password@host:port.',
      },
    );
  }
  const passing = status >= 500 || status === 408 || status === 425 || status === 429;
  throw new NetworkFailure(
    passing ? 'server' : 'missing',
    `${host} answered ${status} for ${pathname.slice(0, 200)}`,
    { advice: passing ? 'Try again later.' : 'Check the address of the feed, or tell who runs it.' },
  );
}
