/**
 * Plugins and evolutions. The receipt of the evolutions vouches for each of their files. Plugins are the user's own: one is
 * wrong if it can't be parsed or is empty, or if the config names a file that is not there.
 */
import { errorCode } from '../../errors.ts';
import { parseJsonc } from '../../format/jsonc.ts';
import { refusalOfShared } from '../../home/foreign.ts';
import type { SnapshotSetup } from '../../home/snapshot-setup.ts';
import { installedEvolutions, type Session } from '../../install/index.ts';
import { MAX_UNPACKED } from '../../package/evolution-index.ts';
import { readFile, statusOf } from '../../platform/files.ts';
import { EVOLUTIONS_RECEIPT } from '../../version/manifest.ts';
import type { FileReader } from '../file-reader.ts';
import { findings, type HealthIssue, issue, unreadable } from '../issue.ts';
import { lastGood } from '../repair/last-good.ts';
import { configFiles, leadsToFolder } from './config.ts';

const LIMIT = 16 << 20;
const FROM_SNAPSHOT = 'restore it from a snapshot, and keep this one beside it';
const FROM_PACKAGE =
  'restore it from a snapshot, or from the signed package if the installed release brings it';

/** @param strangers what is in the place of files of the updater: what they hide is looked at once they are gone */
export function checkPlugins(
  session: Session,
  setup: SnapshotSetup,
  files: FileReader,
  strangers: readonly HealthIssue[],
): HealthIssue[] {
  const isHidden = strangers.some(({ type }) => type === 'plugin_missing');
  const roots = setup.profile.roots.plugins;
  return [
    ...roots.flatMap((root) =>
      findings('plugin_missing', root, () => checkFolder(session, setup, root, files)),
    ),
    ...findings('plugin_missing', setup.home, () => checkNamed(session, setup)),
    ...setup.profile.roots.evolutions.flatMap((root) => {
      const refusal = refusalOfShared(session.host, root);
      return refusal === null ? [] : [unreadable('permission_error', root, refusal)];
    }),
    ...(isHidden ? [] : findings('plugin_missing', setup.home, () => checkEvolutions(session, setup, files))),
  ];
}

function checkFolder(session: Session, setup: SnapshotSetup, root: string, files: FileReader): HealthIssue[] {
  const { disk } = session.host;
  const status = statusOf(disk, root);
  if (status === null) return [];
  if (status.kind !== 'directory' && !leadsToFolder(disk, root))
    return [
      issue('plugin_missing', root, 'wanted the folder of the plugins, found something else', {
        repair: FROM_SNAPSHOT,
      }),
    ];
  return disk
    .list(root)
    .filter((name) => /\.[cm]?[jt]sx?$/.test(name) && !name.startsWith('.'))
    .map((name) => setup.layout.join(root, name))
    .flatMap((path) => {
      const problem = pluginProblem(session, path, files.how !== 'quick');
      return problem === null ? [] : [issue('plugin_missing', path, problem, { repair: FROM_SNAPSHOT })];
    });
}

/** What is wrong with a plugin; null if nothing is. */
export function pluginProblem({ host }: Session, path: string, parse: boolean): string | null {
  const { disk } = host;
  let status = statusOf(disk, path);
  if (status?.kind === 'symlink') {
    try {
      status = disk.status(disk.resolve(path));
    } catch {
      return 'the plugin is a link that leads nowhere';
    }
  }
  if (status === null) return 'the plugin is missing';
  if (status.kind === 'directory') return 'wanted a plugin, found a folder';
  if (status.kind !== 'file') return 'wanted a plugin, found something that is no file';
  if (status.size === 0) return 'the plugin is empty';
  if (!parse || status.size > LIMIT) return null;
  return contentProblem(readFile(disk, path, LIMIT) ?? new Uint8Array(0), path);
}

/** What is wrong with the content of a plugin; null if nothing is. */
export function contentProblem(bytes: Uint8Array, path: string): string | null {
  if (bytes.length === 0) return 'the plugin is empty';
  // What a power cut leaves of a file that was being written.
  if (bytes.every((byte) => byte === 0)) return 'the plugin consists of zeros';
  return syntaxProblem(bytes, path);
}

