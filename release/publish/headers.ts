/**
 * What a file of the feed or of the page is, and how long it may be kept: for `release serve`, and for storage that answers
 * with the headers that an object was sent with.
 */

/** It never changes under its name. */
export const IMMUTABLE = 'public, max-age=31536000, immutable';
/** It is replaced, and a client must not see the old one for long. */
export const CHANGING = 'public, max-age=60';

const NEVER_CHANGES = /^(targets\/|download\/|metadata\/\d+\.[^/]+\.json$)/;

const TYPES: Readonly<Record<string, string>> = {
  json: 'application/json',
  html: 'text/html; charset=utf-8',
  atom: 'application/atom+xml',
  // As text, so that a browser shows them to whoever wants to look first.
  sh: 'text/plain; charset=utf-8',
  ps1: 'text/plain; charset=utf-8',
  gz: 'application/gzip',
};

/** `path`: below the address of the feed. */
export function headersOf(path: string): { 'Content-Type': string; 'Cache-Control': string } {
  const extension = path.slice(path.lastIndexOf('.') + 1);
  return {
    'Content-Type': TYPES[extension] ?? 'application/octet-stream',
    'Cache-Control': NEVER_CHANGES.test(path) ? IMMUTABLE : CHANGING,
  };
}
