/** The notes of an update that passes over other releases: of each of them, newest first, each under its version. */
import type { ChangeLog, UpdateInfo } from '../../api/index.ts';
import { type NotesStyle, notesText } from './notes.ts';

/** How many lines of the notes of one passed release are shown before the rest is left to another command, and what is short. */
const SHOWN = 24;
const SHORT = 30;

interface Shown {
  notes: string;
  /** Which notes are not shown, and the command that shows them; null if all are. */
  rest: string | null;
}

/** @param whole also the long ones, for somebody who decides about the update now */
export function passedNotesText(
  { version, changelog, passed }: Pick<UpdateInfo, 'version' | 'changelog' | 'passed'>,
  style: NotesStyle,
  { whole }: { whole: boolean },
): Shown {
  const sections = [titledText(version, changelog, style)];
  for (const one of passed) {
    if (one.changelog === null) continue;
    const text = titledText(one.version, one.changelog, style);
    sections.push(whole ? text : shortened(text, one.version));
  }
  const left = passed.filter(({ changelog: own }) => own === null).map((one) => one.version);
  return { notes: sections.filter((text) => text !== '').join('\n\n\n'), rest: restText(left) };
}

/** Notes that do not begin with their version get it as a title. */
function titledText(version: string, { notes, entries }: ChangeLog, style: NotesStyle): string {
  const written =
    notes.trim() === '' ? entries.map(({ kind, text }) => `- ${kind}: ${text}`).join('\n') : notes;
  if (written === '') return '';
  const [, title = ''] = /^\s*#{1,6}[ \t]+([^\n]*)/.exec(written) ?? [];
  return notesText(title.includes(version) ? written : `# ${version}\n\n${written}`, style);
}

function shortened(text: string, version: string): string {
  const lines = text.split('\n');
  if (lines.length <= SHORT) return text;
  const more = lines.length - SHOWN;
  return [
    ...lines.slice(0, SHOWN),
    '',
    `  ... ${more} more lines: \`dgmo-updater update --check-only --version ${version}\` shows them.`,
  ].join('\n');
}

/** @param left newest first */
function restText(left: readonly string[]): string | null {
  const [newest] = left;
  if (newest === undefined) return null;
  const which = left.length === 1 ? newest : `${newest} and ${left.length - 1} older`;
  return `The notes of ${which} are not shown: \`dgmo-updater update --check-only --version ${newest}\` shows them.`;
}
