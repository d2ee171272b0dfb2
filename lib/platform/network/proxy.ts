/** Which proxy an address is reached through, as the environment says. Pure; loads node:net only if NO_PROXY is looked into. */
import { isLoopback } from '../../format/web-address.ts';
import { NetworkFailure } from './network.ts';

export interface WebProxy {
  /** `host:port`, the host as in a URL. */
  address: string;
  /** The value of Proxy-Authorization. Must not be printed. */
  authorization: string | null;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Returns null if the address is reached directly, as loopback always is. The lower-case variable wins, and an empty one
 * counts as unset. Throws NetworkFailure for a proxy that cannot be used; its message never contains the credentials.
 */
export function proxyFor(url: URL, environment: Environment): WebProxy | null {
  if (isLoopback(url.hostname)) return null;
  const name = url.protocol === 'https:' ? 'https_proxy' : 'http_proxy';
  const value = variable(environment, name);
  if (value === '' || isExempt(url, variable(environment, 'no_proxy'))) return null;
  return parseProxy(value, name.toUpperCase());
}

function variable(environment: Environment, name: string): string {
  return (environment[name] || environment[name.toUpperCase()] || '').trim();
}

function parseProxy(value: string, name: string): WebProxy {
  const text = value.includes('://') ? value : `http://${value}`;
  if (!URL.canParse(text)) {
    throw new NetworkFailure('proxy', `${name} is not an address`, {
      advice: `Set ${name} to http://host:port, or unset it.`,
    });
  }
  const url = new URL(text);
  if (url.protocol !== 'http:' || url.hostname === '') {
    throw new NetworkFailure('proxy', `${name} names a ${url.protocol}// proxy, only http:// is supported`, {
      advice: `Set ${name} to http://host:port, or unset it.`,
    });
  }
  const user = decoded(url.username);
  const password = decoded(url.password);
  const credentials = Buffer.from(`${user}:${password}`).toString('base64');
  return {
    address: `${url.hostname}:${url.port === '' ? 80 : url.port}`,
    authorization: user === '' && password === '' ? null : `Basic ${credentials}`,
  };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/**
 * Whether NO_PROXY exempts the address. Entries are separated by commas or spaces: `*`, a host (which covers its
 * subdomains, with or without a leading dot), an IP address or a block of them (10.0.0.0/8), each with an optional port.
 */
export function isExempt(url: URL, list: string): boolean {
  const port = url.port === '' ? (url.protocol === 'https:' ? '443' : '80') : url.port;
  const host = bareHost(url.hostname).replace(/\.$/, '');
  return list
    .toLowerCase()
    .split(/[\s,]+/)
    .filter(Boolean)
    .some((entry) => covers(entry, host, port));
}

const net = () => require('node:net') as typeof import('node:net');

function covers(entry: string, host: string, port: string): boolean {
  if (entry === '*') return true;
  const { isIP } = net();
  const [, name = '', wantedPort] = /^(\[.*\]|[^:]*|.*:.*:.*?)(?::(\d+))?$/.exec(entry) ?? [];
  const isAddress = isIP(bareHost(entry)) !== 0;
  if (!isAddress && wantedPort !== undefined && wantedPort !== port) return false;
  const bare = bareHost(isAddress ? entry : name).replace(/^\*?\./, '');
  if (bare.includes('/')) return inBlock(host, bare);
  if (isIP(bare) !== 0) return sameAddress(host, bare);
  return host === bare || host.endsWith(`.${bare}`);
}

function sameAddress(host: string, address: string): boolean {
  const { isIP } = net();
  return isIP(host) === isIP(address) && inBlock(host, `${address}/${isIP(address) === 4 ? 32 : 128}`);
}

function inBlock(host: string, block: string): boolean {
  const { BlockList, isIP } = net();
  const [address = '', bits = ''] = block.split('/');
  const family = isIP(address) === 4 ? 'ipv4' : 'ipv6';
  const limit = family === 'ipv4' ? 32 : 128;
  if (isIP(address) === 0 || isIP(host) !== isIP(address)) return false;
  if (!/^\d{1,3}$/.test(bits) || Number(bits) > limit) return false;
  const blocks = new BlockList();
  blocks.addSubnet(address, Number(bits), family);
  return blocks.check(host, family);
}

/** IPv6 addresses without the brackets of a URL. */
function bareHost(hostname: string): string {
  return hostname.startsWith('[') && hostname.endsWith(']') ? hostname.slice(1, -1) : hostname;
}
