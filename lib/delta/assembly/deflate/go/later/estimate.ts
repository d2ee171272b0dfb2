/**
 * What Go since 1.27 believes that the tokens of a block take, at best. Single precision (IEEE 754), each operation rounded by itself, as
 * Go computes on x86-64.
 *
 * After compress/flate/token.go. Copyright 2009 The Go Authors. All rights reserved. BSD-style licence, in LICENSE.
 */
import { DISTANCES, distances, END_OF_BLOCK, extraBits, frequency, LITERALS, literals } from '../symbols';

/** Of what was counted: `all` tokens. */
export function estimatedBits(all: u32): u32 {
  let bits: f32 = 0;
  const part: f32 = <f32>1 / <f32>all;
  for (let i: u32 = 0; i < 256; i++) bits = add(bits, frequency(literals, i), part);
  bits += 15;
  for (let i = END_OF_BLOCK + 1; i < LITERALS; i++) bits = add(bits, frequency(literals, i), part);
  let copies: u32 = 0;
  for (let i: u32 = 0; i < DISTANCES; i++) copies += frequency(distances, i);
  if (copies > 0) {
    const partOfCopies: f32 = <f32>1 / <f32>copies;
    for (let i: u32 = 0; i < DISTANCES; i++) bits = add(bits, frequency(distances, i), partOfCopies);
  }
  return <u32>bits + extraBits();
}

/** What symbols of one kind add: 1 to 15 bits each. */
function add(bits: f32, occurs: u32, part: f32): f32 {
  if (occurs === 0) return bits;
  const times: f32 = <f32>occurs;
  const each: f32 = min<f32>(15, max<f32>(1, -logarithm(times * part)));
  return bits + each * times;
}

/** About the binary logarithm. */
function logarithm(value: f32): f32 {
  const word = reinterpret<i32>(value);
  const whole: f32 = <f32>(((word >> 23) & 255) - 128);
  const rest: f32 = reinterpret<f32>((word & 0x807fffff) + (127 << 23));
  return whole + ((<f32>-0.34484843 * rest + <f32>2.02466578) * rest - <f32>0.67487759);
}
