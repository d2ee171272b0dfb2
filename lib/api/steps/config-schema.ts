/** The schema of the config that a release names: fetched with the release, and kept beside the receipt that has its digest. */
import { InterruptedError, UpdaterError } from '../../errors.ts';
import type { Session } from '../../install/index.ts';
import { asUpdaterError } from '../../platform/failures.ts';
import { digestBytes, readFile, replaceDurably, statusOf } from '../../platform/files.ts';
import type { UpdateContext } from '../../update/context.ts';
import { cachedConfigSchema, downloadConfigSchema } from '../../update/download/download-config-schema.ts';
import type { ConfigSchema, DGMOVersion } from '../../version/index.ts';
import { MAX_CONFIG_SCHEMA } from '../../version/manifest.ts';

/** Downloads it, unless it is here. Without it DGMO can be updated all the same, and `repair` gets it later. */
export async function fetchConfigSchema(
  context: UpdateContext,
  { version, configSchema }: DGMOVersion,
): Promise<void> {
  if (configSchema === undefined || isKept(context.session, configSchema)) return;
  try {
    await downloadConfigSchema(context, configSchema);
  } catch (error) {
    const failure = asUpdaterError(error, context.location.cacheFolder);
    if (!(failure instanceof UpdaterError) || failure instanceof InterruptedError) throw failure;
    const text = `The schema of the config of ${version} was not downloaded: ${failure.message}.`;
    context.session.emit({ event: 'warning', text });
  }
}

/**
 * Puts what was downloaded beside the receipt. The caller holds the lock.
 *
 * @returns whether it is there
 * @throws MachineError if the disk does not allow it
 */
export function keepConfigSchema(session: Session, configSchema: ConfigSchema | undefined): boolean {
  if (configSchema === undefined) return false;
  if (isKept(session, configSchema)) return true;
  const { layout, host } = session;
  const cached = cachedConfigSchema(session, configSchema);
  const bytes = cached === null ? null : intact(session, cached, configSchema);
  if (bytes === null) return false;
  const path = layout.configSchema(configSchema.sha256);
  replaceDurably(host.disk, path, layout.workDir, bytes, 0o644);
  return true;
}

function isKept(session: Session, configSchema: ConfigSchema): boolean {
  return intact(session, session.layout.configSchema(configSchema.sha256), configSchema) !== null;
}

function intact({ host }: Session, path: string, { sha256 }: ConfigSchema): Uint8Array | null {
  if (statusOf(host.disk, path)?.kind !== 'file') return null;
  const bytes = readFile(host.disk, path, MAX_CONFIG_SCHEMA);
  return bytes !== null && digestBytes(bytes).sha256 === sha256 ? bytes : null;
}
