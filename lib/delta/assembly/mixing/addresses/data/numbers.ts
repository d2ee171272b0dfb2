/**
 * Numbers of a variable number of bytes, of seven bits each, the highest first, whose last byte has the highest bit: so Dart's snapshots
 * refer to instances of classes. They have no addresses; a number stands for the first base of its region + it.
 */
import { State } from '../../state';
import { NUMBERS, regionOf } from '../regions';

/** The region of numbers that contains the offset of the old file, or 0. */
export function numbersAt(offset: u32): usize {
  const region = regionOf(0, offset);
  return region !== 0 && load<u32>(region, 12) === NUMBERS ? region : 0;
}

/** Whether a number of two bytes or more begins at `offset` of the old file. */
export function isNumberAt(offset: u32): bool {
  const region = numbersAt(offset);
  if (region === 0 || load<u8>(State.old + offset) >> 7 !== 0) return false;
  return offset === load<u32>(region) || load<u8>(State.old + offset - 1) >> 7 !== 0;
}

/** What a field refers to; the number has the first byte as the highest. */
export function numberTarget(base: u32, field: u64): u32 {
  let number: u32 = 0;
  for (let i: u64 = 0; i < 5; i++) number |= (<u32>(field >> (8 * i)) & 127) << (7 * <u32>i);
  return base + number;
}

/** The field of `size` bytes that holds the number. */
export function numberField(number: u32, size: u32): u64 {
  let field: u64 = 128;
  for (let i: u32 = 0; i < size; i++) field |= ((<u64>number >> (7 * i)) & 127) << (8 * i);
  return field;
}
