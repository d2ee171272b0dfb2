/**
 * Delegations in the order in which they are written, which is their priority (spec 5.6.7). `@tufjs/models` keeps them as
 * properties of an object, where names that look like integers move to the front.
 */
import type { Targets } from '@tufjs/models';
import { TrustError } from '../../errors.ts';
import { printable } from '../../format/printable.ts';
import { checkRoleName } from './role-name.ts';

type Delegations = NonNullable<Targets['delegations']>;

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
        if (role.isDelegatedPath(path)) yield { role: role.name, terminating: role.terminating };
      }
    },
    // The signature is over the roles in the written order, too.
    toJSON: () => ({ ...writeUnordered(), roles: ordered.map((role) => role.toJSON()) }),
  });
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
