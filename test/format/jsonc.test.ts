/** JSON with comments: what is read, what is refused, and what can be salvaged of a damaged document. */
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { DamagedError } from '../../lib/errors.ts';
import { parseJsonc, salvageJsonc } from '../../lib/format/jsonc.ts';

const bytes = (text: string) => new TextEncoder().encode(text);

describe('parseJsonc', () => {
  test('reads whatever JSON there is', () => {
    fc.assert(
      fc.property(fc.json(), (json) => {
        expect(parseJsonc(bytes(json), 'it')).toEqual(JSON.parse(json));
      }),
    );
  });

  test.each([
    ['// first\n{"a": 1, /* in between */ "b": [1, 2,],\n}\n// last', { a: 1, b: [1, 2] }],
    ['\uFEFF{"url": "https://example.com/*", "b": "a // b",}', { url: 'https://example.com/*', b: 'a // b' }],
    ['{"a": "\\"// no comment", "b": ",]"}', { a: '"// no comment', b: ',]' }],
  ])('reads %s', (text, wanted) => {
    expect(parseJsonc(bytes(text), 'it')).toEqual(wanted);
  });

  test.each(['', '{', '{"a": }', '{"a": 1}}', '\0\0\0', '{"a": 1 "b": 2}'])('refuses %j', (text) => {
    expect(() => parseJsonc(bytes(text), 'it')).toThrow(DamagedError);
  });

  test('refuses bytes that are no text', () => {
    expect(() => parseJsonc(Buffer.from('7b2261223a22ff227d', 'hex'), 'it')).toThrow('UTF-8');
  });
});

describe('salvageJsonc', () => {
  test.each([
    ['{"a": 1, "b": [1, 2], "c": {"d": "e"}', { a: 1, b: [1, 2], c: { d: 'e' } }],
    ['{"a": 1, "b": tru, "c": "x"}', { a: 1, c: 'x' }],
    ['{\n  "a": 1,\n  "b" 2,\n  "c": 3\n}', { a: 1, c: 3 }],
    ['{"a": 1, "b": "cut o', { a: 1 }],
    ['{"a": 1}}}', { a: 1 }],
    ['\0\0\0\0', {}],
    ['no object', {}],
    ['// comment\n{ /* one */ "a": [1, /* two */ 2], }', { a: [1, 2] }],
  ])('of %j', (text, wanted) => {
    expect(salvageJsonc(bytes(text))).toEqual(wanted);
  });

  test('finds every field of a document that is whole, and never fails on one that is cut off', () => {
    const document = fc.dictionary(fc.string(), fc.jsonValue());
    fc.assert(
      fc.property(document, fc.nat(), (value, cut) => {
        const { __proto__: _, ...fields } = JSON.parse(JSON.stringify(value)) as Record<string, unknown>;
        const text = JSON.stringify(fields, null, 2);
        expect(salvageJsonc(bytes(text))).toEqual(fields);
        salvageJsonc(bytes(text.slice(0, cut % (text.length + 1))));
      }),
    );
  });
});
