/** What a status code means for somebody who does not know them, and when a server wants to be asked again. Pure. */

const MEANINGS: Record<number, string> = {
  400: 'it does not understand the request',
  401: 'it wants a user name and a password',
  402: 'it wants to be paid',
  403: 'it does not allow that',
  404: 'it has no such file',
  405: 'it does not allow that kind of request',
  408: 'the request took too long',
  410: 'the file is gone for good',
  413: 'the request is too large',
  414: 'the address is too long',
  416: 'the file has no such part',
  418: 'it does not serve this',
  421: 'the request came to the wrong server',
  425: 'it is too early',
  429: 'it gets too many requests from here',
  431: 'the headers are too large',
  451: 'it may not serve that, for legal reasons',
  500: 'it has a fault',
  501: 'it can not do that',
  502: 'the server behind it does not answer properly',
  503: 'it is overloaded or being maintained',
  504: 'the server behind it does not answer in time',
  507: 'it has no space left',
  511: 'the network wants you to log in first',
};

/** `: it has no such file`; empty for a code that says nothing. */
export function meaningOf(status: number): string {
  const meaning = MEANINGS[status] ?? (status >= 500 ? 'it has a fault' : undefined);
  return meaning === undefined ? '' : `: ${meaning}`;
}

/**
 * The milliseconds of a Retry-After header (RFC 9110, section 10.2.3), which has seconds or a date; null if there is none. A
 * date is counted from the server's own Date header, since the clock of this machine may be wrong.
 */
export function retryAfter(headers: Readonly<Record<string, string>>): number | null {
  const value = headers['retry-after']?.trim() ?? '';
  if (/^\d{1,9}$/.test(value)) return Number(value) * 1000;
  const left = Date.parse(value) - Date.parse(headers.date ?? '');
  return Number.isFinite(left) ? Math.max(0, left) : null;
}
