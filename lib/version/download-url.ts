/** Where a binary is to be had: an address, or a place in the feed that the manifest came from. */

const MAX_LENGTH = 2048;
const SEGMENT = /^[0-9A-Za-z_+-][0-9A-Za-z._+-]*$/;
const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]']);

export const DOWNLOAD_URL = 'an https address, or a path inside the feed';

/**
 * An absolute `https:` address without credentials or fragment (`http:` on loopback only, for tests and a local
 * `release serve`), or a path relative to the feed, so that a feed can move to another host or mirror unchanged.
 */
export function isDownloadUrl(value: string): boolean {
  if (value.length > MAX_LENGTH) return false;
  return value.includes(':') ? isAddress(value) : isFeedPath(value);
}

/** Relative, of plain names; nothing in it means another folder. */
export function isFeedPath(value: string): boolean {
  return value.length <= MAX_LENGTH && value.split('/').every((segment) => SEGMENT.test(segment));
}

export function isAddress(value: string): boolean {
  if (!URL.canParse(value)) return false;
  const url = new URL(value);
  // The parser repairs what it can (backslashes, spaces, tabs); only what needs no repair is accepted.
  if (url.href !== value || url.username !== '' || url.password !== '' || url.hash !== '') return false;
  return url.protocol === 'https:' || (url.protocol === 'http:' && LOOPBACK.has(url.hostname));
}
