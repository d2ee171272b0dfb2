/**
 * Suspects: places in text and data whose surroundings are those of a place where the aligned byte was wrong. Changes of a
 * kind, as a field that every record of a list got, are each predicted by those before.
 */
import { take } from '../../memory';
import { chance, seen } from '../coding/coder';
import { codeMixed, counterOfFlag } from '../coding/mixer';
import { hash } from '../coding/tables';

/** A suspect whose byte is right so often is none any more: probability of 16 bits, and how many times at least. */
const CLEARED: u32 = 160;
const TRIES: u32 = 24;

let old: usize = 0;
let suspects: usize = 0;
/** A bit for each of them that is one: small enough to stay in the processor's cache. */
let present: usize = 0;
let flags: usize = 0;
let outcomes: u32 = 0;

export function openSuspects(oldAt: usize): bool {
  old = oldAt;
  suspects = take(8 << 16);
  present = take(1 << 13);
  flags = take(4 << 16);
  return suspects !== 0 && present !== 0 && flags !== 0;
}

function slot(here: usize, place: u32): usize {
  const around = ((<u32>load<u16>(here - 2)) << 16) | load<u16>(old + place);
  return suspects + ((<usize>(hash(around, 0) >> 16)) << 2);
}

/** Whether the old `place` is one; what precedes the new place is at `here`. */
export function isSuspect(here: usize, place: u32): bool {
  return load<u32>(slot(here, place)) !== 0;
}

/** Which of the 16 old places from `place` on are suspects, a bit each, where the bytes around are the same in both files. */
export function suspectsAt(place: u32): u32 {
  return fourAt(place) | (fourAt(place + 4) << 4) | (fourAt(place + 8) << 8) | (fourAt(place + 12) << 12);
}

/** Of four places: as `slot` has them. */
function fourAt(place: u32): u32 {
  const around = v128.load64_zero(old + place - 2);
  const index = i32x4.shr_u(
    hashFour(v128.shuffle<u8>(around, around, 2, 3, 0, 1, 3, 4, 1, 2, 4, 5, 2, 3, 5, 6, 3, 4)),
    16,
  );
  return (
    presence(i32x4.extract_lane(index, 0)) |
    (presence(i32x4.extract_lane(index, 1)) << 1) |
    (presence(i32x4.extract_lane(index, 2)) << 2) |
    (presence(i32x4.extract_lane(index, 3)) << 3)
  );
}

function presence(index: u32): u32 {
  return (load<u32>(present + ((index >> 5) << 2)) >> (index & 31)) & 1;
}

/** `hash` of each with 0. */
function hashFour(a: v128): v128 {
  let x = i32x4.mul(i32x4.add(a, i32x4.splat(0x9e3779b9)), i32x4.splat(0x85ebca6b));
  x = i32x4.add(x, i32x4.splat(0x27d4eb2f * 0xc2b2ae35));
  x = i32x4.mul(v128.xor(x, i32x4.shr_u(x, 15)), i32x4.splat(0x2c1b3c6d));
  return v128.xor(x, i32x4.shr_u(x, 13));
}

function setPresent(counter: usize, bit: u32): void {
  const index = <u32>((counter - suspects) >> 2);
  const word = present + ((index >> 5) << 2);
  store<u32>(word, (load<u32>(word) & ~(1 << (index & 31))) | (bit << (index & 31)));
}

/** Makes the old `place`, `at` in the new file, one; returns the new place of the last like it, or 0. */
export function suspect(here: usize, place: u32, at: u32): u32 {
  const counter = slot(here, place);
  if (load<u32>(counter) === 0) {
    store<u32>(counter, (1 << 30) | 1);
    setPresent(counter, 1);
  }
  const last = load<u32>(counter, 4 << 16);
  store<u32>(counter, at, 4 << 16);
  return last;
}

/** Codes whether the byte is wrong; `apart`: bytes since the last that was. */
export function codeSuspect(wrong: u32, here: usize, place: u32, apart: u32): u32 {
  const at = slot(here, place);
  const far: u32 = 32 - <u32>clz(min<u32>(apart, 65535));
  const index = <u32>((at - suspects) >> 2);
  counterOfFlag(0, at);
  counterOfFlag(1, flags + ((<usize>(far * 256 + (outcomes & 255))) << 2));
  counterOfFlag(2, flags + ((<usize>(8192 + (hash(load<u32>(here - 4), index) & 16383))) << 2));
  counterOfFlag(3, flags + ((<usize>(24576 + (hash(index, far) & 16383))) << 2));
  counterOfFlag(
    4,
    flags + ((<usize>(40960 + (hash(load<u32>(old + place), load<u32>(old + place, 4)) & 16383))) << 2),
  );
  const result = codeMixed(wrong, 5, 1900 + min<u32>(15, seen(at)), 127);
  outcomes = (outcomes << 1) | result;
  if (!result && seen(at) >= TRIES && chance(at) < CLEARED) {
    store<u32>(at, 0);
    setPresent(at, 0);
  }
  return result;
}
