/** Comparing bytes eight at a time. Every function stays within the sizes that it is given. */

/** How many bytes two places have in common, going up, at most `aSize` and `bSize`. */
export function commonPrefix(a: usize, aSize: u32, b: usize, bSize: u32): u32 {
  const limit = min(aSize, bSize);
  let i: u32 = 0;
  while (i + 8 <= limit) {
    const difference = load<u64>(a + i) ^ load<u64>(b + i);
    if (difference !== 0) return i + (<u32>ctz(difference) >> 3);
    i += 8;
  }
  while (i < limit && load<u8>(a + i) === load<u8>(b + i)) i++;
  return i;
}

/** As `commonPrefix`, going down from the bytes before `a` and `b`. */
export function commonSuffix(a: usize, aSize: u32, b: usize, bSize: u32): u32 {
  const limit = min(aSize, bSize);
  let i: u32 = 0;
  while (i + 8 <= limit) {
    const difference = load<u64>(a - i - 8) ^ load<u64>(b - i - 8);
    if (difference !== 0) return i + (<u32>clz(difference) >> 3);
    i += 8;
  }
  while (i < limit && load<u8>(a - i - 1) === load<u8>(b - i - 1)) i++;
  return i;
}

/** How many of `size` bytes at two places are equal, each with the one across from it. */
export function countEqual(a: usize, b: usize, size: u32): u32 {
  let equal: u32 = 0;
  let i: u32 = 0;
  while (i + 16 <= size) {
    equal += popcnt<u32>(i8x16.bitmask(i8x16.eq(v128.load(a + i), v128.load(b + i))));
    i += 16;
  }
  for (; i < size; i++) equal += u32(load<u8>(a + i) === load<u8>(b + i));
  return equal;
}
