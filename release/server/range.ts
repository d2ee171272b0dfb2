/** Byte ranges (RFC 9110, section 14). Several ranges in one request are ignored, as the standard allows. */

export type Span =
  | { kind: 'whole' }
  /** Both bounds are inclusive. */
  | { kind: 'part'; first: number; last: number }
  /** No byte of the file is in the range: 416. */
  | { kind: 'outside' };

const WHOLE: Span = { kind: 'whole' };
const OUTSIDE: Span = { kind: 'outside' };
const RANGE = /^bytes=(\d{0,15})-(\d{0,15})$/;

/**
 * What to send of a file of `size` bytes. `ifRange` ties the range to one content: unless it equals `etag`, which must be
 * a strong one, the whole file is sent (section 13.1.5).
 */
export function spanOf(range: string | null, ifRange: string | null, etag: string, size: number): Span {
  if (range === null) return WHOLE;
  if (ifRange !== null && (ifRange !== etag || etag.startsWith('W/'))) return WHOLE;
  const match = RANGE.exec(range.trim());
  const [from = '', to = ''] = match?.slice(1) ?? [];
  if (match === null || (from === '' && to === '')) return WHOLE;
  if (from === '') {
    const length = Math.min(Number(to), size);
    return length === 0 ? OUTSIDE : { kind: 'part', first: size - length, last: size - 1 };
  }
  const first = Number(from);
  const last = to === '' ? size - 1 : Math.min(Number(to), size - 1);
  // A range that ends before it begins is invalid and ignored.
  if (to !== '' && Number(to) < first) return WHOLE;
  return first >= size ? OUTSIDE : { kind: 'part', first, last };
}

/** If-None-Match (section 13.1.2): whether the client has this content already. */
export function matchesEtag(ifNoneMatch: string | null, etag: string): boolean {
  if (ifNoneMatch === null) return false;
  const opaque = (tag: string) => tag.trim().replace(/^W\//, '');
  return ifNoneMatch.trim() === '*' || ifNoneMatch.split(',').some((tag) => opaque(tag) === opaque(etag));
}
