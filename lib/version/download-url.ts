/** Where a binary can be downloaded: an address, or a path in the feed that the manifest came from. */
import { type Decoder, unwanted } from '../format/decoder.ts';
import { isLoopback, shownAddress } from '../format/web-address.ts';

const MAX_LENGTH = 2048;
const SEGMENT = /^[0-9A-Za-z_+-][0-9A-Za-z._+-]*$/;
const WANTED = 'an https address, or a path inside the feed';

/**
 * An absolute `https:` address without credentials and fragment (`http:` only on loopback, for tests and a local
 * `release serve`), or a path relative to the feed, so that a feed can be moved to another host or mirror unchanged.
 */
export const downloadUrl: Decoder<string> = (value, path) => {
  if (typeof value !== 'string') throw unwanted(path, WANTED, value);
  const isUsable = value.length <= MAX_LENGTH && (value.includes(':') ? isAddress(value) : isFeedPath(value));
  if (!isUsable) throw unwanted(path, WANTED, shownAddress(value));
  return value;
};

/** Whether the path is relative and of plain names, none of which leads to another folder. */
export function isFeedPath(value: string): boolean {
  return value.length <= MAX_LENGTH && value.split('/').every((segment) => SEGMENT.test(segment));
}

function isAddress(value: string): boolean {
  if (!URL.canParse(value)) return false;
  const url = new URL(value);
  // The parser repairs backslashes, spaces and tabs. An address that needs a repair is not accepted.
  if (url.href !== value || url.username !== '' || url.password !== '' || url.hash !== '') return false;
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname));
}
