/** What the updater keeps in the home: the trust store, the user's settings, the cache, and the store of snapshots. */
import { DamagedError, UpdaterError } from '../../errors.ts';
import { revokedFile } from '../../home/admission/revoked.ts';
import { choicesFile } from '../../home/choices.ts';
import { historyFile } from '../../home/history.ts';
import { preferencesFile } from '../../home/preferences.ts';
import type { SnapshotSetup } from '../../home/snapshot-setup.ts';
import { loadRootDocument } from '../../home/trusted-root.ts';
import type { Session } from '../../install/index.ts';
import { readFile, statusOf } from '../../platform/files.ts';
import { listSnapshots, Verifier, withStore } from '../../snapshot/index.ts';
import { folders } from '../../snapshot/store/layout.ts';
import { decodeRoot } from '../../trust/index.ts';
import { MAX_BINARY_SIZE } from '../../version/index.ts';
import type { FileReader } from '../file-reader.ts';
import { findings, type HealthIssue, type IssueType, issue, unreadable } from '../issue.ts';
import { ASIDE_MARK } from '../repair/aside.ts';
import { leadsToFolder } from './config.ts';

const LIMIT = 8 << 20;
const ASIDE = 'keep it beside, and write it again with what can still be read of it';

/** @param strangers what is in the home instead of files of the updater: what they hide is looked at once they are gone */
export function checkHome(
  session: Session,
  setup: SnapshotSetup,
  files: FileReader,
  strangers: readonly HealthIssue[],
): HealthIssue[] {
  const { home, layout } = setup;
  const { disk } = session.host;
  const status = statusOf(disk, home);
  if (status === null) return [];
  if (status.kind !== 'directory' && !leadsToFolder(disk, home))
    return [
      issue(
        'settings_damaged',
        home,
        'wanted the folder of settings, trust and snapshots, found something else',
        { repair: 'keep it beside, and begin a new one' },
      ),
    ];
  const trust = layout.join(home, 'trust');
  const cache = layout.join(home, 'cache');
  const unless = (type: IssueType, folder: string, check: () => HealthIssue[]) =>
    strangers.some((stranger) => stranger.type === type) ? [] : findings(type, folder, check);
  return [
    ...[home, trust, cache, ...folders(layout)].flatMap((folder) =>
      findings('permission_error', folder, () => checkOwnFolder(session, folder)),
    ),
    ...unless('trust_damaged', trust, () => checkTrust(session, home, trust, setup)),
    ...checkSettings(session, home, strangers),
    ...unless('cache_damaged', cache, () => checkCache(session, cache, setup, files)),
    ...unless('snapshot_damaged', layout.folder, () => checkDocuments(session, setup)),
  ];
}

/** The owner of a folder can read, change and enter it. */
function checkOwnFolder({ host }: Session, folder: string): HealthIssue[] {
  const status = statusOf(host.disk, folder);
  if (status?.kind !== 'directory' || host.platform === 'win32' || (status.mode & 0o700) === 0o700) return [];
  return [
    issue(
      'permission_error',
      folder,
      `its owner can't use the folder: its mode is ${status.mode.toString(8)}`,
      {
        repair: 'let its owner read, change and enter it',
        exitCode: 12,
      },
    ),
  ];
}

function checkTrust(session: Session, home: string, trust: string, { layout }: SnapshotSetup): HealthIssue[] {
  const { host, settings } = session;
  const folder = statusOf(host.disk, trust);
  const again = 'remove it: the feed brings it again';
  if (folder === null && settings.root !== null) return [];
  const issues: HealthIssue[] = [];
  try {
    loadRootDocument(host, home, settings.root);
  } catch (error) {
    const found = unreadable('trust_damaged', layout.join(trust, 'root.json'), error);
    issues.push({ ...found, repair: 'take it from the copies beside it' });
  }
  const names = folder === null ? [] : host.disk.list(trust);
  for (const name of names.filter((one) => /^(\d+\.)?root\.json$/.test(one))) {
    const path = layout.join(trust, name);
    const problem = problemOf(() => decodeRoot(fileBytes(session, path)));
    if (problem !== null && !issues.some(({ where }) => where === path))
      issues.push(issue('trust_damaged', path, problem, { repair: again }));
  }
  return [...issues, ...checkMetadata(session, layout.join(trust, 'feed'), layout.join, again)];
}

