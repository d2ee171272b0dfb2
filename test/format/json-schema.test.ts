import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { DamagedError } from '../../lib/errors.ts';
import { compileSchema } from '../../lib/format/json-schema/json-schema.ts';
import { pathText } from '../../lib/format/json-schema/violation.ts';

const texts = (schema: unknown, value: unknown) =>
  compileSchema(schema, 'schema')
    .violations(value)
    .map(({ path, wanted, found }) => `${pathText(path)}: wanted ${wanted}, found ${found}`);

/** For each keyword: a schema, values that follow it, and those that don't. */
const KEYWORDS: [name: string, schema: unknown, good: unknown[], bad: unknown[]][] = [
  ['type', { type: 'integer' }, [1, -3, 2.0], [1.5, '1', null]],
  ['types', { type: ['string', 'null'] }, ['', null], [0, [], {}]],
  ['enum', { enum: ['a', { x: 1, y: 2 }] }, ['a', { y: 2, x: 1 }], ['b', { x: 1 }]],
  ['const', { const: [1, 2] }, [[1, 2]], [[2, 1]]],
  ['properties', { properties: { a: { type: 'string' } } }, [{ a: '' }, {}, 1], [{ a: 1 }]],
  [
    'patternProperties',
    { patternProperties: { '^x': { type: 'number' } } },
    [{ x1: 1, y: '' }],
    [{ x1: '' }],
  ],
  [
    'additionalProperties',
    { properties: { a: true }, patternProperties: { '^x': true }, additionalProperties: { type: 'number' } },
    [{ a: '', x: '', b: 1 }],
    [{ b: '' }],
  ],
  ['propertyNames', { propertyNames: { maxLength: 1 } }, [{ a: 1 }], [{ ab: 1 }]],
  ['required', { required: ['a'] }, [{ a: null }, 'text'], [{}]],
  ['minProperties', { minProperties: 1 }, [{ a: 1 }], [{}]],
  ['maxProperties', { maxProperties: 0 }, [{}], [{ a: 1 }]],
  ['items', { items: { type: 'number' } }, [[1], []], [['a'], [1, 'a']]],
  ['prefixItems', { prefixItems: [{ type: 'number' }], items: false }, [[1], []], [['a'], [1, 2]]],
  ['minItems', { minItems: 1 }, [[1]], [[]]],
  ['maxItems', { maxItems: 1 }, [[1]], [[1, 2]]],
  [
    'uniqueItems',
    { uniqueItems: true },
    [[1, '1', true]],
    [
      [
        { a: 1, b: 2 },
        { b: 2, a: 1 },
      ],
    ],
  ],
  ['minLength', { minLength: 2 }, ['ab'], ['😀']],
  ['maxLength', { maxLength: 1 }, ['😀'], ['ab']],
  ['pattern', { pattern: '^\\p{Letter}+$' }, ['äb', 1], ['a1']],
  ['minimum', { minimum: 1 }, [1], [0.5]],
  ['maximum', { maximum: 1 }, [1], [1.5]],
  ['exclusiveMinimum', { exclusiveMinimum: 1 }, [1.5], [1]],
  ['exclusiveMaximum', { exclusiveMaximum: 1 }, [0.5], [1]],
  ['multipleOf', { multipleOf: 0.01 }, [0.07, 4.35], [0.075]],
  ['allOf', { allOf: [{ minimum: 1 }, { maximum: 2 }] }, [1, 2], [0, 3]],
  ['anyOf', { anyOf: [{ type: 'string' }, { minimum: 2 }] }, ['', 2], [1]],
  ['oneOf', { oneOf: [{ minimum: 2 }, { maximum: 3 }] }, [1, 4], [2, 3]],
  ['not', { not: { type: 'string' } }, [1], ['']],
  // biome-ignore lint/suspicious/noThenProperty: the keyword of the specification
  ['if', { if: { minimum: 5 }, then: { multipleOf: 2 }, else: { maximum: 1 } }, [6, 1], [7, 2]],
  [
    '$ref',
    { $defs: { 'a/b': { type: 'number' } }, properties: { x: { $ref: '#/$defs/a~1b' }, y: { $ref: '#' } } },
    [{ x: 1, y: { x: 2 } }],
    [{ x: '' }, { y: { x: '' } }],
  ],
  [
    '$ref to a boolean',
    {
      $defs: { never: false, always: true },
      properties: { a: { $ref: '#/$defs/never' } },
      $ref: '#/$defs/always',
    },
    [{ b: 1 }],
    [{ a: 1 }],
  ],
  ['a boolean', { properties: { never: false, always: true } }, [{ always: 1 }], [{ never: 1 }]],
  [
    'what is for people and for other programs',
    {
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      title: 7,
      default: '',
      'x-order': [1],
      type: 'number',
    },
    [1],
    [''],
  ],
];

