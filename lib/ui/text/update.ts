/** The result of a check as text, and as data for scripts. */
import type { CheckResult, Owner, UpdateInfo, WayBack } from '../../api/index.ts';
import { evolutionText } from '../../api/screen/evolution-text.ts';
import type { LocalOffset } from '../../api/words.ts';
import { despiteText, type HoldContext, holdText } from './holds.ts';
import { capitalized } from './lines.ts';
import { type NotesStyle, notesText, PLAIN_NOTES } from './notes.ts';
import { passedNotesText } from './passed-notes.ts';
import { bytesText, snapshotTime } from './sizes.ts';

/** @param notes how the release notes are shown, without colors; null: they are left out */
export function describeCheck(
  result: CheckResult,
  context: HoldContext,
  notes: NotesStyle | null = PLAIN_NOTES,
): string {
  const { installed, revoked, update, newest, held, managedBy } = result;
  const lines: string[] = [];
  if (revoked !== null) lines.push(`The installed ${installed} was revoked by its publisher: ${revoked}`);
  if (update === null) lines.push(...describeNothing(result, context));
  else {
    lines.push(...describeUpdate(update));
    const newer = newest === update.version ? undefined : held.find(({ version }) => version === newest);
    if (newer !== undefined)
      lines.push(`  ${newest} is newer, and not offered: ${holdText(newer, context, managedBy)}.`);
    if (notes !== null) lines.push(...describeNotes(update, notes));
  }
  return lines.join('\n');
}

function describeNothing(
  { installed, newest, held, revoked, wayBack, channel, managedBy }: CheckResult,
  context: HoldContext,
): string[] {
  const lines: string[] = [];
  if (held.length === 0 && revoked === null) {
    lines.push(
      newest === null
        ? `The channel ${channel} has no release.`
        : newest === installed
          ? `${installed} is the newest.`
          : `${installed} is installed; the newest of the channel ${channel} is ${newest}.`,
    );
  }
  if (held.length > 0) lines.push(`${installed} stays installed for now.`);
  for (const one of held)
    lines.push(`  ${one.version} is not offered: ${holdText(one, context, managedBy)}.`);
  if (revoked !== null && managedBy !== null)
    lines.push(`There is no release to offer. ${managedText(managedBy)}`);
  else if (revoked !== null) {
    lines.push(
      wayBack === null
        ? 'There is no release to offer, and nothing was kept here to go back to: a newer release will be offered as soon as there is one.'
        : `There is no release to offer. ${wayBackText(wayBack, context.localOffset)}`,
    );
  }
  return lines;
}

/** Who has to change the version, and how. */
export function managedText({ manager, package: name, command }: Owner): string {
  return `It was installed by ${manager}, as the package ${name}. Update it with: ${command}`;
}

/** The command that leads away from a revoked version. */
export function wayBackText({ snapshot, version }: WayBack, localOffset: LocalOffset): string {
  return snapshot === null
    ? `\`dgmo-updater rollback\` goes back to ${version}.`
    : `\`dgmo-updater rollback ${snapshot}\` goes back to ${version}, with the data as of ${snapshotTime(snapshot, localOffset)}.`;
}

function describeUpdate(update: UpdateInfo): string[] {
  const { version, currentVersion, evolutions } = update;
  const back = update.direction === 'back';
  const lines = [
    back
      ? `Back to ${version} (installed: ${currentVersion})`
      : version === currentVersion
        ? `${version} is installed; its evolutions can be added`
        : `${version} is available (installed: ${currentVersion})`,
    `  Download:   ${downloadText(update)}`,
    `  Kind:       ${update.isSecurity ? 'security' : update.type}, risk ${update.riskLevel}${update.mandatory ? '; required for this installation' : ''}`,
  ];
  if (update.despite !== null) lines.push(`  ${despiteText(update.despite, update.mandatory)}`);
  for (const one of evolutions) {
    const comes = one.autoApply || one.installed !== null;
    lines.push(`  Evolution:  ${evolutionText(one, comes ? [] : ['only if you choose it'])}`);
  }
  return lines;
}

/** The notes; what the feed lists as changes if there are none. */
function describeNotes(update: UpdateInfo, style: NotesStyle): string[] {
  const { changelog, passed } = update;
  if (passed.length > 0) {
    const { notes, rest } = passedNotesText(update, style, { whole: false });
    return [notes, rest ?? ''].flatMap((text) => (text === '' ? [] : ['', text])).concat('');
  }
  const notes = notesText(changelog.notes, style);
  if (notes !== '') return ['', notes, ''];
  return changelog.entries.map(({ kind, text }) => `  ${`${capitalized(kind)}:`.padEnd(11)} ${text}`);
}

export function downloadText(update: Pick<UpdateInfo, 'downloadSize' | 'updaterSize' | 'routes'>): string {
  const { downloadSize, updaterSize } = update;
  const size = downloadSize === 0 ? 'nothing left to download' : bytesText(downloadSize);
  const updater = updaterSize === 0 ? '' : `, and ${bytesText(updaterSize)} of a new updater`;
  return `${size} (${routeText(update)}${updater})`;
}

function routeText({ routes }: Pick<UpdateInfo, 'routes'>): string {
  const [route] = routes;
  if (route === undefined) return 'the feed has no package for this installation';
  return route.kind === 'chain' ? `${route.packages.length} patches` : ROUTES[route.kind];
}

const ROUTES = { patch: 'a patch', full: 'the full binary' };

export function checkData(result: CheckResult): Record<string, unknown> {
  const { installed, channel, feed, newest, update, mandatory, revoked, wayBack, managedBy, held } = result;
  return {
    installed,
    channel,
    feed,
    newest,
    mandatory,
    revoked,
    wayBack,
    managedBy,
    held,
    available: update !== null,
    update: update === null ? null : updateData(update),
  };
}

function updateData(update: UpdateInfo): Record<string, unknown> {
  const { routes, release: _release, manifest: _manifest, ...rest } = update;
  const [route] = routes;
  return {
    ...rest,
    route:
      route === undefined ? null : { kind: route.kind, packages: route.packages.length, bytes: route.bytes },
  };
}
