/** The config files of DGMO: each is a file that can be parsed. */
import { DamagedError } from '../../errors.ts';
import type { JsonSchema } from '../../format/json-schema/json-schema.ts';
import { parseJsonc } from '../../format/jsonc.ts';
import type { SnapshotSetup } from '../../home/snapshot-setup.ts';
import type { Receipt, Session } from '../../install/index.ts';
import { readFile, statusOf } from '../../platform/files.ts';
import { findings, type HealthIssue, issue } from '../issue.ts';
import { configSchemaHere, isConfigOf, violationsOf, violationsText } from './config-schema.ts';

/** Bytes. A config that is larger is none, and nothing of it is worth reading. */
export const MAX_CONFIG = 4 << 20;
const REPAIR =
  'keep it beside, and put the last good one in its place, with what can still be read of this one';

/** The files and folders named like config files, directly in the folders of the config. */
export function configFiles({ host }: Session, { profile, layout }: SnapshotSetup): string[] {
  return profile.roots.config.flatMap((root) => {
    if (statusOf(host.disk, root)?.kind !== 'directory') return [];
    return host.disk
      .list(root)
      .filter((name) => /^[^.].*\.jsonc?$/.test(name))
      .map((name) => layout.join(root, name));
  });
}

export function checkConfig(session: Session, setup: SnapshotSetup, receipt: Receipt | null): HealthIssue[] {
  const schema = configSchemaHere(session, receipt);
  const folders = setup.profile.roots.config.flatMap((root) =>
    findings('config_invalid', root, () => checkFolder(session, root)),
  );
  const files = findings('config_invalid', setup.home, () => {
    return configFiles(session, setup).flatMap((path) => {
      const problem = configProblem(session, path, schema === 'missing' ? null : schema);
      if (problem === 'undecided') return schemaUndecided(receipt, path);
      return problem === null ? [] : [issue('config_invalid', path, problem.what, { repair: REPAIR })];
    });
  });
  return [...folders, ...files, ...(schema === 'missing' ? schemaMissing(session, receipt) : [])];
}

function checkFolder({ host }: Session, root: string): HealthIssue[] {
  const status = statusOf(host.disk, root);
  if (status === null || status.kind === 'directory') return [];
  // Many people keep their config elsewhere, and a link here.
  if (status.kind === 'symlink' && leadsToFolder(host.disk, root)) return [];
  return [
    issue('config_invalid', root, 'wanted the folder of the config, found something else', {
      repair: 'keep it beside, and restore the folder from a snapshot',
    }),
  ];
}

export function leadsToFolder(disk: Session['host']['disk'], path: string): boolean {
  try {
    return disk.status(disk.resolve(path))?.kind === 'directory';
  } catch {
    return false;
  }
}

function schemaMissing({ layout }: Session, receipt: Receipt | null): HealthIssue[] {
  const { binary, configSchema } = receipt ?? {};
  if (binary === undefined || configSchema === undefined) return [];
  const what = `the schema that ${binary.version} has for the config is not there, so no setting is checked`;
  return [
    issue('config_unchecked', layout.configSchema(configSchema.sha256), what, {
      repair: 'download it',
      severity: 'notice',
    }),
  ];
}

/** It may well be valid, so it is not damaged. */
function schemaUndecided(receipt: Receipt | null, path: string): HealthIssue[] {
  const owner = receipt === null ? 'the release' : receipt.binary.version;
  const what = `the schema that ${owner} has for the config takes too long or leads in a circle, so its settings are not checked`;
  return [issue('config_unchecked', path, what, { severity: 'notice', advice: 'Tell the publisher.' })];
}

/**
 * What is wrong with a config file; null if nothing is, or if it is gone.
 *
 * @param schema that its settings are checked by; null: none
 */
function configProblem(
  session: Session,
  path: string,
  schema: JsonSchema | null,
): { what: string } | 'undecided' | null {
  const { disk } = session.host;
  const status = disk.status(path);
  if (status === null) return null;
  let target = status;
  if (status.kind === 'symlink') {
    try {
      target = disk.status(disk.resolve(path)) ?? status;
    } catch {
      return { what: 'it is a link that leads nowhere' };
    }
  }
  if (target.kind !== 'file') return { what: 'wanted a file, found a folder' };
  if (target.size > MAX_CONFIG) return { what: `wanted at most ${MAX_CONFIG} bytes, found ${target.size}` };
  try {
    const bytes = readFile(disk, path, MAX_CONFIG);
    if (bytes === null) return null;
    const value = parseJsonc(bytes, 'it');
    if (schema === null || !isConfigOf(session, path)) return null;
    const found = violationsOf(schema, value);
    if (found === null) return 'undecided';
    return found.length === 0 ? null : { what: violationsText(found) };
  } catch (error) {
    if (error instanceof DamagedError) return { what: error.message.replace(/^it: /, '') };
    throw error;
  }
}
