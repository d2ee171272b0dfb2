import { describe, expect, test } from 'bun:test';
import { parseNotes } from '../../../release/manifest/notes.ts';

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

  test.each([
    ['Fine.\nHidden \u001b[8m', 'notes.md, line 2: wanted text without control characters, found U+001B'],
    ['a\rb', 'notes.md, line 1: wanted text without control characters, found U+000D'],
    ['x'.repeat(65_537), 'notes.md: wanted at most 65536 characters, found 65537'],
  ])(
    '%#: what a terminal must not get, or is too long, is named before anything is made',
    (markdown, message) => {
      expect(() => parseNotes(markdown, 'notes.md')).toThrow(message);
    },
  );

  test('may be empty, or without any list', () => {
    expect(parseNotes('')).toEqual({ notes: '', entries: [] });
    expect(parseNotes('Faster.').entries).toEqual([]);
  });
});
