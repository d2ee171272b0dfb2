/**
 * `release`: what the release engineer runs. Results go to standard output, messages to standard error; exit codes
 * are those of the updater (README.md).
 */

import { errorMessage, UpdaterError, UsageError } from '../lib/errors.ts';
import { bounded } from '../lib/format/printable.ts';
import { wrapped } from '../lib/format/wrapped.ts';
import { keepFiles } from '../lib/platform/posix/ownership.ts';
import packageJson from '../package.json' with { type: 'json' };
import { type Command, unknownWord } from './command.ts';
import { bundle } from './commands/bundle.ts';
import { compile } from './commands/compile.ts';
import { diff } from './commands/diff.ts';
import { init } from './commands/init.ts';
import { inspect } from './commands/inspect/inspect.ts';
import { keysInit } from './commands/keys/init.ts';
import { keysPasswd } from './commands/keys/passwd.ts';
import { keysSign } from './commands/keys/sign.ts';
import { page } from './commands/page.ts';
import { patch } from './commands/patch.ts';
import { prune } from './commands/prune.ts';
import { publish } from './commands/publish.ts';
import { refresh } from './commands/refresh.ts';
import { add } from './commands/releases/add.ts';
import { notes } from './commands/releases/notes.ts';
import { promote } from './commands/releases/promote.ts';
import { revoke } from './commands/releases/revoke.ts';
import { rollout } from './commands/releases/rollout.ts';
import { rotate } from './commands/rotate.ts';
import { serve } from './commands/serve.ts';
import { status } from './commands/status.ts';
import { asFailure } from './platform/failures.ts';
import { hasPrinted, outputColumns, print, tell, written } from './platform/terminal.ts';
import { goWhereTyped } from './platform/working-folder.ts';

const COMMANDS: readonly Command[] = [
  keysInit,
  keysSign,
  keysPasswd,
  init,
  add,
  promote,
  rollout,
  revoke,
  refresh,
  rotate,
  prune,
  diff,
  patch,
  bundle,
  inspect,
  compile,
  publish,
  serve,
  status,
  notes,
  page,
];

/** Those that begin with that word and have another, as `keys init` does. */
function groupOf(word: string): readonly Command[] {
  return COMMANDS.filter(({ name }) => name.startsWith(`${word} `));
}

function overview(usage = '<command>', commands = COMMANDS): string {
  const width = Math.max(...commands.map(({ name }) => name.length));
  const lines = commands.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`);
  return `Usage: release ${usage} [options]\n\n${lines.join('\n')}\n\n\`release help <command>\` says more.\n`;
}

/** What `help` says of what was typed: a command, a group of them, or nothing. */
function helpOf(words: string[]): string {
  const [first, second = '-'] = words;
  if (first === undefined) return overview();
  const group = groupOf(first);
  return group.length > 0 && second.startsWith('-')
    ? overview(`${first} <command>`, group)
    : choose(words).command.help;
}

/** The command that the arguments name, and the arguments that are left for it. */
function choose(args: string[]): { command: Command; rest: string[] } {
  for (const command of COMMANDS) {
    const words = command.name.split(' ');
    if (words.every((word, index) => args[index] === word))
      return { command, rest: args.slice(words.length) };
  }
  const names = COMMANDS.map(({ name }) => name);
  const [first = '', second = ''] = args;
  const group = groupOf(first).map(({ name }) => name);
  if (group.length > 0) {
    const message = `wanted ${group.join(' or ')}, found ${JSON.stringify([first, second].join(' ').trim())}`;
    throw unknownWord(message, `${first} ${second}`, group);
  }
  const { message, advice } = unknownWord(`wanted a command, found ${JSON.stringify(first)}`, first, names);
  throw new UsageError(message, {
    advice: [advice, '`release --help` lists them.'].filter(Boolean).join(' '),
  });
}

const isHelp = (word: string) => word === '--help' || word === '-h';

function printHelp(text: string): void {
  const columns = outputColumns();
  print(columns === undefined ? text : wrapped(text, columns));
}

async function main(args: string[]): Promise<number> {
  try {
    const [first] = args;
    if (first === undefined) {
      tell(overview());
      return 2;
    }
    if (first === '--version' || first === '-V') print(`${packageJson.version}\n`);
    else if (first === 'help' || args.some(isHelp)) {
      const words = args.filter((word) => !isHelp(word));
      printHelp(helpOf(words[0] === 'help' ? words.slice(1) : words));
    } else {
      const { command, rest } = choose(args);
      await run(command, rest);
    }
    return 0;
  } catch (thrown) {
    return report(asFailure(thrown, 'release'), args.includes('--json'));
  }
}

/** Where a mistake has no better advice, the help of the command is. */
async function run(command: Command, args: string[]): Promise<void> {
  try {
    await command.run(args);
  } catch (error) {
    if (!(error instanceof UsageError) || error.advice !== undefined) throw error;
    throw new UsageError(error.message, {
      advice: `\`release help ${command.name}\` says what it takes.`,
      cause: error,
    });
  }
}

/** @param json whether a document is wanted on standard output, also of a failure */
function report(error: unknown, json: boolean): number {
  if (json && !hasPrinted()) print(`${JSON.stringify(failureOf(error))}\n`);
  if (!(error instanceof UpdaterError)) {
    const details = error instanceof Error ? (error.stack ?? error.message) : errorMessage(error);
    tell(`release: internal error: ${details}\n`);
    return 1;
  }
  tell(`release: ${bounded(error.message)}\n`);
  if (error.advice !== undefined) tell(`${bounded(error.advice)}\n`);
  return error.exitCode;
}

function failureOf(error: unknown): unknown {
  const { exitCode, advice } = error instanceof UpdaterError ? error : { exitCode: 1, advice: undefined };
  const message = bounded(errorMessage(error));
  return { ok: false, exitCode, message, advice: advice === undefined ? null : bounded(advice) };
}

/** Whoever reads the result must not take its absence for success. */
async function exitCode(args: string[]): Promise<number> {
  const code = await main(args);
  const unwritten = await written();
  if (unwritten === null || code !== 0) return code;
  tell(`release: it is done, but the result could not be written to ${errorMessage(unwritten)}\n`);
  return 12;
}

keepFiles();
goWhereTyped();
process.exitCode = await exitCode(process.argv.slice(2));
