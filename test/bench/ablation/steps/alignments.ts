/** Which alignments are found, and which of them become steps; lanes. For the encoder only: but for the last, nothing has to be compiled. */
import { changesOf, type Step } from '../step.ts';

const CHOOSE = 'mixing/choose.ts';
const FIRST = '{ shortest: 16, shortestInText: 1000, bulkFrom: Number.POSITIVE_INFINITY }';

export const ALIGNMENT_STEPS: readonly Step[] = [
  {
    name: 'short alignments of text where that is smaller',
    changes: changesOf('mixing/choices/around.ts', [
      'if (sizeOf(made) > LEAST_FOR_EACH * shorter && sizeOf(made) < MOST_FOR_EACH * shorter) {',
      'if (false) {',
    ]),
  },
  {
    name: 'alignments below 1000 bytes of text left out (16)',
    changes: changesOf(CHOOSE, [FIRST, FIRST.replace('1000', '16')]),
  },
  {
    name: 'alignments of 16 to 63 bytes',
    changes: changesOf(CHOOSE, [FIRST, FIRST.replace('shortest: 16', 'shortest: 64')]),
  },
  {
    name: 'no bulk (bulk from gaps of 300 on)',
    changes: changesOf(CHOOSE, [FIRST, FIRST.replace('Number.POSITIVE_INFINITY', '300')]),
  },
  {
    name: 'tables of functions, or symbols, aligned by their entries',
    changes: changesOf(CHOOSE, [
      '    alignAssemblies(input, alignFunctions(images.old, images.fresh, input.alignments)),',
      '    input.alignments,',
    ]),
  },
  {
    name: 'classes of Java aligned by what their constants say',
    changes: changesOf('generate.ts', [
      'await alignClasses({ ...files, images }, alignments, again);',
      'alignments;',
    ]),
  },
  {
    name: 'code that is equal taken for data',
    changes: changesOf(CHOOSE, ['  if (isCodeEqual(input)) makeCodeData(images);\n', '']),
  },
  {
    name: 'page hashes that are computed',
    changes: changesOf('mixing/choices/images.ts', [
      'fresh: regionsOf(fresh, true) }',
      'fresh: regionsOf(fresh, false) }',
    ]),
  },
  {
    name: 'boundaries where functions begin',
    changes: changesOf('mixing/encode.ts', ['of moveBoundaries(file, kept, choice.bulkFrom)', 'of kept']),
  },
  {
    name: 'two lanes (one)',
    changes: changesOf('mixing/encode.ts', [
      'splitSteps(chooseSteps(input, choice), splitAt);',
      'splitSteps(chooseSteps(input, choice), null);',
    ]),
  },
  {
    name: 'alignments judged by what surrounds them',
    aligns: true,
    changes: changesOf('assembly/align.ts', [
      `back + length > score + BETTER ||
        isBetterAround(old, oldSize, fresh, at, done, to, from, length, back)`,
      'back + length > score + BETTER',
    ]),
  },
];
