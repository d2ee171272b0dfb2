/** Where a redirect may lead. Pure. */
import { NetworkFailure, type NetworkRequest, type NetworkResponse } from './network.ts';

const MAX_REDIRECTS = 5;
/** Characters. Signed addresses of storage have some 2,000; a name in the DNS has 253 at most. */
const LONGEST_ADDRESS = 8192;
const LONGEST_NAME = 253;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);
/** Headers that are not passed on to another host. */
const CONFIDENTIAL = new Set(['authorization', 'cookie', 'proxy-authorization']);

/**
 * Returns the request that a redirect asks for, or null if the answer is not a redirect. Throws NetworkFailure if it leads
 * from https to http, in a circle, to something that is not an address, further than MAX_REDIRECTS, or would drop the body
 * of a POST or take it to another origin.
 *
 * @param seen the addresses requested so far, the one of this answer last
 */
export function redirected(
  request: NetworkRequest,
  response: Pick<NetworkResponse, 'status' | 'headers' | 'url'>,
  seen: readonly string[],
): NetworkRequest | null {
  const { location } = response.headers;
  if (!REDIRECTS.has(response.status) || location === undefined) return null;
  const from = new URL(response.url);
  if (!URL.canParse(location, from.href))
    throw refused(from, 'redirects to something that is not an address');
  const to = new URL(location, from);
  to.hash = '';
  // Its name will stand in messages.
  if (to.href.length > LONGEST_ADDRESS || to.hostname.length > LONGEST_NAME)
    throw refused(from, `redirects to an address of ${to.href.length} characters`);
  if (to.protocol !== 'https:' && to.protocol !== 'http:') {
    throw refused(from, `redirects to a ${to.protocol} address`);
  }
  if (from.protocol === 'https:' && to.protocol === 'http:') {
    throw refused(from, `redirects from https to plain http on ${to.host}`);
  }
  if (to.username !== '' || to.password !== '')
    throw refused(from, 'redirects to an address with credentials');
  if (seen.includes(to.href)) throw refused(from, 'redirects in a circle');
  if (seen.length > MAX_REDIRECTS) {
    throw refused(from, `redirects again after ${MAX_REDIRECTS} redirects, which is the limit`);
  }
  if (request.method === 'POST' && response.status < 307) {
    throw refused(from, 'answered a POST with a redirect that drops its body');
  }
  // What is in the body was meant for the one who was asked.
  if (request.method === 'POST' && to.origin !== from.origin) {
    throw refused(from, `answered a POST with a redirect to another host, ${to.host}`);
  }
  const headers = to.origin === from.origin ? (request.headers ?? {}) : withoutConfidential(request.headers);
  return { ...request, url: to.href, headers };
}

function withoutConfidential(headers: Readonly<Record<string, string>> = {}): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).filter(([name]) => !CONFIDENTIAL.has(name.toLowerCase())),
  );
}

function refused(from: URL, what: string): NetworkFailure {
  return new NetworkFailure('redirect', `${from.host} ${what}`, {
    advice: 'Check the address of the feed, or tell whoever runs it.',
  });
}
