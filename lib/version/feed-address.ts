/**
 * The address of a feed or of a check API, as a user, a packager or `release compile` gives it: https, or http on
 * loopback, without user name and password, query and fragment. The addresses of the feed's files are made from its
 * path, so a token in the query would be sent with none of them; and the whole address is shown in messages, written
 * into receipts and compiled into updaters, where a password must not be. A feed needs neither: its files are signed.
 */
import { type Decoder, unwanted } from '../format/decoder.ts';
import { isLoopback, shownAddress } from '../format/web-address.ts';

const MAX_LENGTH = 2048;

/**
 * What is wanted of the address that it does not have; null if it can be used.
 *
 * @param allowPlainHttp accept plain http to any host
 */
export function feedAddressFault(address: string, allowPlainHttp = false): string | null {
  if (address.length > MAX_LENGTH) return `an address of at most ${MAX_LENGTH} characters`;
  const url = URL.canParse(address) ? new URL(address) : null;
  const isPlain = url?.protocol === 'http:' && (allowPlainHttp || isLoopback(url.hostname));
  if (url === null || (url.protocol !== 'https:' && !isPlain)) {
    return allowPlainHttp ? 'an https or http address' : 'an https address, or http on loopback';
  }
  if (url.username !== '' || url.password !== '') return 'an address without user name and password';
  if (/[?#]/.test(address)) return 'an address without a query and a fragment';
  // The parser repairs backslashes, spaces and dots. The message shows the address that was probably meant.
  if (url.href !== address && url.href !== `${address}/`)
    return `the canonical form ${shownAddress(url.href)}`;
  return null;
}

export const feedAddress: Decoder<string> = (value, path) => {
  if (typeof value !== 'string') throw unwanted(path, 'an https address, or http on loopback', value);
  const fault = feedAddressFault(value);
  if (fault !== null) throw unwanted(path, fault, shownAddress(value));
  return value;
};
