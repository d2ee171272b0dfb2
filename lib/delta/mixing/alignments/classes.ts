/**
 * Alignments of classes of Java (assembly/mixing/addresses/data/classes.ts). Where a constant was added, nearly all numbers behind it change, so that byte by byte a class
 * resembles too little. They are aligned with what constants say in the place of their numbers. For the encoder only.
 */
import type { Alignment } from '../../matcher.ts';
import { type Image, REGION_KINDS } from '../containers/image.ts';
import { hasClasses } from '../containers/java-classes.ts';
import { MixingModule } from '../module.ts';

interface Files {
  old: Uint8Array;
  fresh: Uint8Array;
  images: { old: Image; fresh: Image };
}

type Align = (old: Uint8Array, fresh: Uint8Array) => Promise<readonly Alignment[]>;

/** `alignments`, or others if both files have classes. `align` aligns two files. */
export async function alignClasses(
  { old, fresh, images }: Files,
  alignments: readonly Alignment[],
  align: Align,
): Promise<readonly Alignment[]> {
  if (!hasClasses(images.old) || !hasClasses(images.fresh)) return alignments;
  return await align(withContents(old, images.old), withContents(fresh, images.fresh));
}

function withContents(file: Uint8Array, { regions }: Image): Uint8Array {
  const module = MixingModule.open(true, file.length, 1);
  const { exports } = module;
  module.bytes(exports.oldFile(), file.length).set(file);
  for (const { kind, offset, size } of regions)
    if (kind === REGION_KINDS.classes) exports.nameConstants(offset, size);
  return new Uint8Array(module.bytes(exports.oldFile(), file.length));
}
