/** Where a redirect may lead. Pure. */
import { NetworkFailure, type NetworkRequest, type NetworkResponse } from './network.ts';

export const MAX_REDIRECTS = 5;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);
/** What one host was told in confidence is not told to the next one. */
const CONFIDENTIAL = new Set(['authorization', 'cookie', 'proxy-authorization']);

/**
 * The request that a redirect asks for; null where the answer is none. Throws NetworkFailure where it leads from
 * https to http, in a circle, to nowhere, further than MAX_REDIRECTS, or would drop the body of a POST.
 *
 * @param seen the addresses asked so far, this answer's one last
 */
export function redirected(
  request: NetworkRequest,
  response: Pick<NetworkResponse, 'status' | 'headers' | 'url'>,
  seen: readonly string[],
): NetworkRequest | null {
  const { location } = response.headers;
  if (!REDIRECTS.has(response.status) || location === undefined) return null;
  const from = new URL(response.url);
  if (!URL.canParse(location, from.href)) throw refused(from, 'sent us to something that is not an address');
  const to = new URL(location, from);
  to.hash = '';
  if (to.protocol !== 'https:' && to.protocol !== 'http:') {
    throw refused(from, `sent us to a ${to.protocol} address`);
  }
  if (from.protocol === 'https:' && to.protocol === 'http:') {
    throw refused(from, `sent us from https to plain http on ${to.host}`);
  }
  if (to.username !== '' || to.password !== '') throw refused(from, 'sent us to an address with credentials');
  if (seen.includes(to.href)) throw refused(from, 'sent us in a circle of redirects');
  if (seen.length > MAX_REDIRECTS) {
    throw refused(from, `sent us on again after ${MAX_REDIRECTS} redirects, which is the limit`);
  }
  if (request.method === 'POST' && response.status < 307) {
    throw refused(from, 'answered a POST with a redirect that drops its body');
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
    advice: 'Check the address of the feed, or tell who runs it.',
  });
}
