/** Whether the feed can be reached, and what its signed time says about the clock of this machine. */
import { shownAddress } from '../../format/web-address.ts';
import type { Session } from '../../install/index.ts';
import type { UpdateContext } from '../../update/context.ts';
import { type Finding, finding, timeHere } from './finding.ts';

/** Milliseconds. A clock that is further off breaks certificates and signed times. */
const CLOCK_TOLERANCE = 5 * 60_000;
const TIMEOUT = 10_000;
const LIMIT = 1 << 16;

/** Throws NetworkError, which says what is wrong on the way. */
export async function checkNetwork(
  { host }: Session,
  { network, location }: UpdateContext,
): Promise<Finding> {
  const url = new URL('timestamp.json', location.metadataUrl).href;
  const response = await network.request({ url, idleTimeout: TIMEOUT });
  const details = [`feed: ${shownAddress(location.feed)}`, `answer: ${response.status}`];
  if (response.status !== 200) {
    response.close();
    return finding('error', `The feed has no metadata at ${shownAddress(url)}`, {
      details,
      remediation: 'Look at `dgmo-updater config get feed`, or tell whoever runs the feed.',
    });
  }
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body) {
    size += chunk.length;
    if (size > LIMIT) break;
    chunks.push(chunk);
  }
  const off = clockDifference(response.headers.date, host.clock.now());
  if (off !== null) details.push(`clock: ${Math.round(off / 1000)} s from the server's`);
  const expires = expiryOf(Buffer.concat(chunks));
  if (expires !== null) details.push(`signed until ${timeHere({ host }, expires)}`);
  if (off !== null && Math.abs(off) > CLOCK_TOLERANCE) {
    return finding(
      'warning',
      `The clock of this machine is ${longText(Math.abs(off))} ${off > 0 ? 'ahead' : 'behind'}`,
      {
        details,
        remediation: 'Set the clock of this machine.',
      },
    );
  }
  if (expires !== null && expires < host.clock.now()) {
    return finding('error', 'What the feed has signed has expired', {
      details,
      remediation: 'Tell whoever runs the feed; if the clock of this machine is ahead, set it.',
    });
  }
  const how = url.startsWith('https:') ? 'over TLS 1.3 or newer' : 'over plain http';
  return finding('ok', `The feed answers ${how}`, { details });
}

/** In the largest unit of which there are two. */
function longText(milliseconds: number): string {
  const minutes = Math.round(milliseconds / 60_000);
  if (minutes < 2 * 60) return `${minutes} minutes`;
  return minutes < 2 * 1440 ? `${Math.round(minutes / 60)} hours` : `${Math.round(minutes / 1440)} days`;
}

/** Milliseconds that this machine is ahead of the server; null if the server does not say. */
function clockDifference(date: string | undefined, now: number): number | null {
  const server = date === undefined ? Number.NaN : Date.parse(date);
  return Number.isNaN(server) ? null : now - server;
}

/** Not verified: it is only shown, and held against the clock. */
function expiryOf(bytes: Uint8Array): number | null {
  try {
    const expires = Date.parse(String(JSON.parse(new TextDecoder().decode(bytes)).signed.expires));
    return Number.isNaN(expires) ? null : expires;
  } catch {
    // An answer that is no metadata: the next check says so in detail.
    return null;
  }
}
