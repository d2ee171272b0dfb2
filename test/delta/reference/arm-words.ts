/** Code of arm64 in converted words, from lib/delta/FORMAT.md. */
import { u32 } from './arithmetic.ts';
import type { Region } from './image.ts';

/** An instruction with the distance that it has, if it has one, farther by what `by` says of its unit: 4 or 4096 bytes. */
function moved(instruction: number, by: (unit: number) => number): number {
  const bits = instruction.toString(2).padStart(32, '0');
  const rest = bits.slice(6);
  if (bits.startsWith('100101')) return toBits('100101', wrapped(rest, by(4)));
  if (!/^1..10000/.test(bits)) return instruction;
  const pages = wrapped(bits.slice(8, 27) + bits.slice(1, 3), by(4096));
  return toBits('1', pages.slice(19), '10000', pages.slice(0, 19), bits.slice(27));
}

const toBits = (...parts: string[]) => Number.parseInt(parts.join(''), 2);

/** The sum, in as many bits. */
function wrapped(bits: string, more: number): string {
  const sum = BigInt.asUintN(bits.length, BigInt(`0b${bits}`) + BigInt(more));
  return sum.toString(2).padStart(bits.length, '0');
}

const unitsAt = (address: number) => (unit: number) => Math.floor(u32(address) / unit);

export const toWord = (instruction: number, address: number) => moved(instruction, unitsAt(address));
export const fromWord = (word: number, address: number) => moved(word, (unit) => -unitsAt(address)(unit));

/** In place, the words of a region are converted, or back. */
export function convertWords(made: Uint8Array, { offset, size, address }: Region, isBack: boolean): void {
  const view = new DataView(made.buffer, made.byteOffset, made.length);
  for (let into = (4 - (address % 4)) % 4; into + 4 <= size; into += 4) {
    const here = address + into;
    if (isBack) view.setUint32(offset + into, fromWord(view.getUint32(offset + into), here), true);
    else view.setUint32(offset + into, toWord(view.getUint32(offset + into, true), here));
  }
}
