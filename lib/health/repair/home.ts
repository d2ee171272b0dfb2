/** Repairing what the updater keeps in the home. */
import { DamagedError, UsageError } from '../../errors.ts';
import { listed } from '../../format/json-schema/violation.ts';
import { salvageJsonc } from '../../format/jsonc.ts';
import { revokedFile } from '../../home/admission/revoked.ts';
import { choicesFile } from '../../home/choices.ts';
import { historyFile } from '../../home/history.ts';
import { PREFERENCE_KEYS, typedValue } from '../../home/preference-text.ts';
import { preferencesFile } from '../../home/preferences.ts';
import type { SnapshotSetup } from '../../home/snapshot-setup.ts';
import type { Session } from '../../install/index.ts';
import { readFile, removeIfThere, replaceDurably, statusOf } from '../../platform/files.ts';
import { decodeRoot } from '../../trust/index.ts';
import { copyAside, moveAside } from './aside.ts';

const LIMIT = 8 << 20;

/**
 * A damaged root or a damaged file of metadata is removed, since the feed has it. If no root is compiled in, `root.json` is
 * where trust begins: it is taken from the newest good copy beside it. Throws DamagedError if there is none.
 */
export function repairTrust(session: Session, { home, layout }: SnapshotSetup, path: string): string {
  const { host, settings } = session;
  const trust = layout.join(home, 'trust');
  const first = layout.join(trust, 'root.json');
  if (path !== first || settings.root !== null) {
    if (statusOf(host.disk, path)?.kind === 'file') removeIfThere(host.disk, path);
    else moveAside(session, path);
    return 'removed: the feed brings it again';
  }
  const names = statusOf(host.disk, trust)?.kind === 'directory' ? host.disk.list(trust) : [];
  const copies = names
    .map((name) => ({ name, version: Number(/^(\d+)\.root\.json$/.exec(name)?.[1] ?? 0) }))
    .filter(({ version }) => version > 0)
    .sort((a, b) => b.version - a.version);
  for (const { name } of copies) {
    const bytes = goodRoot(session, layout.join(trust, name));
    if (bytes === null) continue;
    if (statusOf(host.disk, first) !== null) copyAside(session, first);
    if ((statusOf(host.disk, first)?.kind ?? 'file') !== 'file') moveAside(session, first);
    replaceDurably(host.disk, first, trust, bytes);
    return `from ${name}`;
  }
  throw new DamagedError(`there is no good copy of the trusted root in ${trust}`, {
    advice: 'Give it again with `dgmo-updater init --root <root.json>`.',
  });
}

function goodRoot({ host }: Session, path: string): Uint8Array | null {
  if (statusOf(host.disk, path)?.kind !== 'file') return null;
  const bytes = readFile(host.disk, path, LIMIT);
  try {
    if (bytes !== null) decodeRoot(bytes);
    return bytes;
  } catch {
    // Whatever is wrong with it, it is no root to trust.
    return null;
  }
}

/** The damaged file is kept beside, and what can be read of it is carried over. */
export async function repairSettings(
  session: Session,
  { home }: SnapshotSetup,
  path: string,
): Promise<string> {
  const { host } = session;
  if (path === home) {
    const beside = moveAside(session, path);
    return `a new one was begun; what was there is ${beside}`;
  }
  const status = statusOf(host.disk, path);
  // Of one that is far too long nothing is carried over.
  const isSmall = status?.kind === 'file' && status.size <= LIMIT;
  const bytes = isSmall ? readFile(host.disk, path, LIMIT) : null;
  const fields = bytes === null ? {} : salvageJsonc(bytes);
  const beside = moveAside(session, path);
  if (preferencesFile.path(host, home) === path) {
    const lost = await preferencesFile.salvage(host, home, typedFields(fields));
    return `with what could be read of it${withoutSettings(lost)}; the damaged one is ${beside}`;
  }
  for (const file of [choicesFile, revokedFile, historyFile]) {
    if (file.path(host, home) === path) await file.salvage(host, home, fields);
  }
  const later = path === revokedFile.path(host, home) ? '; the next check completes it' : '';
  return `with what could be read of it${later}; the damaged one is ${beside}`;
}

/** What is in the cache can be downloaded again. */
export function repairCache(session: Session, path: string): string {
  const { disk } = session.host;
  if (statusOf(disk, path)?.kind !== 'directory') {
    removeIfThere(disk, path);
    return 'removed';
  }
  return `moved to ${moveAside(session, path)}`;
}

/** Somebody has wanted them: their defaults may allow what was forbidden. */
function withoutSettings(lost: readonly string[]): string {
  const names = lost.filter((name) => name !== 'schema');
  if (names.length === 0) return '';
  return `, but ${listed(names)}: see \`dgmo-updater config list\` for what holds now, and set it again with \`config set\``;
}

/** With the values that are written as they are typed after `config set` as those of JSON. */
function typedFields(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => {
      const key = PREFERENCE_KEYS.find((known) => known === name);
      if (key === undefined || typeof value !== 'string') return [name, value];
      try {
        return [name, typedValue(key, value, name)];
      } catch (error) {
        if (!(error instanceof UsageError)) throw error;
        return [name, value];
      }
    }),
  );
}
