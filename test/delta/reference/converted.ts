/** A file as it is modelled, and as it is: from lib/delta/FORMAT.md. */
import { convertWords } from './arm-words.ts';
import { convertRecords } from './code-records.ts';
import { ARM_WORDS, type Image } from './image.ts';

const CODE_RECORDS = 40;

/** A copy of the file in which what is said of its regions is done, or undone. */
export function convert(file: Uint8Array, { regions }: Image, isBack: boolean): Uint8Array {
  const made = file.slice();
  for (const region of regions) {
    if (region.kind === CODE_RECORDS) convertRecords(made, region, isBack);
    else if (region.kind === ARM_WORDS) convertWords(made, region, isBack);
  }
  return made;
}
