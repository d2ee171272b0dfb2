/**
 * Delegations in the order in which they are written, which is their priority (spec 5.6.7). `@tufjs/models` keeps them as
 * properties of an object, where names that look like integers move to the front.
 */
import type { Targets } from '@tufjs/models';
import { TrustError } from '../../errors.ts';
import { printable } from '../../format/printable.ts';
import { checkRoleName } from './role-name.ts';

type Delegations = NonNullable<Targets['delegations']>;
type DelegatedRole = NonNullable<Delegations['roles']>[string];

/** Spec 4.5 has only `*` and `?`; braces, ranges and negation are features of the library that matches the patterns. */
const BEYOND_PATTERNS = /[{}[\]()\\]|^[!#]|\/[!#]/;
const MAX_PATTERN = 300;
/** The time for matching grows with each. */
const MAX_STARS = 8;

/**
 * Makes `delegations` search and write its roles in the order of `names`, which is that of the file. Throws TrustError if a
 * name or a pattern is not as in the specification.
 */
export function keepOrder(delegations: Delegations, names: readonly string[]): void {
  if (delegations.roles === undefined) return;
  const { roles } = delegations;
  const ordered = names.flatMap((name) => roles[name] ?? []);
  for (const role of ordered) {
    checkRoleName(role.name);
    for (const pattern of role.paths ?? []) checkPattern(pattern);
  }
  const writeUnordered = delegations.toJSON.bind(delegations);
  Object.assign(delegations, {
    *rolesForTarget(path: string): ReturnType<Delegations['rolesForTarget']> {
      for (const role of ordered) {
        if (isDelegated(role, path)) yield { role: role.name, terminating: role.terminating };
      }
    },
    // The signature is over the roles in the written order, too.
    toJSON: () => ({ ...writeUnordered(), roles: ordered.map((role) => role.toJSON()) }),
  });
}

/** Spec 4.5: by patterns, or by the digest of the path. */
function isDelegated(role: DelegatedRole, path: string): boolean {
  return role.paths?.some((pattern) => matches(pattern, path)) ?? role.isDelegatedPath(path);
}

/**
 * Whether the pattern matches the path: part by part, `*` any number of characters and `?` one, but neither a dot at the start of
 * a part, as in the library. That makes a regular expression of every pattern, which takes 2 ms for a feed with seven targets.
 */
function matches(pattern: string, path: string): boolean {
  const parts = path.split('/');
  const wanted = pattern.split('/');
  return wanted.length === parts.length && wanted.every((part, at) => matchesPart(part, parts[at] ?? ''));
}

function matchesPart(pattern: string, name: string): boolean {
  if (/^[*?]/.test(pattern) && name.startsWith('.')) return false;
  let at = 0;
  let position = 0;
  /** The last star, and how far the name is covered up to it: where to go on if what follows does not match. */
  let star: { at: number; covered: number } | null = null;
  while (position < name.length) {
    if (pattern[at] === '*') {
      star = { at, covered: position };
      at++;
    } else if (pattern[at] === '?' || pattern[at] === name[position]) {
      at++;
      position++;
    } else if (star !== null) {
      star.covered++;
      at = star.at + 1;
      position = star.covered;
    } else {
      return false;
    }
  }
  return /^\**$/.test(pattern.slice(at));
}

function checkPattern(pattern: string): void {
  const stars = pattern.split('*').length - 1;
  if (pattern.length > MAX_PATTERN || stars > MAX_STARS || BEYOND_PATTERNS.test(pattern)) {
    throw new TrustError(
      `not trusted: wanted a path pattern of text, * and ?, at most ${MAX_PATTERN} characters and ${MAX_STARS} ` +
        `stars, found "${printable(pattern)}"`,
    );
  }
}
