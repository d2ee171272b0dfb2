/** Where the feed's files come from, as an interface; network-source.ts implements it. */
import { NetworkError, TrustError } from '../../errors.ts';
import { MAX_BYTES } from './limits.ts';

export interface MetadataSource {
  /**
   * The whole content at `url`. Stops and throws after `maxLength` bytes. Returns null only for 404 and 403, which mean
   * that there is no such file; every other response, 500 above all, and every other failure is a NetworkError (spec
   * 5.3.3: only a missing file ends the search for newer roots). Aborting `signal` gives this one file up.
   */
  get(url: string, maxLength: number, signal?: AbortSignal): Promise<Uint8Array | null>;
  /** Why `get` has last returned null for this address, as a part of a sentence; null if that is not known. */
  whyMissing?(url: string): string | null;
}

/** `name` is that of a metadata file, escaped for an address. */
export function metadataUrl(baseUrl: string, name: string): string {
  return new URL(name, baseUrl.endsWith('/') ? baseUrl : `${baseUrl}/`).href;
}

/** What every refresh asks for, and how many bytes of it are read at most. */
export function timestampFile(baseUrl: string): { url: string; maxLength: number } {
  return { url: metadataUrl(baseUrl, 'timestamp.json'), maxLength: MAX_BYTES.timestamp };
}

/** `source.get`, checked: more bytes than were asked for are an endless-data attack. Throws TrustError. */
export async function readBounded(
  source: MetadataSource,
  url: string,
  maxLength: number,
): Promise<Uint8Array | null> {
  const bytes = await source.get(url, maxLength);
  if (bytes !== null && bytes.length > maxLength) {
    throw new TrustError(`${url}: wanted at most ${maxLength} bytes, found more`);
  }
  return bytes;
}

/** For files that must exist, because signed metadata or the specification says so. */
export async function readRequired(
  source: MetadataSource,
  url: string,
  maxLength: number,
): Promise<Uint8Array> {
  const bytes = await readBounded(source, url, maxLength);
  if (bytes === null) {
    const why = source.whyMissing?.(url) ?? 'the feed has no such file';
    throw new NetworkError(`${url}: ${why}`, {
      advice: 'Check the address of the feed, then try later.',
    });
  }
  return bytes;
}