describe.each(KEYWORDS)('%s', (_, schema, good, bad) => {
  test.each(good.map((value) => [value]))('takes %j', (value) => expect(texts(schema, value)).toEqual([]));
  test.each(bad.map((value) => [value]))('refuses %j', (value) =>
    expect(texts(schema, value)).not.toEqual([]),
  );
});

describe('what is said', () => {
  const schema = {
    type: 'object',
    additionalProperties: false,
    required: ['model'],
    properties: {
      model: { type: 'string', minLength: 1 },
      theme: { enum: ['dark', 'light'] },
      apiKey: { type: 'string', pattern: '^sk-' },
      limits: { type: 'object', properties: { minutes: { type: 'integer', minimum: 1 } } },
      servers: {
        type: 'array',
        items: {
          anyOf: [
            {
              type: 'object',
              required: ['command'],
              properties: { type: { const: 'local' }, command: { type: 'array' } },
            },
            {
              type: 'object',
              required: ['url'],
              properties: { type: { const: 'remote' }, url: { type: 'string' } },
            },
          ],
        },
      },
    },
  };

  test.each([
    [{ model: 'a', theme: 'darkk' }, 'theme: wanted "dark" or "light", found "darkk"'],
    [{}, 'model: wanted this setting, found nothing'],
    [{ model: 7 }, 'model: wanted text, found 7'],
    [{ model: 'a', limits: { minutes: 0 } }, 'limits.minutes: wanted 1 or more, found 0'],
    [
      { model: 'a', 'my theme': 1 },
      '["my theme"]: wanted no other settings than model, theme, apiKey, limits and servers, found this one',
    ],
    [{ model: 'a', servers: [{ type: 'remote' }] }, 'servers[0].url: wanted this setting, found nothing'],
    [[], 'the whole of it: wanted an object, found a list of 0'],
  ])('%j', (value, wanted) => expect(texts(schema, value)).toEqual([wanted]));

  test('no secret is in it', () => {
    expect(texts(schema, { model: 'a', apiKey: 'hunter2' }).join()).not.toContain('hunter2');
  });

  test('alternatives are named together', () => {
    expect(texts({ anyOf: [{ type: 'boolean' }, { type: 'object' }] }, 'x')).toEqual([
      'the whole of it: wanted true or false or an object, found text',
    ]);
  });

  test('what the user wrote moves no cursor', () => {
    expect(texts({ additionalProperties: false }, { 'a\u001b[2J': 1 }).join()).not.toContain('\u001b');
  });
});

describe('a schema is refused', () => {
  test.each([
    [
      { properties: { a: { typ: 'string' } } },
      'schema/properties/a: wanted a keyword that is known, found "typ"',
    ],
    [{ type: 'text' }, 'schema/type: wanted string, number'],
    [{ pattern: '(' }, 'schema/pattern: wanted a regular expression'],
    [{ $ref: 'https://example.com/other' }, 'schema/$ref: wanted a reference within the document'],
    [{ $ref: '#/$defs/none' }, 'schema: wanted a schema at #/$defs/none, found none'],
    [{ items: [{}] }, 'schema/items: wanted a schema, found a list of 1'],
    [{ required: 'a' }, 'schema/required: wanted a list of names'],
    [7, 'schema: wanted a schema, found 7'],
    [{ default: 7, $ref: '#/default' }, 'schema: wanted a schema at #/default, found none'],
    [{ allOf: [] }, 'schema/allOf: wanted a list of schemas'],
    [{ anyOf: { minimum: 1 } }, 'schema/anyOf: wanted a list of schemas'],
    [{ oneOf: [{}, { typ: 1 }] }, 'schema/oneOf/1: wanted a keyword that is known'],
    [{ properties: [{}] }, 'schema/properties: wanted an object of schemas'],
    [{ minItems: -1 }, 'schema/minItems: wanted a whole number from 0'],
    [{ maxLength: 1.5 }, 'schema/maxLength: wanted a whole number from 0'],
    [{ minimum: '1' }, 'schema/minimum: wanted a number'],
    [{ required: ['a', 1] }, 'schema/required: wanted a list of names'],
    [{ pattern: 7 }, 'schema/pattern: wanted a regular expression'],
  ])('%j', (schema, message) => expect(() => compileSchema(schema, 'schema')).toThrow(message));

  test('when it leads in a circle', () => {
    const schema = compileSchema({ $defs: { a: { $ref: '#/$defs/a' } }, $ref: '#/$defs/a' }, 'schema');
    expect(() => schema.violations(1)).toThrow(DamagedError);
  });
});

