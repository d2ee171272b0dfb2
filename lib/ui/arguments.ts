/** The command line, parsed strictly: an unknown word is an error. */
import { didYouMean } from '../api/words.ts';
import { UsageError } from '../errors.ts';
import { type Options, type OptionValues, parseOptions } from './parsing/parse-options.ts';

const EVERYWHERE = {
  'install-dir': { type: 'string' },
  home: { type: 'string' },
  app: { type: 'string' },
  json: { type: 'boolean' },
  quiet: { type: 'boolean', short: 'q' },
  verbose: { type: 'boolean' },
  yes: { type: 'boolean', short: 'y' },
  'no-color': { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} satisfies Options;

const SWAP_LIMITS = {
  'held-limit': { type: 'string' },
  'probe-limit': { type: 'string' },
} satisfies Options;

const LIMITS = { ...SWAP_LIMITS, 'exit-limit': { type: 'string' } } satisfies Options;

const WAITING = {
  ...LIMITS,
  'wait-pid': { type: 'string' },
  'no-wait': { type: 'boolean' },
  'no-relaunch': { type: 'boolean' },
} satisfies Options;

const EVOLUTIONS = { evolutions: { type: 'string' } } satisfies Options;

const FEED = {
  feed: { type: 'string' },
  channel: { type: 'string' },
  'ca-file': { type: 'string' },
  'allow-http': { type: 'boolean' },
} satisfies Options;

/** In the order in which they are listed to people. */
const COMMANDS = {
  check: { ...FEED, 'exit-code': { type: 'boolean' } },
  update: {
    ...FEED,
    ...WAITING,
    ...EVOLUTIONS,
    version: { type: 'string' },
    'check-only': { type: 'boolean' },
  },
  download: { ...FEED, version: { type: 'string' } },
  rollback: {
    ...LIMITS,
    to: { type: 'string' },
    only: { type: 'string' },
    force: { type: 'boolean' },
    kill: { type: 'boolean' },
    'no-relaunch': { type: 'boolean' },
  },
  snapshots: { reason: { type: 'string' }, pin: { type: 'boolean' }, keep: { type: 'string' } },
  status: {},
  history: {},
  verify: { full: { type: 'boolean' } },
  repair: { ...FEED, ...SWAP_LIMITS, offline: { type: 'boolean' } },
  doctor: { ...FEED, offline: { type: 'boolean' } },
  recover: { ...FEED, ...SWAP_LIMITS },
  confirm: { version: { type: 'string' } },
  skip: {},
  unskip: {},
  pin: {},
  unpin: {},
  config: {},
  service: { ...FEED, ...SWAP_LIMITS },
  init: { version: { type: 'string' }, feed: { type: 'string' }, root: { type: 'string' } },
  completions: {},
  man: {},
  version: { version: { type: 'boolean', short: 'V' } },
  help: {},
  apply: {
    ...WAITING,
    ...EVOLUTIONS,
    apply: { type: 'string' },
    via: { type: 'string', multiple: true },
    'allow-downgrade': { type: 'boolean' },
  },
  watch: LIMITS,
  'finish-updater': LIMITS,
  /** No command. The last two make it another one, and are what may have been meant. */
  recovery: { ...FEED, ...LIMITS, apply: { type: 'string' }, version: { type: 'boolean' } },
} satisfies Record<string, Options>;

export type CommandName = keyof typeof COMMANDS;

/** The commands that are typed as a word. */
export const COMMAND_WORDS = Object.keys(COMMANDS).filter((name) => name !== 'apply' && name !== 'recovery');

/** Those that are for people: the others the updater runs by itself. */
export const OFFERED_WORDS = COMMAND_WORDS.filter((name) => name !== 'watch' && name !== 'finish-updater');

/** The options of a command, or those of all commands, for whoever completes them. */
export function optionTable(command: CommandName | null): { name: string; takesValue: boolean }[] {
  const options: Options =
    command === null ? { ...EVERYWHERE, apply: { type: 'string' } } : { ...EVERYWHERE, ...COMMANDS[command] };
  return Object.entries(options).map(([name, { type }]) => ({ name, takesValue: type === 'string' }));
}

/** The command that a word of the command line stands for; null if it is none. */
export function commandOfWord(word: string): CommandName | null {
  if (word === '--apply') return 'apply';
  const alias = Object.hasOwn(ALIASES, word) ? ALIASES[word] : undefined;
  return alias ?? (COMMAND_WORDS.includes(word) ? (word as CommandName) : null);
}

/** All options of a command, without the dashes. */
export function optionsOf(command: CommandName): string[] {
  return Object.keys({ ...EVERYWHERE, ...COMMANDS[command] });
}

export interface CommandLine {
  command: CommandName;
  values: OptionValues;
  /** The words after the command, if it takes any. */
  operands: string[];
  /** The words after `--`, which are arguments for the DGMO that is started. */
  rest: string[];
}

/** Throws UsageError. */
export function parseCommandLine(argv: readonly string[]): CommandLine {
  const split = argv.indexOf('--');
  const own = split === -1 ? [...argv] : argv.slice(0, split);
  const rest = split === -1 ? [] : argv.slice(split + 1);
  const { command, at } = commandOf(own);
  const words = own.filter((_, index) => index !== at);
  // With --help other mistakes are ignored: `--apply --help` has no package.
  const isHelp = words.some((word) => word === '--help' || word === '-h');
  if (command === 'help' && !isHelp) return helpFor(words, rest);
  if (isHelp) {
    const isOption = command === 'version' && at === -1;
    return {
      command: isOption ? 'help' : command,
      values: { help: true, json: words.includes('--json') },
      rest,
      operands: [],
    };
  }
  const [first] = rest;
  if (first !== undefined && !TAKES_REST.has(command))
    throw new UsageError(`${command}: wanted no words after --, found ${JSON.stringify(first)}`);
  return { command, ...parseWords(command, words), rest };
}

/** Those that may start DGMO, with the words after `--`; and what shells ask for completions of such words. */
const TAKES_REST: ReadonlySet<CommandName> = new Set([
  'apply',
  'update',
  'rollback',
  'recovery',
  'completions',
]);

/** `help <command>` is `<command> --help`, also with a word of that command. Throws UsageError if there is no such command. */
function helpFor(words: string[], rest: string[]): CommandLine {
  const named = words.map((word) => (word === '--apply' ? 'apply' : word));
  const { values, operands } = parseWords('help', named);
  const command = commandNamed(operands[0] ?? 'help');
  const unwanted = operands[TAKES_WORDS.has(command) ? 2 : 1];
  if (unwanted !== undefined) throw new UsageError(`unexpected argument ${JSON.stringify(unwanted)}`);
  return { command, values: { ...values, help: true }, operands: [], rest };
}

/** Other names of commands. */
const ALIASES: Readonly<Record<string, CommandName>> = { upgrade: 'update' };

function commandNamed(word: string): CommandName {
  if (Object.hasOwn(COMMANDS, word) && word !== 'recovery') return word as CommandName;
  const alias = Object.hasOwn(ALIASES, word) ? ALIASES[word] : undefined;
  if (alias !== undefined) return alias;
  const near = didYouMean(word, [...OFFERED_WORDS, ...Object.keys(ALIASES)]);
  throw new UsageError(`there is no command ${JSON.stringify(word)}`, {
    advice: near === undefined ? ADVICE : `${near} ${ADVICE}`,
  });
}

/** The command, and the index of its word; -1 if an option is the command. */
function commandOf(words: string[]): { command: CommandName; at: number } {
  const takesValue = new Map(
    [EVERYWHERE, ...Object.values(COMMANDS)]
      .flatMap((options: Options) => Object.entries(options))
      .map(([name, { type }]) => [`--${name}`, type === 'string' && name !== 'apply']),
  );
  let unknown = false;
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? '';
    if (word === '--apply' || word.startsWith('--apply=')) return { command: 'apply', at: -1 };
    if (word === '--version' || word === '-V') return { command: 'version', at: -1 };
    if (takesValue.get(word) === true) at++;
    else if (word.startsWith('-'))
      unknown ||= word.startsWith('--') && !takesValue.has(word.replace(/=.*/s, ''));
    // What may be the value of an unknown option is no mistyped command.
    else if (!unknown || commandOfWord(word) !== null) {
      if (word !== 'apply') return { command: commandNamed(word), at };
      // As a word it is only an operand of `help`.
      throw new UsageError('there is no command "apply"', {
        advice: 'Did you mean `dgmo-updater --apply <package>`?',
      });
    }
  }
  if (words.includes('--help') || words.includes('-h')) return { command: 'help', at: -1 };
  return { command: 'recovery', at: -1 };
}

