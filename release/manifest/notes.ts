/** Release notes in Markdown, and the list of changes in them in the style of https://keepachangelog.com. */
import { UsageError } from '../../lib/errors.ts';
import { CHANGE_KINDS, type ChangeLog, isVersion } from '../../lib/version/index.ts';

const HEADING = /^#{1,6}\s+(.*?)\s*#*$/;
const ITEM = /^[-*+]\s+(.*\S)\s*$/;

/** Characters; as a manifest takes them. */
const LONGEST = 64 * 1024;

/**
 * Items below a heading that names a kind of change (`### Fixed`) become entries, and stay in the notes as well. Line
 * endings become line feeds.
 *
 * @param file named in the message
 * @throws UsageError if they are too long, or have control characters, which would reach the user's terminal
 */
export function parseNotes(markdown: string, file = 'the notes'): ChangeLog {
  const notes = markdown.replaceAll('\r\n', '\n');
  requirePlain(notes, file);
  const entries: ChangeLog['entries'] = [];
  let kind: (typeof CHANGE_KINDS)[number] | undefined;
  for (const line of notes.split('\n')) {
    const heading = HEADING.exec(line)?.[1];
    if (heading !== undefined) kind = CHANGE_KINDS.find((name) => name === heading.toLowerCase());
    const text = ITEM.exec(line)?.[1];
    if (text !== undefined && kind !== undefined) entries.push({ kind, text });
  }
  return { notes, entries };
}

/** If the first line is a heading that names a version: which one, and what follows. */
export function splitTitle(notes: string): { version: string; rest: string } | null {
  const [, title = '', rest = ''] = /^\s*#{1,6}[ \t]+([^\n]*)(?:\n|$)([\s\S]*)$/.exec(notes) ?? [];
  const [version = ''] = title.replace(/^\[?v?/, '').split(/[\] ,:(]/, 1);
  return isVersion(version) ? { version, rest } : null;
}

/** A sentence for whoever has taken the notes of another release; null if they don't name one. */
export function strangeTitle(notes: string, version: string): string | null {
  const named = splitTitle(notes)?.version ?? version;
  return named === version ? null : `the notes begin with ${named}, and this is ${version}`;
}

function requirePlain(notes: string, file: string): void {
  if (notes.length > LONGEST)
    throw new UsageError(`${file}: wanted at most ${LONGEST} characters, found ${notes.length}`, {
      advice: 'Put the rest on a page, and its address into the notes.',
    });
  for (const [index, line] of notes.split('\n').entries()) {
    const [found] = /(?!\t)\p{Cc}/u.exec(line) ?? [];
    if (found === undefined) continue;
    const name = `U+${(found.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;
    throw new UsageError(
      `${file}, line ${index + 1}: wanted text without control characters, found ${name}`,
      { advice: 'Remove it: the notes are shown on terminals.' },
    );
  }
}
