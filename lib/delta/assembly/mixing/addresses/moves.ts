/**
 * Where functions and data of WebAssembly have moved. Its code refers to functions by their number and to data by addresses, neither of
 * which is a place of the file, so steps say nothing of them: the patch does, in runs that moved alike. Functions have addresses here
 * too, behind all data, or those that Go gives them.
 */
import { take } from '../../memory';
import { codeDifference, codeNumber, NUMBER } from '../coding/coder';

/** Runs, at most. */
const MOST: u32 = 1 << 16;
const MOST_SHIFT: u32 = 16;

/** The address of the first function that is not imported; each has 2^functionShift addresses. */
export let firstFunction: u32 = 0;
export let functionShift: u32 = 0;
/** Of the old file: those that are not imported. */
export let functionCount: u32 = 0;
/** How many functions each file imports: they have the first numbers. */
let imports: usize = 0;

/** Start and by how much it moved, ascending. */
let runs: usize = 0;
let runCount: u32 = 0;
let numbers: usize = 0;

export function openMoves(): bool {
  imports = take(8);
  numbers = take(3 * NUMBER);
  return numbers !== 0;
}

/** For the encoder: what is to be sent. Where the runs are to be written, two words each; 0 if memory ran out. */
export function takeMoves(first: u32, shift: u32, count: u32, before: u32, after: u32, size: u32): usize {
  firstFunction = first;
  functionShift = shift;
  functionCount = count;
  store<u32>(imports, before);
  store<u32>(imports, after, 4);
  runCount = size;
  runs = take((<usize>size + 1) << 3);
  return runs;
}

/** False if they are malformed, or memory ran out. */
export function codeMoves(): bool {
  firstFunction = codeNumber(firstFunction, numbers);
  functionShift = codeNumber(functionShift, numbers);
  functionCount = codeNumber(functionCount, numbers);
  for (let file: usize = 0; file < 8; file += 4)
    store<u32>(imports + file, codeNumber(load<u32>(imports + file), numbers));
  runCount = codeNumber(runCount, numbers);
  if (functionShift > MOST_SHIFT || runCount > MOST) return false;
  if (runs === 0) runs = take((<usize>runCount + 1) << 3);
  if (runs === 0) return false;
  let start: u32 = 0;
  let by: u32 = 0;
  for (let i: usize = 0; i < <usize>runCount; i++) {
    const run = runs + (i << 3);
    const size = codeNumber(load<u32>(run) - start, numbers + NUMBER);
    if (size > 0xffffffff - start) return false;
    start += size;
    by += codeDifference(load<u32>(run, 4) - by, numbers + 2 * NUMBER);
    store<u32>(run, start);
    store<u32>(run, by, 4);
  }
  return true;
}

/** Whether the runs say where `address` is now. */
export function hasMoves(address: u32): bool {
  return runCount > 0 && load<u32>(runs) <= address;
}

/** The new address of an old one for which there is a run. */
export function movedTo(address: u32): u32 {
  let low: u32 = 0;
  let high = runCount;
  while (low + 1 < high) {
    const middle = (low + high) >> 1;
    if (load<u32>(runs + ((<usize>middle) << 3)) <= address) low = middle;
    else high = middle;
  }
  return address + load<u32>(runs + ((<usize>low) << 3), 4);
}

export function addressOfFunction(file: usize, index: u32): u32 {
  return firstFunction + ((index - load<u32>(imports + (file << 2))) << functionShift);
}

export function functionAt(file: usize, address: u32): u32 {
  return ((address - firstFunction) >> functionShift) + load<u32>(imports + (file << 2));
}

/** Whether one of the functions of the old file that are not imported has that address. */
export function isFunctionAddress(address: u32): bool {
  return functionShift > 0 && (address - firstFunction) >> functionShift < functionCount;
}
