/**
 * What is left to bulk where no length of alignments keeps within the limit: those that take the most work for their bytes, whatever their
 * length.
 */
import type { Alignment } from '../../matcher.ts';
import { type StepWork, workOf } from '../encode.ts';

/** Of an alignment, bytes that are left to bulk together. */
const PIECE = 1 << 13;

/** The alignments cut into pieces, so that what each of them takes can be told. */
export function inPieces(alignments: readonly Alignment[]): Alignment[] {
  return alignments.flatMap(({ newStart, oldStart, length }) =>
    Array.from({ length: Math.ceil(length / PIECE) }, (_, index) => {
      const into = index * PIECE;
      return {
        newStart: newStart + into,
        oldStart: oldStart + into,
        length: Math.min(PIECE, length - into),
      };
    }),
  );
}

/** The pieces without those that are made by the densest steps, joined, so that about `wanted` work remains. Both lists are ascending. */
export function withoutDense(
  alignments: readonly Alignment[],
  steps: readonly StepWork[],
  wanted: number,
): Alignment[] {
  let work = steps.reduce((sum, step) => sum + workOfStep(step), 0);
  const dense = new Set<StepWork>();
  for (const step of steps.filter(({ isBulk }) => !isBulk).sort((a, b) => density(b) - density(a))) {
    if (work <= wanted) break;
    work -= workOfStep(step) - workOf(0, step.end - step.start);
    dense.add(step);
  }
  let index = 0;
  const kept = alignments.filter(({ newStart, length }) => {
    const middle = newStart + (length >> 1);
    while (index + 1 < steps.length && (steps[index]?.end ?? 0) <= middle) index++;
    const step = steps[index];
    return step === undefined || !dense.has(step);
  });
  return joined(kept);
}

function joined(pieces: readonly Alignment[]): Alignment[] {
  const all: Alignment[] = [];
  for (const piece of pieces) {
    const last = all.at(-1);
    const goesOn =
      last !== undefined &&
      last.newStart + last.length === piece.newStart &&
      last.oldStart + last.length === piece.oldStart;
    if (goesOn) last.length += piece.length;
    else all.push({ ...piece });
  }
  return all;
}

function density({ start, end, bits }: StepWork): number {
  return bits / (end - start);
}

function workOfStep({ start, end, bits, isBulk }: StepWork): number {
  return bits / 8 + (isBulk ? workOf(0, end - start) : 0);
}
