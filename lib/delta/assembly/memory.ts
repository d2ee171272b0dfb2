/**
 * The linear memory as a stack: what is taken last is given back first, by `release(mark)`. Everything lives in
 * it, the two files included, so addresses are unsigned and may lie above 2 GiB.
 */

const PAGE: usize = 65536;
let top: usize = 0;
/** What is taken ends there; the end of the memory may be moved. */
let limit: usize = 0;

/** The address of `bytes` fresh bytes, 16-aligned, contents undefined; 0 where the memory cannot grow that far. */
export function take(bytes: usize): usize {
  if (top === 0) top = (__heap_base + 15) & ~15;
  const wanted = (<u64>top + <u64>bytes + 15) & ~15;
  const present = <u64>memory.size() * PAGE;
  if (limit !== 0) {
    if (wanted > <u64>limit) return 0;
  } else if (wanted > present) {
    const pages = (wanted - present + PAGE - 1) / PAGE;
    if (pages > 65536 || memory.grow(<i32>pages) < 0) return 0;
  }
  const address = top;
  top = <usize>wanted;
  return address;
}

/** From now on, what is taken lies between `from`, a multiple of 16, and `to`. */
export function takeFrom(from: usize, to: usize): void {
  top = from;
  limit = to;
}

/** A mark to give back to `release`. */
export function mark(): usize {
  if (top === 0) top = (__heap_base + 15) & ~15;
  return top;
}

export function release(to: usize): void {
  top = to;
}
