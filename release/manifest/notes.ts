/** Release notes in Markdown, and the list of changes in them in the style of https://keepachangelog.com. */
import { CHANGE_KINDS, type ChangeLog } from '../../lib/version/index.ts';

const HEADING = /^#{1,6}\s+(.*?)\s*#*$/;
const ITEM = /^[-*+]\s+(.*\S)\s*$/;

/**
 * Items below a heading that names a kind of change (`### Fixed`) become entries, and stay in the notes as well. Line
 * endings become line feeds.
 */
export function parseNotes(markdown: string): ChangeLog {
  const notes = markdown.replaceAll('\r\n', '\n');
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
