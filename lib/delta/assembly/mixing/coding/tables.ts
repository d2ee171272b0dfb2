/** Logistic functions in whole numbers: probabilities have 16 bits, logarithms of odds are in units of 1/256. */
import { take } from '../../memory';

/** Sums of logarithms are cut off at ±LIMIT. */
const LIMIT: i32 = 3071;
/** round(65536 / (1 + e^(-i/4))) for i = 0 to 48, at most 65535. */
const POINTS = memory.data<u16>([
  32768, 36843, 40793, 44511, 47911, 50941, 53581, 55834, 57724, 59287, 60565, 61598, 62428, 63090, 63615,
  64030, 64357, 64614, 64816, 64974, 65097, 65194, 65269, 65328, 65374, 65410, 65438, 65459, 65476, 65489,
  65500, 65508, 65514, 65519, 65523, 65526, 65528, 65530, 65531, 65532, 65533, 65534, 65534, 65535, 65535,
  65535, 65535, 65535, 65535,
]);

/** u16 for each of the 6144 sums. */
let squashes: usize = 0;
/** i16 for each of the 4096 probabilities of 12 bits. */
let stretches: usize = 0;
/** u32 for each count. */
let rates: usize = 0;

export function fillTables(): bool {
  squashes = take(6144 * 2);
  stretches = take(4096 * 2);
  rates = take(1024 * 4);
  if (squashes === 0 || stretches === 0 || rates === 0) return false;
  for (let sum = -3072; sum < 3072; sum++) {
    const index = sum >> 6;
    const low = point(index);
    const value = low + (((point(index + 1) - low) * (sum & 63)) >> 6);
    store<u16>(squashes + ((sum + 3072) << 1), <u16>min(65535, max(1, value)));
  }
  let sum = -2047;
  for (let i = 0; i < 4096; i++) {
    while (sum < 2047 && squash(sum) < <u32>(i * 16 + 8)) sum++;
    store<i16>(stretches + (i << 1), <i16>sum);
  }
  for (let count: u32 = 0; count < 1024; count++)
    store<u32>(rates + (count << 2), 655360 / (10 * count + 16));
  return true;
}

function point(index: i32): i32 {
  return index >= 0 ? load<u16>(POINTS + (index << 1)) : 65536 - load<u16>(POINTS + (-index << 1));
}

/** The probability of 1, 1 to 65535, for the logarithm of its odds. */
export function squash(sum: i32): u32 {
  return load<u16>(squashes + ((min(LIMIT, max(-LIMIT, sum)) + 3072) << 1));
}

/** The logarithm of the odds, -2047 to 2047, for a probability below 65536. */
export function stretch(probability: u32): i32 {
  return load<i16>(stretches + ((probability >> 4) << 1));
}

/** How far a counter moves that has seen `count` bits, out of 65536. */
export function rate(count: u32): u32 {
  return load<u32>(rates + (count << 2));
}

/** Mixes two numbers into one of 32 bits that looks random. */
export function hash(a: u32, b: u32): u32 {
  let x: u32 = (a + 0x9e3779b9) * 0x85ebca6b + (b ^ 0x27d4eb2f) * 0xc2b2ae35;
  x ^= x >> 15;
  x *= 0x2c1b3c6d;
  return x ^ (x >> 13);
}
