/** What the second, the third and the fourth model have that the one before has not. */
import { changesOf, type Step } from '../step.ts';

const LIMITS = 'assembly/mixing/coding/limits.ts';
const LITERAL = 'assembly/mixing/contents/literal.ts';
const LITERALS = 'assembly/mixing/coding/literals.ts';
const BYTES = 'assembly/mixing/contents/bytes.ts';
const LAYERS = 'assembly/mixing/coding/layers.ts';

const NO_THIRD = ['  Limits.third = true;\n', ''] as const;

/** Two contexts that the first model has, the second one out of the last bytes alone. */
const [OF_FIRST, OF_LAST] = [
  'hash(hash(first | (second << 9), was | ((State.history & 15) << 9)), 0xc00)',
  'hash(last >> 8, 0xe00)',
];
const OLD_COLUMN = 'else if (State.kind !== CODE) context(7, hash(hash(was, State.at & 7), 0x1800));';

export const MODEL_STEPS: readonly Step[] = [
  {
    name: 'the third and the second model, all (the first one)',
    changes: changesOf(LIMITS, NO_THIRD, [
      'export function useSecondModel(): void {',
      'export function useSecondModel(): void {\n  if (true) return;',
    ]),
  },
  { name: 'the third model, all (the second one)', changes: changesOf(LIMITS, NO_THIRD) },
  {
    name: 'second model: limits',
    changes: [
      ...changesOf(LIMITS, [
        `  Limits.sizes = 60;
  Limits.digits = 127;
  Limits.steps = 100;
  Limits.blocks = 250;
  Limits.places = 127;
  Limits.references = 100;
  Limits.fields = 60;
  Limits.bytes = 50;
  Limits.predictions = 100;
`,
        '',
      ]),
      ...changesOf(LITERALS, ['const SECOND_LIMIT: u32 = 20;', 'const SECOND_LIMIT: u32 = 127;']),
    ],
  },
  {
    name: 'second model: runs',
    changes: changesOf(
      LITERALS,
      [
        `      const run = runCounter(row, load<u32>(bucket), n, SECOND_LIMIT, inner, step);
      store<usize>(told + (i << 2), run);
      store<i32>(inputs + (i << 3), select(0, stretchOf(run), run === row), 4);
`,
        `      store<i32>(inputs + (i << 3), ((<i32>chance(counter) - 32768) * <i32>(min<u32>(n, 3) * 341)) >> 16, 4);
`,
      ],
      ['      learnRun(load<usize>(told + (i << 2)), bit);\n', ''],
      [
        '  for (let i: usize = 0; i < count; i++) continueRun(load<usize>(slots + (i << 2)), <u32>inner & 15);\n',
        '',
      ],
    ),
  },
  {
    name: 'second model: instructions',
    changes: changesOf(
      LITERAL,
      [
        `  locateInstruction(address);
  if (State.inWords) return describeWords(end, last);
  context(6, branchContext(address, last));
  context(7, hash(soFar, 0x1100));
  context(8, hash(hash(soFar, opcodeBefore), 0x1200));`,
        `  context(6, branchContext(address, last));
  context(8, ${OF_LAST});`,
      ],
      [OLD_COLUMN, `${OLD_COLUMN}\n    else context(7, ${OF_FIRST});`],
    ),
  },
  {
    name: 'second model: columns',
    changes: changesOf(
      LITERAL,
      ['hash(hash(load<u8>(end - 8), load<u8>(end - 16)), 0x1700 + (State.at & 7))', OF_LAST],
      ['hash(hash(was, State.at & 7), 0x1800)', OF_FIRST],
    ),
  },
  {
    name: 'second model: weights by type',
    changes: changesOf(LITERALS, ['<u32>type * 256 + node, used', 'node, used']),
  },
  {
    name: 'second model: constant input of mixed flags',
    changes: changesOf(LIMITS, ['  Limits.bias = 256;\n', '']),
  },
  {
    name: 'second model: low bits of steps',
    changes: changesOf('assembly/mixing/addresses/steps.ts', [
      'Limits.second ? codeRow(load<u32>(at), start) : codeLength(load<u32>(at), start)',
      'codeLength(load<u32>(at), start)',
    ]),
  },
  {
    name: 'third model: jumps (each is taken)',
    changes: changesOf(BYTES, [' && (!Limits.third || isJump(place))', '']),
  },
  {
    name: 'third model: the window',
    changes: changesOf('assembly/mixing/contents/matches.ts', [
      'if (Limits.third && State.kind !== TEXT_CLASS) {',
      'if (false) {',
    ]),
  },
  {
    name: 'third model: a match that was lost does not go on',
    changes: changesOf(BYTES, [
      'if (!Limits.third && State.matched === 0 && lostAt !== 0',
      'if (State.matched === 0 && lostAt !== 0',
    ]),
  },
  {
    name: 'third model: second set and counter of bytes',
    changes: changesOf(BYTES, ['if (Limits.third) {\n      const apart', 'if (false) {\n      const apart']),
  },
  {
    name: 'third model: second set and counter of references',
    changes: changesOf('assembly/mixing/contents/fields.ts', [
      'if (!Limits.third) return codeMixed(',
      'if (true) return codeMixed(',
    ]),
  },
  {
    name: 'fourth model: all (the third one)',
    changes: changesOf('mixing/choices/fourth-model.ts', ['FOURTH_BELOW = 400_000', 'FOURTH_BELOW = 0']),
  },
  {
    name: 'fourth model: lessons',
    changes: changesOf('assembly/mixing/contents/lessons.ts', [
      'if (amount < BLOCK || blocks === 0) return true;',
      'if (true) return true;',
    ]),
  },
  {
    name: 'fourth model: lessons of 2^18 bytes (2^16)',
    changes: changesOf('mixing/encode.ts', ['const MOST_LESSONS = 18;', 'const MOST_LESSONS = 16;']),
  },
  {
    name: 'fourth model: 2^20 buckets (2^18)',
    changes: changesOf('mixing/encode.ts', ['Math.min(20, Math.max(12,', 'Math.min(18, Math.max(12,']),
  },
  {
    name: 'fourth model: more contexts',
    changes: changesOf(
      LITERAL,
      ['return Limits.fourth ? describeSparse(10, end, last) : 10;', 'return 10;'],
      ['return Limits.fourth ? describeSparse(8, end, last) : 8;', 'return 8;'],
      ['if (!Limits.fourth) return 9;', 'if (true) return 9;'],
    ),
  },
  {
    name: 'fourth model: two more sets of weights',
    changes: changesOf(
      LAYERS,
      ['secondWeights + ((<usize>second * INPUTS) << 2)', 'secondWeights'],
      ['thirdWeights + ((<usize>third * INPUTS) << 2)', 'thirdWeights'],
    ),
  },
  {
    name: 'fourth model: weights of the layer are learned (a quarter each)',
    changes: changesOf(LAYERS, [
      'store<i32>(weight, max<i32>(-LAYER_LIMIT, min<i32>(LAYER_LIMIT, moved)));',
      'store<i32>(weight, moved < -LAYER_LIMIT ? 0 : QUARTER);',
    ]),
  },
];
