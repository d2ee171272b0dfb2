/** Text on a terminal that is narrower than the text. */
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { wrapped } from '../../lib/format/wrapped.ts';
import { COMMAND_WORDS, type CommandName } from '../../lib/ui/arguments.ts';
import { helpText } from '../../lib/ui/text/help.ts';
import { helpPage } from '../../lib/ui/text/help-page.ts';

test.each<[what: string, columns: number, text: string, wanted: string]>([
  ['a line that fits', 9, 'a line  x', 'a line  x'],
  ['a sentence', 22, 'The installation is healthy.', 'The installation is\nhealthy.'],
  [
    'a field of status',
    40,
    'Next check:  when DGMO or you ask: the background service does not run',
    'Next check:  when DGMO or you ask: the\n             background service does not\n             run',
  ],
  [
    'an option of a help text',
    50,
    '  --feed <url>          use this feed instead of the configured one',
    '  --feed <url>          use this feed instead of\n                        the configured one',
  ],
  [
    'what is far to the right',
    40,
    `${' '.repeat(34)}verify the package, swap the executable`,
    '      verify the package, swap the\n      executable',
  ],
  [
    'a command of a help text, where its meaning has no room beside it',
    40,
    '  dgmo-updater check              look for an update',
    '  dgmo-updater check\n      look for an update',
  ],
  [
    'a row of a table whose first column is wide',
    40,
    '20261127-143300-abcd  1.0.0    2 s  1.5 KB  58 bytes  Pre-update to 2.0.0',
    '20261127-143300-abcd\n    1.0.0    2 s  1.5 KB  58 bytes\n    Pre-update to 2.0.0',
  ],
  [
    'a row of a table',
    40,
    '2026-11-27 04:27  update    1.18.33  1.18.34  10.4 s  done',
    '2026-11-27 04:27  update    1.18.33\n                  1.18.34  10.4 s  done',
  ],
  [
    'a command in backticks stays whole',
    44,
    'Updates come by themselves. `dgmo-updater config unset autoUpdate` ends that.',
    'Updates come by themselves.\n`dgmo-updater config unset autoUpdate` ends\nthat.',
  ],
  [
    'a command that fits only further to the left',
    40,
    'At login:    not started: `dgmo-updater service install` changes that',
    'At login:    not started:\n    `dgmo-updater service install`\n             changes that',
  ],
  [
    'paths that fit only further to the left, all at the same place',
    40,
    'Executable:   /opt/somewhere/in-a-folder/bin/dgmo\nSettings:     /home/somebody-else/here/.dgmo',
    'Executable:\n    /opt/somewhere/in-a-folder/bin/dgmo\nSettings:\n    /home/somebody-else/here/.dgmo',
  ],
  ['a date and its time', 30, 'It is offered on 2026-11-27 18:42.', 'It is offered on\n2026-11-27 18:42.'],
  ['one backtick', 12, 'an odd ` in a sentence', 'an odd ` in\na sentence'],
  [
    'a word that is too long',
    20,
    'SHA-256: 0123456789abcdef0123456789',
    'SHA-256:\n0123456789abcdef0123456789',
  ],
])('%s', (_, columns, text, wanted) => {
  expect(wrapped(text, columns)).toBe(wanted);
});

test('whatever the text is, no word is lost, broken or moved', () => {
  const word = fc.stringMatching(/^[a-z`:日]{1,12}$/);
  const line = fc
    .tuple(fc.nat(6), fc.array(fc.tuple(word, fc.integer({ min: 1, max: 4 }))))
    .map(
      ([indent, parts]) => ' '.repeat(indent) + parts.map(([text, gap]) => text + ' '.repeat(gap)).join(''),
    );
  fc.assert(
    fc.property(fc.array(line), fc.integer({ min: 1, max: 60 }), (lines, columns) => {
      const words = (text: string) => text.split(/\s+/).filter(Boolean);
      const text = lines.join('\n');
      expect(words(wrapped(text, columns))).toEqual(words(text));
    }),
  );
});

describe('every help text', () => {
  const pages = (columns: number) =>
    ([...COMMAND_WORDS, 'apply'] as CommandName[]).map((name) => helpPage(helpText(name), columns));

  test.each([40, 80])(
    'has no line that is wider than %i columns, but for what has no place to break',
    (columns) => {
      for (const line of pages(columns).flatMap((page) => page.split('\n')))
        if (line.length > columns) expect(line.trim()).not.toContain(' ');
    },
  );

  test('loses no word, and has no line that could go on', () => {
    const words = (text: string) => text.split(/\s+/).filter(Boolean);
    expect(pages(80).map(words)).toEqual(
      ([...COMMAND_WORDS, 'apply'] as CommandName[]).map((name) => words(helpText(name))),
    );
    expect(helpPage(helpText('service'), 80)).toContain(
      'when the machine wakes. What `config set autoUpdate` allows\n',
    );
  });
});
