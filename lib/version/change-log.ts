/** What changed in a release, for people: the words of https://keepachangelog.com/en/1.1.0/. */
import { array, type Decoded, line, object, oneOf, text } from '../format/decoder.ts';

export const CHANGE_KINDS = ['added', 'changed', 'deprecated', 'removed', 'fixed', 'security'] as const;

export const changeLog = object({
  /** The release notes as written, Markdown, perhaps empty. */
  notes: text(64 * 1024),
  /** One line a change, for lists and for a person who decides about an update. */
  entries: array(object({ kind: oneOf(...CHANGE_KINDS), text: line(1000) }), 0, 256),
});

export type ChangeLog = Decoded<typeof changeLog>;
