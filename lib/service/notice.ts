/**
 * What the background service has to say at the next start of DGMO, `<home>/notices.json`. DGMO takes the notices, which removes
 * them, and prints them.
 */
import { array, type Decoded, line, nullable, object, oneOf, time } from '../format/decoder.ts';
import { asLine } from '../home/checks.ts';
import { type HomeFile, homeFile } from '../home/home-file.ts';
import { isNewer, version } from '../version/semver.ts';

const MAX_NOTICES = 10;
const MAX_REASON = 300;

const notice = object({
  /**
   * `available`: the user may install it, or go back to it. `waiting`: it is downloaded, and is installed once DGMO does not
   * run. `installed`: by the service. `failed`: it could not be installed. `damaged`: something of the installation is.
   * `repaired`: it was.
   */
  kind: oneOf('available', 'waiting', 'installed', 'failed', 'damaged', 'repaired'),
  /** Milliseconds since the epoch. */
  at: time,
  /** The version that it is about; the installed one if something is damaged. */
  version,
  /** The version before, if one was installed. */
  from: nullable(version),
  /** Why it failed, or what is damaged; of what is available, the command of the package manager that has to bring it. */
  reason: nullable(line(MAX_REASON)),
});

const shape = object({ schema: oneOf(1), notices: array(notice, 0, MAX_NOTICES) });

export type Notice = Decoded<typeof notice>;

export const noticesFile: HomeFile<Decoded<typeof shape>> = homeFile(
  { name: 'notices.json', what: 'notices' },
  shape,
  { schema: 1, notices: [] },
);

/** The notices with another one. Of several about the same thing the last one is true. */
export function withNotice(notices: readonly Notice[], added: Notice): Notice[] {
  const { reason } = added;
  const others = notices.filter((notice) => !isAboutTheSame(notice, added));
  const shortened = reason === null ? null : asLine(reason, MAX_REASON);
  return [...others, { ...added, reason: shortened }].slice(-MAX_NOTICES);
}

/** What was available is no longer of interest once something is said about another update. */
function isAboutTheSame(notice: Notice, added: Notice): boolean {
  if (isOfHealth(notice) !== isOfHealth(added)) return false;
  return isOfHealth(added) || notice.version === added.version || notice.kind === 'available';
}

function isOfHealth({ kind }: Notice): boolean {
  return kind === 'damaged' || kind === 'repaired';
}

/** The notices that are still true with that version installed. */
export function currentNotices(notices: readonly Notice[], installed: string): Notice[] {
  return notices.filter(({ kind, version, from }) => {
    // Also a way back: it is from that version alone.
    if (kind === 'available' && from === installed) return true;
    if (kind === 'available' || kind === 'waiting' || kind === 'failed') return isNewer(version, installed);
    return kind !== 'installed' || version === installed;
  });
}

/** A sentence or two for the user of `app`. */
export function noticeText({ kind, version, from, reason }: Notice, app: string): string {
  switch (kind) {
    case 'available':
      if (from !== null && isNewer(from, version))
        return `${app} ${from} was revoked by its publisher. ${reason === null ? `\`dgmo-updater update\` says why, and goes back to ${version}.` : `Replace it with: ${reason}`}`;
      return `${app} ${version} is available. ${reason === null ? '`dgmo-updater update` shows what is new, and installs it.' : `Update it with: ${reason}`}`;
    case 'waiting':
      return `${app} ${version} is downloaded. It will be installed when ${app} does not run.`;
    case 'installed':
      return `${app} ${version} was installed${from === null ? '' : ` (before: ${from})`}. \`dgmo-updater rollback\` goes back.`;
    case 'failed':
      return `${app} ${version} could not be installed: ${reason ?? 'no reason is known'}. \`dgmo-updater update --version ${version}\` tries it again.`;
    case 'damaged':
      return `${reason ?? `Something of ${app} is damaged`}. \`dgmo-updater verify\` says more, and what puts it right.`;
    case 'repaired':
      return `${reason ?? `The executable of ${app} was damaged, and was put back`}. \`dgmo-updater history\` says when.`;
  }
}

/** The same for a desktop, which shows a few lines: without backquotes, and with the beginning of each digest. */
export function notificationText(text: string): string {
  return text.replaceAll('`', '').replaceAll(/\b([0-9a-f]{12})[0-9a-f]{52}\b/g, '$1...');
}
