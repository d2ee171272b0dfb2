/** The man page says what the help texts say, and is read by the real programs without a complaint. */
import { describe, expect, test } from 'bun:test';
import { COMMAND_WORDS, type CommandName, optionsOf } from '../../lib/ui/arguments.ts';
import { helpText } from '../../lib/ui/text/help.ts';
import { manPage } from '../../lib/ui/text/man.ts';

const page = manPage('1.2.3');
/** As plain words: without markup, and with any white space as one blank. */
const words = (roff: string) =>
  roff
    .replaceAll(/\\f[BR]/g, '')
    .replaceAll('\\-', '-')
    .replaceAll('\\(ti', '~')
    .replaceAll('\\(ha', '^')
    .replaceAll('\\e', '\\')
    .replaceAll(/^\\&/gm, '')
    .split('\n')
    .filter((line) => !/^\.(PP|TP|nf|fi)$/.test(line))
    .map((line) => line.replace(/^\.S[HS] /, ''))
    .join(' ')
    .replaceAll(/\s+/g, ' ');
const plain = words(page);

const COMMANDS = ['apply', ...COMMAND_WORDS] as CommandName[];
const shown = COMMANDS.filter((name) => !['help', 'watch', 'finish-updater'].includes(name));

test.each(shown)('it has all that the help of %s says', (name) => {
  const [own = ''] = helpText(name).split('\nEverywhere:\n');
  for (const line of own.split('\n')) {
    if (line.trim() === '' || line === 'Examples:') continue;
    // A term and what it means are two lines of the page.
    for (const part of line.trim().split(/ {2,}/))
      expect(plain).toContain(words(part.replaceAll('`', '')).trim());
  }
});

test('it has every option of every command, every exit code, and a line for each section', () => {
  for (const name of shown) for (const option of optionsOf(name)) expect(plain).toContain(`--${option}`);
  for (const code of [0, 1, 2, 10, 11, 12, 13, 14, 15, 16, 17, 100, 130])
    expect(page).toMatch(new RegExp(`^\\.TP\\n\\\\fB${code}\\\\fR\\n\\w`, 'm'));
  expect([...page.matchAll(/^\.SH (.*)$/gm)].map(([, title]) => title)).toEqual(
    'NAME,SYNOPSIS,DESCRIPTION,COMMANDS,OPTIONS,EXIT STATUS,ENVIRONMENT,FILES,EXAMPLES'.split(','),
  );
  // So that it reads the same whatever the locale is.
  expect(page).toMatch(/^[\n -~]*$/);
});

const hasNot = (program: string) => Bun.which(program) === null && process.env.CI !== 'true';
const readAt = (width: number, ...command: string[]) => {
  const { stdout, stderr, exitCode } = Bun.spawnSync(command, {
    stdin: Buffer.from(page),
    env: { ...process.env, LC_ALL: 'C.UTF-8', MANWIDTH: String(width), MAN_KEEP_FORMATTING: '' },
  });
  return { code: exitCode, out: stdout.toString(), error: stderr.toString() };
};
const read = (...command: string[]) => readAt(200, ...command);

describe('it is read by', () => {
  test.skipIf(hasNot('mandoc'))('mandoc', () => {
    // It names no day, so that the same sources make the same bytes.
    const complaints = read('mandoc', '-Tlint', '-W', 'warning').out.trim().split('\n');
    expect(complaints).toEqual([expect.stringContaining('missing date')]);
    expect(read('mandoc', '-Tascii').out).toContain('dgmo-updater - updates DGMO');
  });

  test.skipIf(hasNot('man') || process.platform !== 'linux')('man', () => {
    const { code, out, error } = read('man', '--warnings=w', '-l', '-');
    expect([code, error]).toEqual([0, '']);
    expect(out).toMatch(/^DGMO-UPDATER\(1\)/m);
    expect(out).toMatch(/^ {7}--allow-downgrade$/m);
  });

  test.skipIf(hasNot('man') || process.platform !== 'linux')(
    'man in 40 columns: only what is typed is wider',
    () => {
      const { out } = readAt(40, 'man', '--nj', '--nh', '-l', '-');
      const wide = out.split('\n').filter((line) => line.length > 40);
      expect(wide.filter((line) => !/dgmo-updater|^ +\[-|^ +https:/.test(line))).toEqual([]);
    },
  );
});
