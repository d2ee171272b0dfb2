/**
 * Parses the words of a command line by a table of options, with the same result as `parseArgs` of node:util in strict mode
 * (test/ui/parse-options.test.ts), except that an option with two different values is refused: which one is meant is a guess. Loading node:util takes 2 ms, nearly half of the time of an empty program.
 */
import { didYouMean } from '../../api/words.ts';
import { UsageError } from '../../errors.ts';

export interface Option {
  type: 'string' | 'boolean';
  /** One letter, for `-x`. */
  short?: string;
  /** May be given several times. Otherwise a second value is an error. */
  multiple?: boolean;
}

export type Options = Readonly<Record<string, Option>>;
export type OptionValues = Record<string, string | boolean | string[] | undefined>;

export interface ParsedOptions {
  values: OptionValues;
  /** The words that are not part of an option. */
  positionals: string[];
}

/** Throws UsageError on the first word that is wrong. */
export function parseOptions(words: readonly string[], options: Options): ParsedOptions {
  const parsed: ParsedOptions = { values: {}, positionals: [] };
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? '';
    if (!word.startsWith('-') || word === '-') parsed.positionals.push(word);
    else if (word.startsWith('--')) at += takeLong(word, words[at + 1], options, parsed.values);
    else for (const letter of word.slice(1)) takeLetter(letter, options, parsed.values);
  }
  return parsed;
}

/** Returns the number of words after the option that are its value. */
function takeLong(word: string, next: string | undefined, options: Options, values: OptionValues): 0 | 1 {
  const equals = word.indexOf('=');
  const name = word.slice(2, equals === -1 ? undefined : equals);
  const option = Object.hasOwn(options, name) ? options[name] : undefined;
  if (option === undefined) throw unknownOption(name, options);
  const given = equals === -1 ? undefined : word.slice(equals + 1);
  if (option.type === 'boolean') {
    if (given !== undefined) throw new UsageError(`--${name} takes no value, found ${JSON.stringify(given)}`);
    values[name] = true;
    return 0;
  }
  if (given === undefined && next === undefined) throw new UsageError(`--${name}: its value is missing`);
  if (given === undefined && next !== '-' && next?.startsWith('-') === true) {
    throw new UsageError(`--${name}: wanted a value, found the option ${JSON.stringify(next)}`, {
      advice: `Write --${name}=${next} if that is the value.`,
    });
  }
  const value = given ?? next ?? '';
  const earlier = values[name];
  if (option.multiple !== true && earlier !== undefined && earlier !== value) {
    throw new UsageError(
      `--${name} was given twice, as ${JSON.stringify(earlier)} and as ${JSON.stringify(value)}`,
      { advice: 'Name it once.' },
    );
  }
  values[name] = option.multiple === true ? [...(Array.isArray(earlier) ? earlier : []), value] : value;
  return given === undefined ? 1 : 0;
}

/** Options with a value have no letter. */
function takeLetter(letter: string, options: Options, values: OptionValues): void {
  const found = Object.entries(options).find(([, option]) => option.short === letter);
  if (found === undefined) throw new UsageError(`unknown option -${letter}`);
  values[found[0]] = true;
}

function unknownOption(name: string, options: Options): UsageError {
  const known = Object.keys(options).map((known) => `--${known}`);
  const advice = didYouMean(`--${name}`, known);
  return new UsageError(`unknown option --${name}`, advice === undefined ? {} : { advice });
}
