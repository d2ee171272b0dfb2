/**
 * The JSON Schema of the config that comes with a release: a file of the feed, which releases with the same schema share. A schema
 * that clients would not understand is refused before anything is made.
 */
import path from 'node:path';
import { DamagedError, UsageError } from '../../../lib/errors.ts';
import { parseEdited } from '../../../lib/format/json.ts';
import { compileSchema } from '../../../lib/format/json-schema/json-schema.ts';
import { digestBytes } from '../../../lib/platform/files.ts';
import type { ConfigSchema } from '../../../lib/version/index.ts';
import { MAX_CONFIG_SCHEMA } from '../../../lib/version/manifest.ts';
import { configSchemaPath } from '../layout.ts';
import { placeBytes } from '../place.ts';
import type { Published } from '../published.ts';
import type { AddRequest } from './add-request.ts';

/**
 * The schema as it is published: without white space.
 *
 * @param name of the file, for messages
 * @throws UsageError if it is no schema, or has keywords that lib/format/json-schema does not have
 */
export function readConfigSchema(bytes: Uint8Array, name: string): Uint8Array {
  try {
    const document = parseEdited(bytes, name);
    compileSchema(document, name);
    const small = new TextEncoder().encode(JSON.stringify(document));
    if (small.length <= MAX_CONFIG_SCHEMA) return small;
    throw new UsageError(`--config-schema: wanted at most ${MAX_CONFIG_SCHEMA} bytes, found ${small.length}`);
  } catch (error) {
    if (!(error instanceof DamagedError)) throw error;
    const advice = error.advice === undefined ? {} : { advice: error.advice };
    throw new UsageError(`--config-schema: ${error.message}`, { ...advice, cause: error });
  }
}

/** Undefined if the release has none. */
export function placeConfigSchema(
  { host: { disk }, layout }: Published,
  { configSchema }: Pick<AddRequest, 'configSchema'>,
): ConfigSchema | undefined {
  if (configSchema === null) return undefined;
  const { sha256 } = digestBytes(configSchema);
  const at = configSchemaPath(sha256);
  placeBytes({ disk, layout }, path.join(layout.targets, at), configSchema);
  return { path: at, length: configSchema.length, sha256 };
}
