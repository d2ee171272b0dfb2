/** Every decoder takes what it says and nothing beside it, and its error names the path, what was wanted and what was found. */
import { describe, expect, test } from 'bun:test';
import { DamagedError, UsageError } from '../../lib/errors.ts';
import {
  array,
  boolean,
  checked,
  type Decoder,
  decodeInput,
  hex,
  integer,
  line,
  nullable,
  object,
  oneOf,
  optional,
  stringOf,
  tagged,
  text,
  unwanted,
} from '../../lib/format/decoder.ts';

const sum = object({ a: integer(0, 9), b: optional(integer(0, 9), 5) });
const shape = tagged('kind', {
  point: object({ kind: oneOf('point') }),
  line: object({ kind: oneOf('line'), length: integer(1, 9) }),
});
const even = checked(integer(0, 9), (value, path) => {
  if (value % 2 !== 0) throw unwanted(path, 'an even number', value);
});

const taken: [what: string, decode: Decoder<unknown>, values: unknown[]][] = [
  ['one of', oneOf<string | number | boolean>('x', 2, true), ['x', 2, true]],
  ['boolean', boolean, [true, false]],
  ['integer', integer(-1, 3), [-1, 0, 3]],
  ['largest integer', integer(0, Number.MAX_SAFE_INTEGER), [Number.MAX_SAFE_INTEGER]],
  ['string', stringOf('an x', (value) => value.includes('x')), ['x']],
  ['line', line(3), ['a', 'äöü']],
  ['text', text(3), ['', 'a\n\t']],
  ['hex', hex(2), ['00ff']],
  ['nullable', nullable(boolean), [null, true]],
  ['list', array(boolean, 1, 2), [[true], [true, false]]],
  ['object', sum, [{ a: 1, b: 2 }]],
  ['tagged', shape, [{ kind: 'point' }, { kind: 'line', length: 2 }]],
  ['checked', even, [0, 8]],
];
test.each(taken)('%s: what it takes comes back', (_, decode, values) => {
  for (const value of values) expect(decode(value, 'here')).toEqual(value);
});

const refused: [what: string, decode: Decoder<unknown>, values: unknown[]][] = [
  ['one of', oneOf<string | number | boolean>('x', 2, true), ['y', '2', 1, null, undefined, ['x']]],
  ['boolean', boolean, [0, 1, 'true', null, undefined]],
  ['integer', integer(-1, 3), [-2, 4, 0.5, Number.NaN, Infinity, '1', null, undefined, -0, 1n]],
  ['integer beyond the safe ones', integer(0, Infinity), [2 ** 53]],
  ['string', stringOf('an x', (value) => value.includes('x')), ['y', ['x'], 1, null, undefined]],
  ['line', line(3), ['', 'abcd', 'a\n', 'a\tb', '\u0000', '\u009b', '\ud800']],
  ['text', text(3), ['abcd', 'a\r', '\u001b', '\u009b', '\ud800', null]],
  ['hex', hex(2), ['00f', '00ff0', '00FF', '00fg', ' 00ff', '00ff\n', 0xff]],
  ['nullable', nullable(boolean), [undefined, 0]],
  ['list', array(boolean, 1, 2), [[], [true, true, true], [1], {}, null, 'ab']],
  ['object', sum, [null, [], 'a', {}, { a: 1, c: 1 }, { b: 1 }, { a: 10 }, Object.create({ a: 1 })]],
  [
    'tagged',
    shape,
    [
      null,
      'point',
      {},
      { kind: 'circle' },
      { kind: 'point', length: 1 },
      { kind: 'line' },
      Object.create({ kind: 'point' }),
    ],
  ],
  ['object without fields', object({}), [[], 'a', 5, null, true]],
  ['checked', even, [1, 10]],
];
test.each(refused)('%s: everything else is damaged, and the path is named', (_, decode, values) => {
  for (const value of values) {
    expect(() => decode(value, 'here')).toThrow(DamagedError);
    expect(() => decode(value, 'here')).toThrow(/^here/);
  }
});

test('a field that is missing may have a fallback', () => {
  expect(sum({ a: 1 }, 'here')).toEqual({ a: 1, b: 5 });
});

test('names that every JavaScript object answers to are no fields', () => {
  for (const name of ['constructor', 'toString', 'hasOwnProperty'])
    expect(() => sum({ a: 1, [name]: 1 }, 'here')).toThrow('wanted no fields but a, b');
  expect(() => shape({ kind: 'constructor' }, 'here')).toThrow('here.kind: wanted "point" or "line"');
});

describe('the message', () => {
  test.each([
    [undefined, 'nothing'],
    [[1, 2], 'a list of 2'],
    [{}, 'an object'],
    [() => 1, 'a function'],
    [Symbol('x'), 'a symbol'],
    ['a\u001b[2J', '"a\\u001b[2J"'],
    [null, 'null'],
  ])('says what was found: %p', (value, found) => {
    expect(unwanted('here', 'a number', value).message).toBe(`here: wanted a number, found ${found}`);
  });

  test('names fields inside of lists and objects', () => {
    const list = object({ items: array(sum, 0, 9) });
    expect(() => list({ items: [{ a: 1 }, { a: 11 }] }, 'here')).toThrow(
      'here.items[1].a: wanted a whole number from 0 to 9, found 11',
    );
  });
});

test('what a user or a program hands in is their mistake, and an error of ours stays one', () => {
  expect(() => decodeInput(boolean, 1, '--flag')).toThrow(UsageError);
  const broken: Decoder<never> = () => {
    throw new TypeError('ours');
  };
  expect(() => decodeInput(broken, 1, '--flag')).toThrow(TypeError);
  expect(() => decodeInput(broken, 1, '--flag')).not.toThrow(UsageError);
});
