/** A web page in the place of a file. */
import { NetworkFailure } from './network.ts';

/**
 * Proxies and portals answer with a page of their own, with status 200. Throws NetworkFailure if an answer that should
 * be data is HTML.
 */
export function refuseWebPage(response: { url: string; headers: Readonly<Record<string, string>> }): void {
  const type = response.headers['content-type'] ?? '';
  if (!/^\s*(text\/html|application\/xhtml\+xml)\b/i.test(type)) return;
  const { host } = new URL(response.url);
  throw new NetworkFailure('page', `a web page came instead of the file from ${host}`, {
    advice: 'Log in to the network, or to its proxy, with a browser, then try again.',
  });
}
