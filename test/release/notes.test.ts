import { describe, expect, test } from 'bun:test';
import { parseNotes } from '../../release/manifest/notes.ts';

describe('release notes', () => {
  test('give entries for the lists below the headings of keepachangelog.com', () => {
    const markdown =
      '# 1.2.0\r\n\r\n- loose\r\n\r\n### Added\r\n\r\n- One\r\n* Two  \r\n  - inner\r\n\r\n## Fixed ##\r\n+ Three\r\n\r\n## Thanks\r\n- Ada\r\n';
    expect(parseNotes(markdown)).toEqual({
      notes: markdown.replaceAll('\r\n', '\n'),
      entries: [
        { kind: 'added', text: 'One' },
        { kind: 'added', text: 'Two' },
        { kind: 'fixed', text: 'Three' },
      ],
    });
  });

  test('may be empty, or without any list', () => {
    expect(parseNotes('')).toEqual({ notes: '', entries: [] });
    expect(parseNotes('Faster.').entries).toEqual([]);
  });
});
