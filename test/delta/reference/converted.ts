/** A file as it is modelled, and as it is: from lib/delta/FORMAT.md. */
import { convertRecords } from './code-records.ts';
import { ARM_WORDS, type Image } from './image.ts';
import { convertInstructions, haveSizes } from './machine-instructions.ts';
import { convertWords } from './machine-words.ts';
import { convertThumb, THUMB } from './thumb.ts';

const CODE_RECORDS = 40;

/** A copy of the file in which what is said of its regions is done, or undone. */
export function convert(file: Uint8Array, { regions }: Image, isBack: boolean): Uint8Array {
  // What is called slice shares memory if it is a Buffer's.
  const made = new Uint8Array(file);
  for (const region of regions) {
    if (region.kind === CODE_RECORDS) convertRecords(made, region, isBack);
    else if (haveSizes(region.kind) && region.inWords === true) convertInstructions(made, region, isBack);
    else if (region.kind === THUMB && region.inWords === true) convertThumb(made, region, isBack);
    else if (region.kind === ARM_WORDS || region.inWords === true) convertWords(made, region, isBack);
  }
  return made;
}

/** The old file as it is modelled, but with the instructions of code in converted words as they were. */
export function withInstructions(made: Uint8Array, old: Uint8Array, { regions }: Image): Uint8Array {
  const plain = new Uint8Array(made);
  for (const { offset, size, inWords } of regions)
    if (inWords === true) plain.set(old.subarray(offset, offset + size), offset);
  return plain;
}
