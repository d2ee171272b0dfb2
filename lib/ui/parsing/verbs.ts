/** The word after a command that says what to do, as in `snapshots show <id>`: one table for the parser and for Tab. */
import { didYouMean } from '../../api/words.ts';
import { UsageError } from '../../errors.ts';

/** What follows each word; in brackets if it may be left out. */
const VERBS = {
  snapshots: {
    list: '',
    create: '',
    show: '<id>',
    verify: '[<id>]',
    prune: '',
    compact: '',
    pin: '<id>',
    unpin: '<id>',
    remove: '<id>',
  },
  config: {
    list: '',
    get: '[<key>]',
    set: '<key> <value>',
    unset: '<key>',
    explain: '[<key>]',
  },
  service: { run: '', install: '', uninstall: '', status: '' },
  completions: { bash: '', zsh: '', fish: '', powershell: '' },
} as const;

type Commands = typeof VERBS;
export type Verb<Command extends keyof Commands> = keyof Commands[Command] & string;

export function verbsOf<Command extends keyof Commands>(command: Command): Verb<Command>[] {
  return Object.keys(VERBS[command]) as Verb<Command>[];
}

/** What follows that word, empty if it is none of the command. */
export function formOf(command: keyof Commands, verb: string): string {
  const forms: Readonly<Record<string, string>> = VERBS[command];
  return Object.hasOwn(forms, verb) ? (forms[verb] ?? '') : '';
}

/**
 * The first word after the command, and as many others as it takes. Throws UsageError.
 *
 * @param usual what is meant if there is no word
 */
export function parseVerb<Command extends keyof Commands>(
  command: Command,
  operands: readonly string[],
  usual?: Verb<Command>,
): { verb: Verb<Command>; words: string[] } {
  const [typed = usual ?? '', ...words] = operands;
  const verbs = verbsOf(command);
  const verb = verbs.find((name) => name === typed);
  if (verb === undefined) {
    throw new UsageError(
      `${command}: wanted ${verbs.slice(0, -1).join(', ')} or ${verbs.at(-1)}, found ${found(operands.slice(0, 1))}`,
      { advice: didYouMean(typed, verbs) ?? `\`dgmo-updater help ${command}\` explains them.` },
    );
  }
  const form = formOf(command, verb);
  const places = form === '' ? [] : form.split(' ');
  const missing = places[words.length];
  if (words.length > places.length || missing?.startsWith('<') === true) {
    throw new UsageError(
      `${command} ${verb}: wanted ${form === '' ? 'no more words' : form}, found ${found(words)}`,
      { advice: adviceFor(missing, words) ?? `\`dgmo-updater help ${command}\` has examples.` },
    );
  }
  return { verb, words };
}

const found = (words: readonly string[]) =>
  words.length === 0 ? 'nothing' : words.map((word) => JSON.stringify(word)).join(' ');

/** Where what is missing can be looked up. */
function adviceFor(missing: string | undefined, [first]: readonly string[]): string | undefined {
  if (missing === '<id>') return '`dgmo-updater snapshots list` shows the ids.';
  if (missing === '<key>') return '`dgmo-updater config list` shows the keys.';
  return missing === '<value>' ? `\`dgmo-updater config explain ${first}\` says what it may be.` : undefined;
}