function checkMetadata(
  session: Session,
  feeds: string,
  join: (...names: string[]) => string,
  repair: string,
): HealthIssue[] {
  const { disk } = session.host;
  if (statusOf(disk, feeds) === null) return [];
  const names = disk.list(feeds).filter((name) => !name.includes(ASIDE_MARK));
  return names.flatMap((feed) => {
    const folder = join(feeds, feed);
    return disk
      .list(folder)
      .filter((name) => name.endsWith('.json'))
      .map((name) => join(folder, name))
      .flatMap((path) => {
        const problem = problemOf(() =>
          JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(fileBytes(session, path))),
        );
        return problem === null ? [] : [issue('trust_damaged', path, problem, { repair })];
      });
  });
}

/** Throws DamagedError if it is not a file. */
function fileBytes({ host }: Session, path: string): Uint8Array {
  if (statusOf(host.disk, path)?.kind !== 'file')
    throw new DamagedError('wanted a file, found something else');
  return readFile(host.disk, path, LIMIT) ?? new Uint8Array(0);
}

function problemOf(work: () => unknown): string | null {
  try {
    work();
    return null;
  } catch (error) {
    if (error instanceof UpdaterError) return error.message;
    if (error instanceof SyntaxError || error instanceof TypeError)
      return `wanted JSON, found that it is not: ${error.message}`;
    throw error;
  }
}

/** Those that are not written anew by whoever needs them next. */
const SETTINGS_FILES = [preferencesFile, choicesFile, revokedFile, historyFile];

function checkSettings({ host }: Session, home: string, strangers: readonly HealthIssue[]): HealthIssue[] {
  return SETTINGS_FILES.flatMap((file) => {
    const path = file.path(host, home);
    if (strangers.some(({ where }) => where === path)) return [];
    try {
      file.load(host, home);
      const isFile = (statusOf(host.disk, path)?.kind ?? 'file') === 'file';
      return isFile
        ? []
        : [
            issue('settings_damaged', path, 'wanted a file, found a link', {
              repair: ASIDE,
              severity: 'notice',
            }),
          ];
    } catch (error) {
      const found = unreadable('settings_damaged', path, error);
      return [found.type === 'settings_damaged' ? { ...found, repair: ASIDE } : found];
    }
  });
}

function checkCache(
  session: Session,
  cache: string,
  { layout }: SnapshotSetup,
  files: FileReader,
): HealthIssue[] {
  const { disk } = session.host;
  const repair = 'remove it: it is downloaded again when it is needed';
  if (statusOf(disk, cache) === null) return [];
  return disk.list(cache).flatMap((name) => {
    const path = layout.join(cache, name);
    if (!/^[0-9a-f]{64}$/.test(name) || !files.readsAll) return [];
    if (files.digestOf(path, { atMost: MAX_BINARY_SIZE })?.sha256 === name) return [];
    return [issue('cache_damaged', path, 'it is not the file that was downloaded', { repair })];
  });
}

const SNAPSHOT_ASIDE =
  'take a new snapshot, which stores again what is lost, and keep what can not be read beside';

function checkDocuments({ host }: Session, { layout }: SnapshotSetup): HealthIssue[] {
  return listSnapshots(host.disk, layout).flatMap(({ id, found }) =>
    found instanceof Error
      ? [
          issue('snapshot_damaged', layout.join(layout.documents, `${id}.json`), found.message, {
            repair: SNAPSHOT_ASIDE,
          }),
        ]
      : [],
  );
}

/** Reads everything in the store. Holds its lock meanwhile. */
export async function checkStore(
  session: Session,
  { layout }: SnapshotSetup,
  checkpoint: () => Promise<void>,
  { files, onRead }: { files?: FileReader; onRead?: (bytes: number) => void } = {},
): Promise<HealthIssue[]> {
  const { host } = session;
  const type: IssueType = 'snapshot_damaged';
  try {
    if (statusOf(host.disk, layout.documents)?.kind !== 'directory') return [];
    return await withStore(host, layout, async () => {
      const verifier = new Verifier(host, layout, checkpoint, {
        ...(files === undefined ? {} : { digestOf: (path, size) => files.digestOf(path, size) }),
        ...(onRead === undefined ? {} : { onRead }),
      });
      const issues: HealthIssue[] = [];
      try {
        for (const { id, found } of listSnapshots(host.disk, layout)) {
          if (found instanceof Error) continue;
          const { problems } = await verifier.verify(found);
          const [first] = problems;
          if (first === undefined) continue;
          const what = `the snapshot ${id} can't be restored in full: ${first}${problems.length > 1 ? `, and ${problems.length - 1} more` : ''}`;
          issues.push(
            issue(type, layout.join(layout.documents, `${id}.json`), what, { repair: SNAPSHOT_ASIDE }),
          );
        }
      } finally {
        verifier.close();
      }
      return issues;
    });
  } catch (error) {
    return [unreadable(type, layout.folder, error)];
  }
}
