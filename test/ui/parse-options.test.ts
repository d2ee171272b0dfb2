import { expect, test } from 'bun:test';
import { parseArgs } from 'node:util';
import fc from 'fast-check';
import { UsageError } from '../../lib/errors.ts';
import { type Options, parseOptions } from '../../lib/ui/parsing/parse-options.ts';

const OPTIONS = {
  home: { type: 'string' },
  via: { type: 'string', multiple: true },
  json: { type: 'boolean' },
  quiet: { type: 'boolean', short: 'q' },
  yes: { type: 'boolean', short: 'y' },
} as const satisfies Options;

function byNode(words: string[]): unknown {
  try {
    const { values, positionals, tokens } = parseArgs({
      args: words,
      options: OPTIONS,
      strict: true,
      allowPositionals: true,
      tokens: true,
    });
    // The one difference: node takes the last of several values.
    const homes = tokens.flatMap((token) =>
      token.kind === 'option' && token.name === 'home' ? [token.value] : [],
    );
    if (new Set(homes).size > 1) return 'refused';
    return { values: { ...values }, positionals };
  } catch {
    return 'refused';
  }
}

function here(words: string[]): unknown {
  try {
    return parseOptions(words, OPTIONS);
  } catch (error) {
    expect(error).toBeInstanceOf(UsageError);
    return 'refused';
  }
}

const value = fc.constantFrom('', '/tmp', 'a=b', '-', '-x', '--json', 'ä', '1');
const word = fc.oneof(
  fc.constantFrom(
    '--home',
    '--via',
    '--json',
    '--quiet',
    '-q',
    '-y',
    '-qy',
    '-qx',
    '-x',
    '-h',
    '-',
    'word',
    '',
  ),
  fc.constantFrom(
    '--no-json',
    '--hom',
    '--toString',
    '--__proto__',
    '---home',
    '--=',
    '-q=1',
    '--json=',
    '-=',
    '-qyq',
  ),
  fc.tuple(fc.constantFrom('--home', '--via', '--json', '--x', '-q'), value).map((parts) => parts.join('=')),
  value,
);

test('words are taken and refused as node:util does', () => {
  fc.assert(
    fc.property(fc.array(word, { maxLength: 6 }), (words) => {
      fc.pre(!words.includes('--'));
      expect(here(words)).toEqual(byNode(words));
    }),
    { numRuns: 20_000 },
  );
});

test.each([
  [['--frob'], 'unknown option --frob'],
  [['-f'], 'unknown option -f'],
  [['--json=1'], '--json takes no value, found "1"'],
  [['--home'], '--home: its value is missing'],
  [['--home', '/a', '--home=/b'], '--home was given twice, as "/a" and as "/b"'],
  [['--home', '--json'], '--home: wanted a value, found the option "--json"'],
])('%p: %s', (words, message) => {
  expect(() => parseOptions(words, OPTIONS)).toThrow(message);
});
