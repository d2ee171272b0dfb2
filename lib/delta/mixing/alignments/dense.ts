/**
 * What is done where no length of alignments keeps within the limit: those that take the most work for their bytes, whatever their
 * length, are left to bulk, or become fast steps.
 */
import type { Alignment } from '../../matcher.ts';
import { type MixedAlignment, type StepWork, workOf } from '../encode.ts';

/** Of an alignment, bytes that are left to bulk, or are fast, together. */
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
  const stepOf = stepsAt(steps);
  return joined(
    alignments.filter((alignment) => {
      const step = stepOf(alignment);
      return step === undefined || !dense.has(step);
    }),
  );
}

/** Those whose index `isFast` wants become fast steps. */
export function markFast(
  alignments: readonly Alignment[],
  isFast: (index: number) => boolean,
): MixedAlignment[] {
  return alignments.map((alignment, index) => (isFast(index) ? { ...alignment, isFast: true } : alignment));
}

/**
 * The pieces, joined, of which those are fast that save the most work for the bytes of the patch that they cost, so that about `wanted` work
 * remains. `steps` and `fast` are the same steps, measured without and with all of them fast. All lists are ascending.
 */
export function withFast(
  alignments: readonly Alignment[],
  steps: readonly StepWork[],
  fast: readonly StepWork[],
  wanted: number,
): MixedAlignment[] {
  let work = steps.reduce((sum, step) => sum + workOfStep(step), 0);
  const trades = steps.map((step, index) => {
    const { bits = 0, cost = 0 } = fast[index] ?? {};
    return { step, saved: (step.bits - bits) / 8, lost: cost - step.cost };
  });
  const worth = ({ saved, lost }: { saved: number; lost: number }) => saved / Math.max(1, lost);
  const chosen = new Set<StepWork>();
  for (const trade of trades.filter(({ saved }) => saved > 0).sort((a, b) => worth(b) - worth(a))) {
    if (work <= wanted) break;
    work -= trade.saved;
    chosen.add(trade.step);
  }
  const stepOf = stepsAt(steps);
  return joined(
    alignments.map((alignment) => {
      const step = stepOf(alignment);
      return step !== undefined && chosen.has(step) ? { ...alignment, isFast: true as const } : alignment;
    }),
  );
}

/** Of ascending alignments, the step that makes the middle of each. */
function stepsAt(steps: readonly StepWork[]): (alignment: Alignment) => StepWork | undefined {
  let index = 0;
  return ({ newStart, length }) => {
    const middle = newStart + (length >> 1);
    while (index + 1 < steps.length && (steps[index]?.end ?? 0) <= middle) index++;
    return steps[index];
  };
}

function joined(pieces: readonly MixedAlignment[]): MixedAlignment[] {
  const all: MixedAlignment[] = [];
  for (const piece of pieces) {
    const last = all.at(-1);
    const goesOn =
      last !== undefined &&
      last.isFast === piece.isFast &&
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
