/** The commands of `release`, and how their arguments are parsed: strictly, with a UsageError for every mistake. */
import { type ParseArgsOptionsConfig, parseArgs } from 'node:util';
import { errorMessage, UsageError } from '../lib/errors.ts';
import { didYouMean } from '../lib/format/nearest.ts';

export interface Command {
  /** As typed, e.g. `keys init`. */
  name: string;
  summary: string;
  /** What `--help` prints. */
  help: string;
  run(args: string[]): Promise<void>;
}

type Parsed<O extends ParseArgsOptionsConfig> = ReturnType<
  typeof parseArgs<{ options: O; strict: true; allowPositionals: true }>
>['values'];

/** `operands`: names of the arguments that are not options. Exactly that many must be given. */
export function readArguments<O extends ParseArgsOptionsConfig>(
  args: string[],
  operands: string[],
  options: O,
): { values: Parsed<O>; operands: string[] } {
  const { values, positionals } = parse(args, options);
  if (positionals.length !== operands.length) {
    const wanted =
      operands.length === 0 ? 'no arguments but options' : operands.map((name) => `<${name}>`).join(' ');
    throw new UsageError(
      `wanted ${wanted}, found ${positionals.length === 0 ? 'none' : positionals.join(' ')}`,
    );
  }
  return { values, operands: positionals };
}

function parse<O extends ParseArgsOptionsConfig>(args: string[], options: O) {
  requireKnown(args, options);
  try {
    return parseArgs({ args, options, strict: true, allowPositionals: true } as const);
  } catch (cause) {
    throw new UsageError(errorMessage(cause), { cause });
  }
}

/** Each option is one of these, and one that can have one value has one: which of two is meant would be a guess. */
function requireKnown(args: string[], options: ParseArgsOptionsConfig): void {
  const { tokens } = parseArgs({ args, options, strict: false, allowPositionals: true, tokens: true });
  const given = new Map<string, string | undefined>();
  for (const token of tokens) {
    if (token.kind !== 'option') continue;
    const { name, rawName, value } = token;
    const option = Object.hasOwn(options, name) ? options[name] : undefined;
    if (option === undefined) {
      throw unknownWord(
        `unknown option ${rawName}`,
        rawName,
        Object.keys(options).map((one) => `--${one}`),
      );
    }
    if (option.multiple !== true && given.has(name) && given.get(name) !== value) {
      throw new UsageError(
        `${rawName} was given twice, as ${JSON.stringify(given.get(name))} and as ${JSON.stringify(value)}`,
        { advice: 'Name it once.' },
      );
    }
    given.set(name, value);
  }
}

/** With the word that may have been meant. */
export function unknownWord(message: string, found: string, known: readonly string[]): UsageError {
  const advice = didYouMean(found, known);
  return new UsageError(message, advice === undefined ? {} : { advice });
}

export function required(option: string, value: string | undefined): string {
  if (value === undefined || value === '') throw new UsageError(`${option} is wanted, and was not given`);
  return value;
}

/** The number given for an option, or `otherwise` if it is not given. Both bounds are inclusive. */
export function wholeNumber(
  option: string,
  value: string | undefined,
  otherwise: number,
  [min, max]: [number, number],
): number {
  if (value === undefined) return otherwise;
  const number = Number(value);
  if (!/^\d+$/.test(value) || number < min || number > max) {
    throw new UsageError(
      `${option}: wanted a whole number from ${min} to ${max}, found ${JSON.stringify(value)}`,
    );
  }
  return number;
}

/** The value of --apply-limit in bytes; null if it is not given. */
export function applyLimit(value: string | undefined): number | null {
  return value === undefined ? null : wholeNumber('--apply-limit', value, 0, [0, 2 ** 25]);
}

export function choice<const T extends string>(
  option: string,
  value: string | undefined,
  choices: readonly T[],
  otherwise: T,
): T {
  if (value === undefined) return otherwise;
  const found = choices.find((name) => name === value);
  if (found === undefined) {
    const message = `${option}: wanted ${choices.join(' or ')}, found ${JSON.stringify(value)}`;
    throw unknownWord(message, value, choices);
  }
  return found;
}