describe('a schema that asks for more than there is time for ends', () => {
  const levels = Array.from({ length: 41 }, (_, level) => level);
  const doubling = (keyword: string) =>
    Object.fromEntries(
      levels.map((level) => {
        const next = { $ref: `#/$defs/d${level + 1}` };
        return [`d${level}`, level === 40 ? { type: 'string' } : { [keyword]: [next, next] }];
      }),
    );

  test.each(['anyOf', 'oneOf', 'allOf'])(
    'alternatives that double by %s',
    (keyword) => {
      const schema = compileSchema(
        { properties: { deep: { $ref: '#/$defs/d0' } }, $defs: doubling(keyword) },
        'schema',
      );
      expect(() => schema.violations({ deep: 5 })).toThrow('takes too long');
    },
    600_000,
  );

  test('a definition within itself, by the depth of the value', () => {
    const node = { type: 'object', properties: { child: { $ref: '#/$defs/node' } } };
    const schema = compileSchema(
      { $ref: '#/$defs/node', $defs: { node: { oneOf: [node, node] } } },
      'schema',
    );
    let value: unknown = 1;
    for (let depth = 0; depth < 60; depth++) value = { child: value };
    expect(() => schema.violations(value)).toThrow('takes too long');
  }, 600_000);

  test.each([
    ['long texts', { const: 'x'.repeat(1 << 20) }, 'x'.repeat(1 << 20), 40],
    ['long texts in the value alone', { type: 'string' }, 'x'.repeat(1 << 20), 40],
    ['long lists', { enum: Array(40_000).fill(0) }, 0, 40],
    ['long lists in the value alone', { type: 'array' }, Array(40_000).fill(0), 40],
    [
      'many names',
      { required: [] },
      Object.fromEntries(Array.from({ length: 40_000 }, (_, at) => [at, at])),
      40,
    ],
  ])(
    '%s, by how long they are',
    (_, schema, value, times) => {
      const often = (count: number) => compileSchema({ allOf: Array(count).fill(schema) }, 'schema');
      expect(often(2).violations(value)).toEqual([]);
      expect(() => often(times).violations(value)).toThrow('takes too long');
    },
    600_000,
  );

  test('regular expressions, by the time they take', () => {
    let now = 0;
    const schema = compileSchema({ items: { pattern: '^a+$' } }, 'schema', () => (now += 300));
    expect(schema.violations(['a', 'b'])).toHaveLength(1);
    expect(() => schema.violations(['a', 'a', 'a', 'a'])).toThrow('takes too long');
  });

  test('a long list of values with a hundred settings each is checked', () => {
    const properties = Object.fromEntries(levels.map((level) => [`s${level}`, { type: 'integer' }]));
    const schema = compileSchema({ items: { additionalProperties: false, properties } }, 'schema');
    const one = Object.fromEntries(levels.map((level) => [`s${level}`, level]));
    expect(schema.violations(Array.from({ length: 2000 }, () => one))).toEqual([]);
  });
});

test('any value is taken by the schema that lists it, and by the one that allows all', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      // -0 is 0 in JSON.
      const read: unknown = JSON.parse(JSON.stringify(value));
      expect(texts({ enum: [read] }, read)).toEqual([]);
      expect(texts(true, read)).toEqual([]);
      expect(texts({ not: { const: read } }, read)).toHaveLength(1);
    }),
  );
});
