/** The keywords: what each has to be in a schema, and what it asks of a value. */
import { unwanted } from '../decoder.ts';
import {
  type Fields,
  inOrder,
  isFields,
  type JsonPath,
  kindOf,
  listed,
  nearest,
  oneOfThese,
  type Violation,
  violation,
} from './violation.ts';

/** How the schemas within a schema are reached. */
export interface Context {
  validate(schema: unknown, value: unknown, path: JsonPath): Violation[];
  resolve(reference: string): unknown;
  /** Whether the text matches the regular expression. */
  matches(pattern: string, text: string): boolean;
}

type Compile = (schema: unknown, at: string) => void;

export interface Keyword {
  /** Throws DamagedError that names it. */
  check(argument: unknown, at: string, compile: Compile): void;
  test?(argument: never, value: unknown, path: JsonPath, schema: Fields, context: Context): Violation[];
}

const TYPES: Record<string, { name: string; holds(value: unknown): boolean }> = {
  string: { name: 'text', holds: (value) => typeof value === 'string' },
  number: { name: 'a number', holds: (value) => typeof value === 'number' },
  integer: { name: 'a whole number', holds: (value) => Number.isInteger(value) },
  boolean: { name: 'true or false', holds: (value) => typeof value === 'boolean' },
  array: { name: 'a list', holds: Array.isArray },
  object: { name: 'an object', holds: isFields },
  null: { name: 'null', holds: (value) => value === null },
};

const aSchema = (value: unknown, at: string, compile: Compile): void => compile(value, at);
const schemas = (value: unknown, at: string, compile: Compile): void => {
  if (!Array.isArray(value) || value.length === 0) throw unwanted(at, 'a list of schemas', value);
  for (const [index, one] of value.entries()) compile(one, `${at}/${index}`);
};
const namedSchemas = (value: unknown, at: string, compile: Compile): void => {
  if (!isFields(value)) throw unwanted(at, 'an object of schemas', value);
  for (const [name, one] of Object.entries(value)) compile(one, `${at}/${name}`);
};
const count = (value: unknown, at: string): void => {
  if (!Number.isSafeInteger(value) || Number(value) < 0) throw unwanted(at, 'a whole number from 0', value);
};
const aNumber = (value: unknown, at: string): void => {
  if (typeof value !== 'number') throw unwanted(at, 'a number', value);
};
const names = (value: unknown, at: string): void => {
  if (!Array.isArray(value) || !value.every((one) => typeof one === 'string'))
    throw unwanted(at, 'a list of names', value);
};
const anything = (): void => undefined;

function regularExpression(value: unknown, at: string): void {
  try {
    if (typeof value === 'string') new RegExp(value, 'u');
    else throw unwanted(at, 'a regular expression', value);
  } catch (error) {
    if (error instanceof SyntaxError) throw unwanted(at, 'a regular expression', value);
    throw error;
  }
}

/** A keyword for numbers, for the length of texts and lists, or for the number of settings. */
function measured(
  measure: (value: unknown) => number | null,
  holds: (found: number, limit: number) => boolean,
  wanted: (limit: number) => string,
): NonNullable<Keyword['test']> {
  return (limit: number, value, path) => {
    const found = measure(value);
    return found === null || holds(found, limit) ? [] : [violation(path, wanted(limit), String(found))];
  };
}

const number = (value: unknown) => (typeof value === 'number' ? value : null);
const characters = (value: unknown) => (typeof value === 'string' ? [...value].length : null);
const items = (value: unknown) => (Array.isArray(value) ? value.length : null);
const settings = (value: unknown) => (isFields(value) ? Object.keys(value).length : null);
const atLeast = (found: number, limit: number) => found >= limit;
const atMost = (found: number, limit: number) => found <= limit;

