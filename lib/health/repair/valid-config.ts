/** A config that is valid, from one that is not and the last good one: as much as possible of what the user wrote is kept. */
import type { JsonSchema } from '../../format/json-schema/json-schema.ts';
import { type Fields, isFields, type JsonPath } from '../../format/json-schema/violation.ts';
import { violationsOf } from '../check/config-schema.ts';

/** More settings are hardly wrong in a file of which anything should be kept. */
const MOST_CHANGES = 1000;

/**
 * Each setting that the schema does not take is replaced by that of the last good config, or left out. If it has to be there, the
 * one that it is a part of is.
 *
 * @param good an older config that is valid
 * @returns null if that leads to nothing valid; the value as it is if the schema can't decide about it
 */
export function validConfig(schema: JsonSchema, value: Fields, good: Fields): Fields | null {
  const fixed: unknown = structuredClone(value);
  const tried = new Set<string>();
  for (let changes = 0; changes < MOST_CHANGES; changes++) {
    const found = violationsOf(schema, fixed);
    if (found === null) return changes === 0 ? value : null;
    const [first] = found;
    if (first === undefined) return isFields(fixed) ? fixed : null;
    const key = JSON.stringify(first.path);
    const older = tried.has(key) ? undefined : at(good, first.path);
    tried.add(key);
    let { path } = first;
    if (older === undefined && first.isMissing) path = path.slice(0, -1);
    if (path.length === 0 || !replace(fixed, path, older)) return null;
  }
  return null;
}

function at(value: unknown, path: JsonPath): unknown {
  let found = value;
  for (const part of path) {
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, part)) return undefined;
    found = (found as Record<string | number, unknown>)[part];
  }
  return found;
}

/** Sets what is there, or removes it; false if there is nothing to change. */
function replace(value: unknown, path: JsonPath, by: unknown): boolean {
  const inside = at(value, path.slice(0, -1));
  const last = path.at(-1);
  if (typeof inside !== 'object' || inside === null || last === undefined) return false;
  if (by !== undefined) {
    Object.defineProperty(inside, last, {
      ...{ value: structuredClone(by), enumerable: true, configurable: true, writable: true },
    });
    return true;
  }
  if (Array.isArray(inside) && typeof last === 'number') inside.splice(last, 1);
  else if (Object.hasOwn(inside, last)) delete (inside as Fields)[String(last)];
  else return false;
  return true;
}
