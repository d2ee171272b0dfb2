/**
 * The man page, dgmo-updater(1), made of the help texts: what `--help` says is what the page says. In the macros of man(7), which
 * groff and mandoc read.
 */
import { type CommandName, OFFERED_WORDS } from '../arguments.ts';
import { helpText } from './help.ts';
import { pageLine } from './help-page.ts';

const COMMANDS = ['apply', ...OFFERED_WORDS.filter((name) => name !== 'help')] as CommandName[];

const ENVIRONMENT: readonly [name: string, about: string][] = [
  ['DGMO_HOME', 'The folder with settings, trust, cache and snapshots, in place of ~/.dgmo.'],
  ['DGMO_UPDATER_<SETTING>', 'Decides a setting, DGMO_UPDATER_AUTO_UPDATE that of autoUpdate; see `config`.'],
  ['NO_COLOR', 'No colors.'],
  ['HTTPS_PROXY, HTTP_PROXY, NO_PROXY', 'The proxies on the way to the feed.'],
  ['NODE_EXTRA_CA_CERTS', 'A PEM file with authorities to trust besides the built-in ones.'],
];

const FILES: readonly [name: string, about: string][] = [
  [
    '<install dir>/.dgmo-updater/',
    'What is installed, the journal of transactions, and the executable to go back to.',
  ],
  ['~/.dgmo/updater.json', 'Your settings.'],
  ['~/.dgmo/.snapshots/', 'The states to go back to.'],
  [
    '/etc/dgmo-updater/policy.json',
    'What the administrator has decided; on macOS in /Library/Application Support/dgmo-updater/, on Windows in %ProgramData%\\dgmo-updater\\.',
  ],
];

/** @param version of the updater */
export function manPage(version: string): string {
  const { body, everywhere, examples } = partsOf('help');
  const [title = ''] = body;
  const [, summary = ''] = title.split(': ');
  const exits = /Exit codes: ([\s\S]+)\.\s*$/.exec(helpText('help'))?.[1] ?? '';
  const lines = [
    `.TH DGMO\\-UPDATER 1 "" "dgmo\\-updater ${escaped(version)}"`,
    '.SH NAME',
    `dgmo\\-updater \\- ${escaped(summary.replace(/\.$/, ''))}`,
    '.SH SYNOPSIS',
    ...code([
      'dgmo-updater [<command>] [options]',
      'dgmo-updater --apply <package> [-- <arguments for the new dgmo>]',
    ]),
    '.SH DESCRIPTION',
    ...blocks(body.slice(1)),
    '.SH COMMANDS',
    ...COMMANDS.flatMap(commandSection),
    '.SH OPTIONS',
    'Every command takes these.',
    ...blocks(everywhere),
    '.SH EXIT STATUS',
    ...exits.split(/;\s+/).flatMap((exit) => {
      const [, number = '', meaning = ''] = /^(\d+) ([\s\S]+)$/.exec(exit) ?? [];
      return entry(number, meaning.replaceAll('\n', ' '));
    }),
    '.SH ENVIRONMENT',
    ...ENVIRONMENT.flatMap(([name, about]) => entry(name, about)),
    '.SH FILES',
    ...FILES.flatMap(([name, about]) => entry(name, about)),
    '.SH EXAMPLES',
    ...code(examples),
    '',
  ];
  // A heading begins a paragraph by itself.
  return lines.filter((line, at) => line !== '.PP' || !/^\.S[HS] /.test(lines[at - 1] ?? '')).join('\n');
}

/** The lines of a help text: what it says, what it says of options that all commands take, and its examples. */
function partsOf(command: CommandName): { body: string[]; everywhere: string[]; examples: string[] } {
  const [own = '', everywhere = ''] = helpText(command).split('\nEverywhere:\n');
  const [body = '', examples = ''] = own.split('\nExamples:\n');
  return {
    body: body.split('\n'),
    everywhere: everywhere.split('\n').filter((line) => line.startsWith('  ')),
    examples: examples
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => line.slice(2)),
  };
}

function commandSection(command: CommandName): string[] {
  const { body, examples } = partsOf(command);
  const end = body.indexOf('');
  const name = command === 'apply' ? '--apply' : command;
  return [
    `.SS ${escaped(name)}`,
    ...code(body.slice(0, end)),
    ...blocks(body.slice(end + 1)),
    '.PP',
    `${examples.length > 1 ? 'Examples' : 'Example'}:`,
    ...code(examples),
  ];
}

/** Paragraphs, and what is indented by two spaces with what it means behind it. */
function blocks(lines: readonly string[]): string[] {
  const out: string[] = [];
  let isNew = true;
  for (const line of lines) {
    const [, term, about] = /^ {2}(\S.*?)(?: {2,}(\S.*))?$/.exec(line) ?? [];
    if (line.trim() === '') isNew = true;
    else if (term !== undefined) {
      out.push(...entry(term, about ?? null));
      isNew = false;
    } else {
      if (isNew && !line.startsWith(' ')) out.push('.PP');
      out.push(text(line.trim()));
      isNew = false;
    }
  }
  return out;
}

function entry(term: string, about: string | null): string[] {
  return ['.TP', `\\fB${escaped(term)}\\fR`, ...(about === null ? [] : [text(about)])];
}

/** What is left of 80 columns between the margins of a page: lines of code are not filled. */
const CODE_COLUMNS = 71;

function code(lines: readonly string[]): string[] {
  return ['.PP', '.nf', ...lines.flatMap(codeLine), '.fi'];
}

/** What is beside it, after a gap, is below it, and filled. */
function codeLine(line: string): string[] {
  const [, typed = line, about] = /^(\S.*?) {2,}(\S.*)$/.exec(line) ?? [];
  const fitting = pageLine(typed, CODE_COLUMNS).split('\n');
  return [
    ...fitting.map((part) => `\\fB${escaped(part)}\\fR`),
    ...(about === undefined ? [] : ['.RS 4', '.fi', text(about), '.nf', '.RE']),
  ];
}

/** What is in backticks is set as what is typed. */
function text(line: string): string {
  return escaped(line)
    .replaceAll(/`([^`]*)`/g, '\\fB$1\\fR')
    .replace(/^([.'])/, '\\&$1');
}

/** Of letters that mean something to roff. A hyphen that is not escaped is not what is typed. */
function escaped(line: string): string {
  return line
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll('~', '\\(ti')
    .replaceAll('^', '\\(ha');
}
