/** What is wrong with a value, and how it is said. */
import { printable } from '../printable.ts';

export type JsonPath = readonly (string | number)[];

export interface Violation {
  /** Of the setting that is wrong, or missing. */
  path: JsonPath;
  wanted: string;
  /** Values are shown only where the schema lists those that may be there: a configuration has secrets. */
  found: string;
  /** Whether it is that the setting is not there. */
  isMissing: boolean;
}

export type Fields = Record<string, unknown>;

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Alternatives that a message lists. */
const MOST_SHOWN = 12;

/** Of several alternatives, none of which fits, what has to be said: of the one that fits best, or of all alike. */
export function nearest(tried: readonly Violation[][], path: JsonPath): Violation[] {
  const fewest = Math.min(...tried.map(({ length }) => length));
  const best = tried.filter(({ length }) => length === fewest);
  const depth = (violations: readonly Violation[]) => Math.max(...violations.map((one) => one.path.length));
  const deepest = best.toSorted((a, b) => depth(b) - depth(a))[0] ?? [];
  const [first] = deepest;
  if (first === undefined || fewest > 1 || depth(deepest) > path.length) return deepest;
  const wanted = new Set(best.flatMap((violations) => violations.map((one) => one.wanted)));
  return [{ ...first, wanted: [...wanted].join(' or ') }];
}

export function violation(path: JsonPath, wanted: string, found: string): Violation {
  return { path, wanted, found, isMissing: false };
}

export function oneOfThese(values: readonly unknown[], value: unknown, path: JsonPath): Violation[] {
  const found = inOrder(value);
  if (values.some((one) => inOrder(one) === found)) return [];
  const isShort = typeof value !== 'object' && found.length <= 40;
  return [
    violation(
      path,
      listed(
        values.map((one) => JSON.stringify(one)),
        ' or ',
      ),
      isShort ? printable(found) : kindOf(value),
    ),
  ];
}

export function listed(texts: readonly string[], last = ' and '): string {
  const shown = texts.slice(0, MOST_SHOWN).map((text) => printable(text));
  if (texts.length > shown.length) return `${shown.join(', ')}${last}${texts.length - shown.length} more`;
  const end = shown.pop() ?? 'none';
  return shown.length === 0 ? end : `${shown.join(', ')}${last}${end}`;
}

export function kindOf(value: unknown): string {
  if (typeof value === 'number' || typeof value === 'boolean' || value === null) return String(value);
  if (Array.isArray(value)) return `a list of ${value.length}`;
  return typeof value === 'string' ? 'text' : 'an object';
}

/** The same text for the same value, in whatever order its fields are. */
export function inOrder(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    isFields(inner)
      ? Object.fromEntries(Object.entries(inner).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}

/** As one writes it: `keybinds.leader`, `servers[2]["my server"]`. */
export function pathText(path: JsonPath): string {
  const text = path
    .map((part) => {
      if (typeof part === 'number') return `[${part}]`;
      return /^[A-Za-z_$][\w$-]*$/.test(part) ? `.${part}` : `[${JSON.stringify(part)}]`;
    })
    .join('')
    .replace(/^\./, '');
  return text === '' ? 'the whole of it' : printable(text);
}
