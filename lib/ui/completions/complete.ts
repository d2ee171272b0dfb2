/** Which words may come next on a command line: a pure decision by the table of the parser. */
import { COMPONENTS, type KnownWords, PREFERENCE_KEYS } from '../../api/index.ts';
import { type CommandName, commandOfWord, OFFERED_WORDS, optionTable } from '../arguments.ts';
import { formOf, verbsOf } from '../parsing/verbs.ts';
import { SETTING_TEXTS } from '../text/settings.ts';

/** What may come next. With `paths` the shell is to offer those, which it knows best. */
export interface Offered {
  words: string[];
  paths: Paths | null;
}

export type Paths = 'files' | 'folders';

/** Options whose values are paths. */
const OPTION_PATHS: Record<string, Paths> = {
  'install-dir': 'folders',
  home: 'folders',
  'ca-file': 'files',
  root: 'files',
  apply: 'files',
  via: 'files',
};

/** Values of other options. What is not listed is a number, or only the user knows it. */
const OPTION_VALUES: Record<string, (known: KnownWords) => readonly string[]> = {
  to: ({ versions }) => versions,
  version: ({ versions }) => versions,
  only: () => COMPONENTS.toReversed(),
  evolutions: ({ evolutions }) => ['all', 'none', ...evolutions],
};

/** Options whose values are lists with commas, and the values that are no part of one. */
const LISTS: Record<string, { alone: readonly string[] }> = {
  only: { alone: [] },
  evolutions: { alone: ['all', 'none'] },
};

type Operand = (known: KnownWords, before: readonly string[]) => readonly string[];

const versions: Operand = ({ versions }) => versions;

const OPERANDS: Record<string, readonly Operand[]> = {
  config: [
    () => verbsOf('config'),
    (_, [verb = '']) => (formOf('config', verb).includes('<key>') ? PREFERENCE_KEYS : []),
    (_, [verb, typed]) => {
      const key = PREFERENCE_KEYS.find((known) => known === typed);
      return verb === 'set' && key !== undefined ? SETTING_TEXTS[key].words : [];
    },
  ],
  snapshots: [
    () => verbsOf('snapshots'),
    ({ snapshots }, [verb = '']) => (formOf('snapshots', verb).includes('<id>') ? snapshots : []),
  ],
  rollback: [({ snapshots }) => snapshots],
  service: [() => verbsOf('service')],
  skip: [versions],
  unskip: [versions],
  pin: [versions],
  help: [() => OFFERED_WORDS],
  completions: [() => verbsOf('completions')],
};

/** What may replace the last word of `typed`, which may be empty. */
export function complete(typed: readonly string[], known: KnownWords): Offered {
  // bash hands `--to=1.0` over as three words.
  const words = typed.flatMap((word, index) => (word === '=' && index > 0 ? [] : [word]));
  const current = words.at(-1) === undefined || typed.at(-1) === '=' ? '' : (words.at(-1) ?? '');
  const before = typed.at(-1) === '=' ? words : words.slice(0, -1);
  // Only dgmo knows what its arguments are.
  if (before.includes('--')) return { words: [], paths: 'files' };
  const command = before.map((word) => commandOfWord(word)).find((name) => name !== null) ?? null;
  const options = optionTable(command);
  const last = /^--([^=]+)$/.exec(before.at(-1) ?? '')?.[1];
  const [, name = '', value] = /^--([^=]+)=(.*)$/.exec(current) ?? [];
  const startingWith = (start: string, words: readonly string[] = [], prefix = ''): Offered => ({
    words: words.filter((word) => word.startsWith(start)).map((word) => `${prefix}${word}`),
    paths: null,
  });
  const option = value === undefined ? last : name;
  const isValue = options.some((one) => one.name === option && one.takesValue);
  if (option !== undefined && isValue) {
    const paths = OPTION_PATHS[option];
    if (paths !== undefined) return { words: [], paths };
    const list = LISTS[option];
    const values = OPTION_VALUES[option]?.(known) ?? [];
    const offered = list === undefined ? values : nextOfList(value ?? current, values, list.alone);
    return value === undefined ? startingWith(current, offered) : startingWith(value, offered, `--${name}=`);
  }
  if (current.startsWith('-'))
    return startingWith(
      current,
      options.map((option) => `--${option.name}`),
    );
  if (command === null) return startingWith(current, OFFERED_WORDS);
  const operands = operandsIn(before, command, options);
  return startingWith(current, OPERANDS[command]?.[operands.length]?.(known, operands));
}

/** What is typed up to the last comma, with each value that is not in it yet. */
function nextOfList(typed: string, values: readonly string[], alone: readonly string[]): readonly string[] {
  const given = typed.split(',').slice(0, -1);
  if (given.length === 0) return values;
  return values
    .filter((value) => !given.includes(value) && !alone.includes(value))
    .map((value) => [...given, value].join(','));
}

/** Which installation the words are about, as far as they say. */
export function placesIn(typed: readonly string[]): { installDir?: string; home?: string; app?: string } {
  const places = { installDir: '--install-dir', home: '--home', app: '--app' };
  return Object.fromEntries(
    Object.entries(places).flatMap(([key, option]) => {
      const at = typed.findIndex((word) => word === option || word.startsWith(`${option}=`));
      const [word = '', next, afterNext] = at === -1 ? [] : typed.slice(at);
      const value = word === option ? (next === '=' ? afterNext : next) : word.slice(option.length + 1);
      return value === undefined || value === '' ? [] : [[key, value]];
    }),
  );
}

/** The words after the command that are neither options nor their values. */
function operandsIn(
  words: readonly string[],
  command: CommandName,
  options: readonly { name: string; takesValue: boolean }[],
): string[] {
  const operands: string[] = [];
  let seen = false;
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? '';
    if (options.some(({ name, takesValue }) => takesValue && word === `--${name}`)) at++;
    else if (!seen && commandOfWord(word) === command) seen = true;
    else if (!word.startsWith('-')) operands.push(word);
  }
  return operands;
}
