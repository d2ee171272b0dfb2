/** The Content-Range of a 206 answer (RFC 9110, section 14.4). */

/** Null where it says what was asked for: from `offset` to the end of `length` bytes; else what is wrong with it. */
export function rangeFault(value: string | undefined, offset: number, length: number): string | null {
  if (value === undefined) return 'no Content-Range';
  const match = /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15}|\*)$/.exec(value.trim());
  if (match === null) return `the Content-Range ${JSON.stringify(value.slice(0, 80))}`;
  const [first, last] = [Number(match[1]), Number(match[2])];
  const total = match[3] === '*' ? length : Number(match[3]);
  if (total !== length) return `a range of ${total} bytes instead of ${length}`;
  if (first !== offset) return `a range from byte ${first} instead of ${offset}`;
  if (last < first || last >= length) return `a range up to byte ${last} of ${length}`;
  return null;
}