const ADVICE = `The commands are ${OFFERED_WORDS.join(', ')} and --apply <package>; \`dgmo-updater help\` explains them.`;

/** What is typed before `--help` to read of the options that a command has. */
const WORDS: Partial<Record<CommandName, string>> = { apply: '--apply ', recovery: '' };

const TAKES_WORDS: ReadonlySet<CommandName> = new Set([
  'completions',
  'config',
  'help',
  'rollback',
  'snapshots',
  'skip',
  'unskip',
  'pin',
  'service',
  'watch',
  'finish-updater',
]);

function parseWords(command: CommandName, words: string[]): Pick<CommandLine, 'values' | 'operands'> {
  try {
    const { values, positionals } = parseOptions(words, { ...EVERYWHERE, ...COMMANDS[command] });
    const [unwanted] = TAKES_WORDS.has(command) ? [] : positionals;
    if (unwanted === undefined) return { values, operands: positionals };
    const meant = meantBy(unwanted, command);
    throw new UsageError(
      `unexpected argument ${JSON.stringify(unwanted)}`,
      meant === null ? {} : { advice: `Did you mean \`dgmo-updater ${meant}\`?` },
    );
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    throw new UsageError(error.message, {
      advice: error.advice ?? `\`dgmo-updater ${WORDS[command] ?? `${command} `}--help\` lists the options.`,
    });
  }
}

