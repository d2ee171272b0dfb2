/**
 * The config against the JSON Schema that the installed release brought. It is kept beside the receipt, which has its digest. A
 * schema that this updater does not understand, because a newer one wrote it, checks nothing.
 */
import { DamagedError } from '../../errors.ts';
import { parseJson } from '../../format/json.ts';
import { compileSchema, type JsonSchema } from '../../format/json-schema/json-schema.ts';
import { pathText, type Violation } from '../../format/json-schema/violation.ts';
import type { Receipt, Session } from '../../install/index.ts';
import { digestBytes, readFile, statusOf } from '../../platform/files.ts';
import { pathsOf } from '../../platform/path-flavour.ts';
import { MAX_CONFIG_SCHEMA } from '../../version/manifest.ts';

/** The schema; `missing` if the release has one that is not here, or is damaged; null if there is none to check by. */
export function configSchemaHere(
  { host, layout }: Session,
  receipt: Receipt | null,
): JsonSchema | 'missing' | null {
  const wanted = receipt?.configSchema;
  if (wanted === undefined) return null;
  const path = layout.configSchema(wanted.sha256);
  if (statusOf(host.disk, path)?.kind !== 'file') return 'missing';
  try {
    const bytes = readFile(host.disk, path, MAX_CONFIG_SCHEMA) ?? new Uint8Array(0);
    if (digestBytes(bytes).sha256 !== wanted.sha256) return 'missing';
    return compileSchema(parseJson(bytes, path), path, () => host.clock.monotonic());
  } catch (error) {
    if (error instanceof DamagedError) return null;
    throw error;
  }
}

/** Whether the schema of the release is about that file: `dgmo.json` or `dgmo.jsonc`. */
export function isConfigOf({ host, app }: Session, path: string): boolean {
  const name = pathsOf(host.platform).basename(path);
  return name === `${app}.json` || name === `${app}.jsonc`;
}

/** How many settings a message names. */
const MOST_NAMED = 5;

/** What is wrong with a value, as a clause. */
export function violationsText(found: readonly Violation[]): string {
  const named = found
    .slice(0, MOST_NAMED)
    .map(({ path, wanted, found }) => `${pathText(path)}: wanted ${wanted}, found ${found}`);
  const more = found.length > MOST_NAMED ? [`${found.length - MOST_NAMED} more`] : [];
  return [...named, ...more].join('; ');
}

/** Null if the schema can't decide: it leads in a circle, or takes too long. */
export function violationsOf(schema: JsonSchema, value: unknown): Violation[] | null {
  try {
    return schema.violations(value);
  } catch (error) {
    if (error instanceof DamagedError) return null;
    throw error;
  }
}
