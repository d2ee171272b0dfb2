import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { DamagedError } from '../../lib/errors.ts';
import { MAX_DOCUMENT, parseJson } from '../../lib/format/json.ts';

const parse = (text: string) => parseJson(new TextEncoder().encode(text), 'document');

describe('JSON from outside', () => {
  test('is read as JSON.parse reads it', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = JSON.stringify(value);
        expect(parse(text)).toEqual(JSON.parse(text));
      }),
    );
  });

  const twice = [
    '{"a":1,"a":2}',
    '{"a":1,"b":{"a":1},"a":2}',
    '[{"x":"{"},{"k":"\\"","k":1}]',
    '{"a":1,"\\u0061":2}',
    '{"a" \n\t\r : 1 , "a" : 1}',
    '{"__proto__":1,"__proto__":2}',
  ];
  for (const text of twice) {
    test(`is refused when a name stands twice: ${text}`, () => {
      expect(() => parse(text)).toThrow(/^document: wanted each name once in an object, found ".*" twice$/);
    });
  }

  test('is refused when a name stands twice behind a string with a million escapes', () => {
    const text = `{"x":"${'\\n'.repeat(1_000_000)}","a":1,"a":2}`;
    expect(() => parseJson(new TextEncoder().encode(text), 'document', 3_000_000)).toThrow(/found "a" twice/);
  });

  test('is refused when a name stands twice, however the rest is written', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string(), fc.jsonValue(), { minKeys: 1 }),
        fc.nat(),
        fc.constantFrom(0, 2, 3),
        (value, at, indent) => {
          const names = Object.keys(value);
          const name = names[at % names.length] ?? '';
          // The last of two counts, so this is the same value.
          const text = JSON.stringify({ '': 0, ...value, '\n': 0 }, null, indent);
          const repeated = text.replace('{', () => `{${JSON.stringify(name)}:0,`);
          expect(() => parse(repeated)).toThrow(/twice$/);
        },
      ),
    );
  });

  test('is read when it is nested as deeply as its length allows', () => {
    const depth = 500_000;
    const text = '['.repeat(depth) + ']'.repeat(depth);
    let nested = 0;
    for (let value = parse(text); Array.isArray(value) && value.length > 0; value = value[0]) nested++;
    expect(nested).toBe(depth - 1);
  });

  const once = ['{"a":{"a":{"a":1}}}', '[{"a":1},{"a":2}]', '{"a":"a","b":"a:"}', '{"a":["b","b"],"b":"}{"}'];
  for (const text of once) {
    test(`is read when names only look repeated: ${text}`, () => {
      expect(parse(text)).toEqual(JSON.parse(text));
    });
  }

  test('is refused when it is too long, no UTF-8, or no JSON', () => {
    expect(() => parseJson(new Uint8Array(11), 'document', 10)).toThrow(
      'document: wanted at most 10 bytes, found 11',
    );
    expect(() => parseJson(new Uint8Array([0x22, 0xff, 0x22]), 'document')).toThrow(
      'document: wanted UTF-8 text, found other bytes',
    );
    expect(() => parseJson(new Uint8Array([0xef, 0xbb, 0xbf, 0x31]), 'document')).toThrow(DamagedError);
    for (const text of ['', '{', '1 2', "{'a':1}", '[1,]', 'NaN'])
      expect(() => parse(text)).toThrow(DamagedError);
  });

  test('of the full length is read in one go, however it is nested', () => {
    const nested = '['.repeat(MAX_DOCUMENT / 2) + ']'.repeat(MAX_DOCUMENT / 2);
    expect(() => parse(nested)).not.toThrow();
    const string = JSON.stringify('"\\'.repeat(MAX_DOCUMENT / 4 - 1));
    expect(parse(string)).toBe('"\\'.repeat(MAX_DOCUMENT / 4 - 1));
  });
});
