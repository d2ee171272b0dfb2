/** Where the feed's files come from. The HTTP client implements it; here is what is asked of it. */
import { NetworkError, TrustError } from '../../errors.ts';

export interface MetadataSource {
  /**
   * The whole content at `url`, at most `maxLength` bytes: it stops reading there and throws. Null for 404 and 403
   * alone, which say that there is no such file; every other answer, 500 above all, and every other failure is a
   * NetworkError (spec 5.3.3: only "not there" ends the walk over the roots).
   */
  get(url: string, maxLength: number): Promise<Uint8Array | null>;
}

/** `name` is a metadata file, already escaped for an address. */
export function metadataUrl(baseUrl: string, name: string): string {
  return new URL(name, baseUrl.endsWith('/') ? baseUrl : `${baseUrl}/`).href;
}

/** The same, held to its promise: a source that gives more than it was asked for is an endless-data attack. */
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

/** For files that must be there because signed metadata, or the specification, says so. */
export async function readRequired(
  source: MetadataSource,
  url: string,
  maxLength: number,
): Promise<Uint8Array> {
  const bytes = await readBounded(source, url, maxLength);
  if (bytes === null) {
    throw new NetworkError(`${url}: the feed has no such file`, {
      advice: 'Check the address of the feed, then try later.',
    });
  }
  return bytes;
}
