import { expect, test } from 'bun:test';
import { printable, printableText } from '../../lib/format/printable.ts';

test('what could move the cursor or turn the text around is spelled out', () => {
  expect(printable('a\u001b[2Jb\u009b2J\n')).toBe('a\\u001b[2Jb\\u009b2J\\u000a');
  expect(printable('dgmo\u202efdp.exe\u200b\u2028')).toBe('dgmo\\u202efdp.exe\\u200b\\u2028');
  expect(printable('\u{e0041}')).toBe('\\u{e0041}');
  expect(printable('Grüße, 世界 👋')).toBe('Grüße, 世界 👋');
});

test('what is long is cut, and says how long it was', () => {
  expect(printable('x'.repeat(100))).toBe('x'.repeat(100));
  expect(printable('x'.repeat(101))).toBe(`${'x'.repeat(100)}... (101 characters)`);
});

test('in a whole output, lines stay lines and JSON stays JSON', () => {
  expect(printableText('a\tb\n\r\u001b[2Jc\n')).toBe('a\tb\n\\u000d\\u001b[2Jc\n');
  const value = { name: 'dgmo\u202efdp.exe\u009b2J\u{e0041}\u007f', lines: 'a\nb' };
  const printed = printableText(JSON.stringify(value));
  expect(printed).toMatch(/^[\x20-\x7e]*$/);
  expect(JSON.parse(printed)).toEqual(value);
});
