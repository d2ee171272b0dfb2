/**
 * JSON Schema, as far as configuration files need it: the keywords of draft 2020-12 and draft 7 that keywords.ts has, and
 * references within the document. A schema with any other keyword is refused when it is compiled, so none is silently without
 * effect; annotations have none anyway. A violation names the setting, what was wanted and what was found.
 *
 * The work is bounded: with references and alternatives a small schema can ask for more steps than there is time.
 */
import { DamagedError } from '../../errors.ts';
import { unwanted } from '../decoder.ts';
import { printable } from '../printable.ts';
import { Budget } from './budget.ts';
import { type Context, KEYWORDS } from './keywords.ts';
import { type Fields, isFields, type JsonPath, kindOf, type Violation, violation } from './violation.ts';

export interface JsonSchema {
  /**
   * Empty if the value is valid. Throws DamagedError if the schema leads in a circle, or if this and the calls before took more
   * steps, or more time for regular expressions, than budget.ts allows for one schema.
   */
  violations(value: unknown): Violation[];
}

const MAX_DEPTH = 200;

/** Without effect, as the specification says. */
const ANNOTATIONS = new Set([
  ...['$schema', '$id', '$comment', 'title', 'description', 'markdownDescription', 'default', 'examples'],
  ...['deprecated', 'readOnly', 'writeOnly', 'format', 'contentEncoding', 'contentMediaType'],
]);

/**
 * Compiles a schema.
 *
 * @param name of the document, for messages
 * @param now milliseconds of a clock that never goes back: it bounds what regular expressions take, of which nothing else does
 * @throws DamagedError that names the keyword which is unknown, or is not what it has to be
 */
export function compileSchema(document: unknown, name: string, now: () => number = () => 0): JsonSchema {
  compile(document, name);
  for (const reference of references(document)) resolve(document, reference, name);
  const budget = new Budget(now);
  return { violations: (value) => validate({ document, budget }, document, value, [], 0) };
}

function compile(schema: unknown, at: string): void {
  if (typeof schema === 'boolean') return;
  if (!isFields(schema)) throw unwanted(at, 'a schema', schema);
  for (const [name, argument] of Object.entries(schema)) {
    if (ANNOTATIONS.has(name) || name.startsWith('x-')) continue;
    const keyword = Object.hasOwn(KEYWORDS, name) ? KEYWORDS[name] : undefined;
    if (keyword === undefined)
      throw new DamagedError(
        `${at}: wanted a keyword that is known, found ${printable(JSON.stringify(name))}`,
        {
          advice: `These are known: ${Object.keys(KEYWORDS).join(', ')}.`,
        },
      );
    keyword.check(argument, `${at}/${name}`, compile);
  }
}

function references(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  const own = isFields(value) && typeof value.$ref === 'string' ? [value.$ref] : [];
  return [...own, ...Object.values(value).flatMap(references)];
}

/** RFC 6901, from the root of the document. */
function resolve(root: unknown, reference: string, name = 'the schema'): unknown {
  let found = root;
  for (const part of decodeURIComponent(reference).split('/').slice(1)) {
    const key = part.replaceAll('~1', '/').replaceAll('~0', '~');
    const inside = typeof found === 'object' && found !== null && Object.hasOwn(found, key);
    found = inside ? (found as Fields)[key] : undefined;
  }
  if (typeof found === 'boolean' || isFields(found)) return found;
  throw new DamagedError(`${name}: wanted a schema at ${printable(reference)}, found none`);
}

interface Root {
  document: unknown;
  budget: Budget;
}

function validate(root: Root, schema: unknown, value: unknown, path: JsonPath, depth: number): Violation[] {
  if (typeof schema === 'boolean') return schema ? [] : [violation(path, 'nothing there', kindOf(value))];
  if (!isFields(schema)) return [];
  if (depth > MAX_DEPTH) throw new DamagedError('the schema leads in a circle');
  const context: Context = {
    validate: (inner, of, at) => validate(root, inner, of, at, depth + 1),
    resolve: (reference) => resolve(root.document, reference),
    matches: (pattern, text) => root.budget.matches(pattern, text),
  };
  return Object.entries(schema).flatMap(([name, argument]) => {
    const keyword = Object.hasOwn(KEYWORDS, name) ? KEYWORDS[name] : undefined;
    root.budget.spend(1 + sizeOf(argument) + sizeOf(value));
    return keyword?.test?.(argument as never, value, path, schema, context) ?? [];
  });
}

/** About how much there is to look at, without what is within it. */
function sizeOf(value: unknown): number {
  if (typeof value === 'string') return value.length >> 5;
  if (Array.isArray(value)) return value.length;
  return isFields(value) ? Object.keys(value).length : 0;
}