function syntaxProblem(bytes: Uint8Array, path: string): string | null {
  const loader = /\.[cm]?tsx?$/.test(path) ? 'tsx' : 'jsx';
  const text = new TextDecoder().decode(bytes);
  try {
    new Bun.Transpiler({ loader: path.endsWith('.ts') ? 'ts' : loader }).scanImports(text);
    return null;
  } catch (error) {
    if (errorCode(error) !== undefined && !(error instanceof SyntaxError)) throw error;
    return 'the plugin is not a program: it can not be parsed';
  }
}

/** The plugins that the config names by their path. */
function checkNamed(session: Session, setup: SnapshotSetup): HealthIssue[] {
  const { disk } = session.host;
  return configFiles(session, setup).flatMap((file) => {
    const { dirname, join } = setup.layout;
    return namedPlugins(disk, file).flatMap((name) => {
      const path = /^(\/|[A-Za-z]:[\\/])/.test(name) ? name : join(dirname(file), name);
      if (statusOf(disk, path) !== null) return [];
      const what = `the plugin is missing, and ${file} names it`;
      // One that was never here may be a mistake in the config.
      const isKnown = lastGood(session, setup, path, () => true) !== null;
      return isKnown
        ? [issue('plugin_missing', path, what, { repair: FROM_SNAPSHOT })]
        : [
            issue('plugin_missing', path, what, {
              severity: 'notice',
              advice: 'Install it, or correct the config.',
            }),
          ];
    });
  });
}

function namedPlugins(disk: Session['host']['disk'], file: string): string[] {
  let value: unknown;
  try {
    value = parseJsonc(readFile(disk, file, LIMIT) ?? new Uint8Array(0), file);
  } catch {
    // The check of the config reports it.
    return [];
  }
  if (typeof value !== 'object' || value === null || !('plugin' in value) || !Array.isArray(value.plugin))
    return [];
  return value.plugin
    .filter((name): name is string => typeof name === 'string')
    .map((name) => name.replace(/^file:\/\//, ''))
    .filter((name) => /^(\.{0,2}\/|[A-Za-z]:[\\/])/.test(name));
}

/** The folders that evolutions have here, whatever the receipt says. */
export function evolutionFolders({ host }: Session, { layout, profile }: SnapshotSetup): string[] {
  const { disk, user } = host;
  const [root] = profile.roots.evolutions;
  if (root === undefined || !leadsToFolder(disk, root)) return [];
  return disk.list(root).filter((name) => {
    if (!/^[a-z0-9][a-z0-9._-]{0,63}$/.test(name) || name === EVOLUTIONS_RECEIPT) return false;
    // In a folder that is shared others may have put something with such a name.
    const status = statusOf(disk, layout.join(root, name));
    return status?.kind === 'directory' && (status.owner === null || [user, 0].includes(status.owner));
  });
}

function checkEvolutions(session: Session, setup: SnapshotSetup, files: FileReader): HealthIssue[] {
  const { disk } = session.host;
  const [root] = setup.profile.roots.evolutions;
  if (root === undefined) return [];
  const folder = statusOf(disk, root);
  if (folder === null) return [];
  if (folder.kind !== 'directory' && !leadsToFolder(disk, root))
    return [
      issue('plugin_missing', root, 'wanted the folder of the evolutions, found something else', {
        repair: FROM_SNAPSHOT,
      }),
    ];
  const receipt = setup.layout.join(root, EVOLUTIONS_RECEIPT);
  const installed = installedEvolutions(session, setup);
  if (installed.length === 0 && evolutionFolders(session, setup).length > 0) {
    const what = 'the receipt of the evolutions is missing or damaged';
    return [issue('plugin_missing', receipt, what, { repair: FROM_PACKAGE })];
  }
  return installed.flatMap((evolution) =>
    evolution.files.flatMap((file) => {
      const path = setup.layout.join(root, evolution.id, ...file.path.split('/'));
      const found = files.digestOf(path, { atMost: MAX_UNPACKED });
      if (found?.sha256 === file.sha256) return [];
      const what = found === null ? 'is missing' : 'is not as it was installed';
      return [
        issue(
          'plugin_missing',
          path,
          `a file of the evolution ${evolution.id} ${evolution.version} ${what}`,
          { repair: FROM_PACKAGE },
        ),
      ];
    }),
  );
}
