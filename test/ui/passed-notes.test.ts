/** What is shown of the releases that an update passes over. */
import { expect, test } from 'bun:test';
import { PLAIN_NOTES } from '../../lib/ui/text/notes.ts';
import { passedNotesText } from '../../lib/ui/text/passed-notes.ts';

const noted = (version: string, notes: string) => ({
  version,
  releaseDate: 0,
  changelog: { notes, entries: [] },
});
const UPDATE = { version: '1.3.0', changelog: { notes: 'New.\n', entries: [] } };
const LONG = Array.from({ length: 40 }, (_, index) => `- change ${index + 1}`).join('\n');

test('newest first, each under its version, which is said once', () => {
  const passed = [noted('1.2.0', '# v1.2.0 of May\n\nBack up before.\n'), noted('1.1.0', 'Old.\n')];
  const { notes, rest } = passedNotesText({ ...UPDATE, passed }, PLAIN_NOTES, { whole: false });
  const words = notes.split('\n').map((line) => line.trim());
  expect(words.filter((line) => /^[\w]/.test(line))).toEqual([
    ...['1.3.0', 'New.'],
    ...['v1.2.0 of May', 'Back up before.'],
    ...['1.1.0', 'Old.'],
  ]);
  expect(rest).toBeNull();
});

test('long ones are shortened, unless somebody decides now', () => {
  const update = { ...UPDATE, passed: [noted('1.2.0', LONG), noted('1.1.0', 'Back up before.')] };
  const short = passedNotesText(update, PLAIN_NOTES, { whole: false }).notes;
  expect(short).not.toContain('change 40');
  expect(short).toMatch(
    /\.\.\. \d+ more lines: `dgmo-updater update --check-only --version 1\.2\.0` shows them\.\n\n/,
  );
  expect(short).toContain('Back up before.');
  const whole = passedNotesText(update, PLAIN_NOTES, { whole: true }).notes;
  expect(whole).toContain('change 40');
  expect(whole).not.toContain('more lines');
});

test('a word for those whose notes were not read', () => {
  const without = (version: string) => ({ version, releaseDate: 0, changelog: null });
  const told = (...versions: string[]) =>
    passedNotesText({ ...UPDATE, passed: versions.map(without) }, PLAIN_NOTES, { whole: true }).rest;
  expect(told('1.2.0')).toBe(
    'The notes of 1.2.0 are not shown: `dgmo-updater update --check-only --version 1.2.0` shows them.',
  );
  expect(told('1.2.0', '1.1.0', '1.0.1')).toBe(
    'The notes of 1.2.0 and 2 older are not shown: `dgmo-updater update --check-only --version 1.2.0` shows them.',
  );
});
