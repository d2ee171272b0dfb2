/** The config files of DGMO: each is a file that can be parsed. */
import { DamagedError } from '../../errors.ts';
import { parseJsonc } from '../../format/jsonc.ts';
import type { SnapshotSetup } from '../../home/snapshot-setup.ts';
import type { Session } from '../../install/index.ts';
import { readFile, statusOf } from '../../platform/files.ts';
import { findings, type HealthIssue, issue } from '../issue.ts';

const LIMIT = 4 << 20;
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

export function checkConfig(session: Session, setup: SnapshotSetup): HealthIssue[] {
  const folders = setup.profile.roots.config.flatMap((root) =>
    findings('config_invalid', root, () => checkFolder(session, root)),
  );
  const files = findings('config_invalid', setup.home, () => {
    return configFiles(session, setup).flatMap((path) => {
      const problem = configProblem(session, path);
      return problem === null ? [] : [issue('config_invalid', path, problem, { repair: REPAIR })];
    });
  });
  return [...folders, ...files];
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

/** What is wrong with a config file; null if nothing is, or if it is gone. */
export function configProblem({ host }: Session, path: string): string | null {
  const { disk } = host;
  const status = disk.status(path);
  if (status === null) return null;
  let target = status;
  if (status.kind === 'symlink') {
    try {
      target = disk.status(disk.resolve(path)) ?? status;
    } catch {
      return 'it is a link that leads nowhere';
    }
  }
  if (target.kind !== 'file') return 'wanted a file, found a folder';
  if (target.size > LIMIT) return `wanted at most ${LIMIT} bytes, found ${target.size}`;
  try {
    const bytes = readFile(disk, path, LIMIT);
    if (bytes !== null) parseJsonc(bytes, 'it');
    return null;
  } catch (error) {
    if (error instanceof DamagedError) return error.message.replace(/^it: /, '');
    throw error;
  }
}