/** A version or a package in the place where other programs take it; null if it is neither. */
function meantBy(word: string, command: CommandName): string | null {
  if (/^[\w.+/\\:-]+\.dgmopkg$/.test(word)) return `--apply ${word}`;
  const [, version] = /^v?(\d+\.\d+\.\d+[\w.+-]*)$/.exec(word) ?? [];
  const takesVersion =
    command === 'update' || command === 'download' || command === 'init' || command === 'confirm';
  return version !== undefined && takesVersion ? `${command} --version ${version}` : null;
}

/** A process id, 0 for none. Throws UsageError. */
export function parsePid(name: string, value: string): number {
  if (/^\d{1,10}$/.test(value)) return Number(value);
  throw new UsageError(`${name}: wanted a process id, found ${JSON.stringify(value)}`);
}

/** The words of `a,b`, without empty ones. */
export function parseList(value: string): string[] {
  return value
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');
}

/** The value of `--evolutions`: `all`, `none`, or ids with commas; undefined if it was not given. */
export function evolutionWish(value: string | undefined): 'all' | 'none' | string[] | undefined {
  if (value === undefined || value === 'all' || value === 'none') return value;
  return parseList(value);
}

/** Returns milliseconds for seconds as typed. Throws UsageError. */
export function parseSeconds(name: string, value: string): number {
  const seconds = Number(value);
  if (/^\d+(\.\d+)?$/.test(value) && seconds <= 86_400) return seconds * 1000;
  throw new UsageError(`--${name}: wanted seconds from 0 to 86400, found ${JSON.stringify(value)}`);
}
