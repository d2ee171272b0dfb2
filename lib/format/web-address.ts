/** Addresses on the web as text: how to show one in a message, and which hosts are this machine. */
import { printable } from './printable.ts';

/** Characters. The file is at the end of an address, and has to be seen. */
const MAX_SHOWN = 2048;

/**
 * The address without user name, password, query and fragment, for messages, events and logs: a password or a token in
 * it is nobody's business there. Text that is no address is shown the same way, since it may be meant as one.
 */
export function shownAddress(address: string): string {
  // The URL parser ignores these, so they must not hide a password from us.
  const text = address.replaceAll(/[\t\n\r]/g, '').trim();
  const withoutUser = isWebAddress(text)
    ? text.replace(/^([a-z][a-z0-9+.-]*:[\\/]*)[^\\/?#]*@/i, '$1')
    : text.replace(/^([a-z][a-z0-9+.-]*:[\\/]+)?.*@/i, '$1');
  return printable(withoutUser.replace(/[?#].*$/, ''), MAX_SHOWN);
}

function isWebAddress(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
}

/** Whether a host, as URL has it, is this machine itself. */
export function isLoopback(hostname: string): boolean {
  const host = hostname.replace(/\.$/, '');
  return host === 'localhost' || host === '[::1]' || /^127(\.\d{1,3}){3}$/.test(host);
}
