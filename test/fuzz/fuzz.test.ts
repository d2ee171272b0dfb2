/** A few cases of each target of `npm run fuzz`: the fuzzers fit the code, and the cases that once were findings are none. */
import { afterAll, describe, expect, test } from 'bun:test';
import { DecidingDecoder, NO_DECISIONS } from './deciding-decoder.ts';
import { Random } from './random.ts';
import { runCase, TARGET_NAMES } from './targets.ts';
import { takeTraps, unwatchAssembly, watchAssembly } from './watched-assembly.ts';

/** Numbers of cases that were findings. */
const FOUND: Record<string, number[]> = {
  // A block that reaches beyond the old file's end: the second decoder looked for suspects there.
  // A word that holds other bytes than those of identifiers: the second decoder began its hash anew behind them.
  model: [27, 1069940180],
  // Other bulk than the model was made for: the second decoder did not see that the model's stream had not ended there.
  light: [303827457],
};

describe('cases of', () => {
  watchAssembly();
  afterAll(unwatchAssembly);
  test.each(TARGET_NAMES)('%s', async (target) => {
    const outcomes: string[] = [];
    for (const number of [...(FOUND[target] ?? []), 1, 2]) outcomes.push(await runCase(target, number));
    expect(outcomes.some((outcome) => outcome !== 'nothing')).toBe(true);
  });

  test('a trap of WebAssembly is remembered', () => {
    // (module (func (export "run") unreachable))
    const bytes = Uint8Array.from(
      Buffer.from('0061736d01000000010401600000030201000707010372756e00000a05010300000b', 'hex'),
    );
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes));
    expect(() => (exports as { run(): void }).run()).toThrow(WebAssembly.RuntimeError);
    expect(takeTraps()).toHaveLength(1);
  });
});

test('what is decided is written, and what is not is written as it was read', () => {
  const stream = new Random(1).bytes(60);
  const read = (decoder: DecidingDecoder) => Array.from({ length: 40 }, () => decoder.raw(8));
  const plain = read(new DecidingDecoder(stream, NO_DECISIONS));
  const decided = new DecidingDecoder(stream, { ...NO_DECISIONS, raws: new Map([[7, 99]]) });
  expect(read(decided)).toEqual(plain.with(7, 99));
  expect(read(new DecidingDecoder(decided.written(), NO_DECISIONS))).toEqual(plain.with(7, 99));
});

test('there is no target of another name', async () => {
  await expect(runCase('nothing', 1)).rejects.toThrow(
    'there is no target nothing, only model, fourth, fast, light',
  );
});