export const KEYWORDS: Record<string, Keyword> = {
  $ref: {
    check: (value, at) => {
      if (typeof value !== 'string' || !/^#(\/|$)/.test(value))
        throw unwanted(at, 'a reference within the document, such as #/$defs/name', value);
    },
    test: (reference: string, value, path, _, context) =>
      context.validate(context.resolve(reference), value, path),
  },
  $defs: { check: namedSchemas },
  definitions: { check: namedSchemas },
  type: {
    check: (value, at) => {
      for (const one of [value].flat())
        if (typeof one !== 'string' || !Object.hasOwn(TYPES, one))
          throw unwanted(at, Object.keys(TYPES).join(', '), one);
    },
    test: (types: string | string[], value, path) => {
      const wanted = [types].flat().flatMap((type) => TYPES[type] ?? []);
      if (wanted.some(({ holds }) => holds(value))) return [];
      return [violation(path, wanted.map(({ name }) => name).join(' or '), kindOf(value))];
    },
  },
  enum: {
    check: (value, at) => {
      if (!Array.isArray(value) || value.length === 0) throw unwanted(at, 'a list of values', value);
    },
    test: (values: unknown[], value, path) => oneOfThese(values, value, path),
  },
  const: { check: anything, test: (only: unknown, value, path) => oneOfThese([only], value, path) },
  properties: {
    check: namedSchemas,
    test: (properties: Fields, value, path, _, context) =>
      Object.entries(isFields(value) ? properties : {}).flatMap(([name, schema]) =>
        isFields(value) && Object.hasOwn(value, name)
          ? context.validate(schema, value[name], [...path, name])
          : [],
      ),
  },
  patternProperties: {
    check: (value, at, compile) => {
      namedSchemas(value, at, compile);
      for (const pattern of Object.keys(isFields(value) ? value : {})) regularExpression(pattern, at);
    },
    test: (patterns: Fields, value, path, _, context) =>
      Object.entries(isFields(value) ? value : {}).flatMap(([name, one]) =>
        Object.entries(patterns)
          .filter(([pattern]) => context.matches(pattern, name))
          .flatMap(([, schema]) => context.validate(schema, one, [...path, name])),
      ),
  },
  additionalProperties: {
    check: aSchema,
    test: (schema: unknown, value, path, { properties, patternProperties }, context) => {
      if (!isFields(value)) return [];
      const own = isFields(properties) ? properties : {};
      const patterns = Object.keys(isFields(patternProperties) ? patternProperties : {});
      const isKnown = (name: string) =>
        Object.hasOwn(own, name) || patterns.some((pattern) => context.matches(pattern, name));
      return Object.entries(value)
        .filter(([name]) => !isKnown(name))
        .flatMap(([name, one]) =>
          schema === false
            ? [violation([...path, name], `no other settings than ${listed(Object.keys(own))}`, 'this one')]
            : context.validate(schema, one, [...path, name]),
        );
    },
  },
  propertyNames: {
    check: aSchema,
    test: (schema: unknown, value, path, _, context) =>
      Object.keys(isFields(value) ? value : {})
        .filter((name) => context.validate(schema, name, [...path, name]).length > 0)
        .map((name) => violation([...path, name], 'a name that is allowed there', 'this one')),
  },
  required: {
    check: names,
    test: (wanted: string[], value, path) =>
      wanted
        .filter((name) => isFields(value) && !Object.hasOwn(value, name))
        .map((name) => ({ ...violation([...path, name], 'this setting', 'nothing'), isMissing: true })),
  },
  minProperties: { check: count, test: measured(settings, atLeast, (limit) => `at least ${limit} settings`) },
  maxProperties: { check: count, test: measured(settings, atMost, (limit) => `at most ${limit} settings`) },
  items: {
    check: aSchema,
    test: (schema: unknown, value, path, { prefixItems }, context) => {
      const first = Array.isArray(prefixItems) ? prefixItems.length : 0;
      return (Array.isArray(value) ? value : []).flatMap((one, index) =>
        index < first ? [] : context.validate(schema, one, [...path, index]),
      );
    },
  },
  prefixItems: {
    check: schemas,
    test: (wanted: unknown[], value, path, _, context) =>
      wanted.flatMap((schema, index) =>
        Array.isArray(value) && index < value.length
          ? context.validate(schema, value[index], [...path, index])
          : [],
      ),
  },
  minItems: { check: count, test: measured(items, atLeast, (limit) => `at least ${limit} of them`) },
  maxItems: { check: count, test: measured(items, atMost, (limit) => `at most ${limit} of them`) },
  uniqueItems: {
    check: (value, at) => {
      if (typeof value !== 'boolean') throw unwanted(at, 'true or false', value);
    },
    test: (isWanted: boolean, value, path) => {
      if (!isWanted || !Array.isArray(value)) return [];
      const seen = new Set<string>();
      return value.flatMap((one, index) => {
        const text = inOrder(one);
        if (!seen.has(text)) {
          seen.add(text);
          return [];
        }
        return [violation([...path, index], 'each of them once', 'one of the others again')];
      });
    },
  },
  minLength: { check: count, test: measured(characters, atLeast, (limit) => `at least ${limit} characters`) },
  maxLength: { check: count, test: measured(characters, atMost, (limit) => `at most ${limit} characters`) },
  pattern: {
    check: regularExpression,
    test: (pattern: string, value, path, _, context) =>
      typeof value !== 'string' || context.matches(pattern, value)
        ? []
        : [violation(path, `text that matches ${pattern}`, 'another text')],
  },
  minimum: { check: aNumber, test: measured(number, atLeast, (limit) => `${limit} or more`) },
  maximum: { check: aNumber, test: measured(number, atMost, (limit) => `${limit} or less`) },
  exclusiveMinimum: {
    check: aNumber,
    test: measured(
      number,
      (found, limit) => found > limit,
      (limit) => `more than ${limit}`,
    ),
  },
  exclusiveMaximum: {
    check: aNumber,
    test: measured(
      number,
      (found, limit) => found < limit,
      (limit) => `less than ${limit}`,
    ),
  },
  multipleOf: {
    check: (value, at) => {
      if (typeof value !== 'number' || value <= 0) throw unwanted(at, 'a number above 0', value);
    },
    test: measured(
      number,
      (found, step) => Math.abs(found / step - Math.round(found / step)) < 1e-9,
      (step) => `a multiple of ${step}`,
    ),
  },
  allOf: {
    check: schemas,
    test: (all: unknown[], value, path, _, context) =>
      all.flatMap((schema) => context.validate(schema, value, path)),
  },
  anyOf: {
    check: schemas,
    test: (any: unknown[], value, path, _, context) => {
      const tried = any.map((schema) => context.validate(schema, value, path));
      return tried.some((one) => one.length === 0) ? [] : nearest(tried, path);
    },
  },
  oneOf: {
    check: schemas,
    test: (any: unknown[], value, path, _, context) => {
      const tried = any.map((schema) => context.validate(schema, value, path));
      const valid = tried.filter((one) => one.length === 0).length;
      if (valid === 1) return [];
      if (valid === 0) return nearest(tried, path);
      return [violation(path, 'one of the forms that it may have', `one that is ${valid} of them`)];
    },
  },
  not: {
    check: aSchema,
    test: (schema: unknown, value, path, _, context) =>
      context.validate(schema, value, path).length > 0
        ? []
        : [violation(path, 'something else', kindOf(value))],
  },
  if: {
    check: aSchema,
    test: (schema: unknown, value, path, fields, context) => {
      const branch = context.validate(schema, value, path).length === 0 ? fields.then : fields.else;
      return branch === undefined ? [] : context.validate(branch, value, path);
    },
  },
  // biome-ignore lint/suspicious/noThenProperty: the keyword of the specification; the table is never awaited
  then: { check: aSchema },
  else: { check: aSchema },
};
