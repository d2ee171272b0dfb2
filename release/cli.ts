/**
 * `release`: what the release engineer runs. Results go to standard output, messages to standard error; exit codes
 * are those of the updater (README.md).
 */

import { errorMessage, UpdaterError, UsageError } from '../lib/errors.ts';
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
import { outputColumns, print, tell } from './platform/terminal.ts';

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

function overview(): string {
  const width = Math.max(...COMMANDS.map(({ name }) => name.length));
  const lines = COMMANDS.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`);
  return `Usage: release <command> [options]\n\n${lines.join('\n')}\n\n\`release help <command>\` says more.\n`;
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
  const group = names.filter((name) => name.startsWith(`${first} `));
  if (group.length > 0) {
    const message = `wanted ${group.join(' or ')}, found ${JSON.stringify([first, second].join(' ').trim())}`;
    throw unknownWord(message, `${first} ${second}`, group);
  }
  const { message, advice } = unknownWord(`wanted a command, found ${JSON.stringify(first)}`, first, names);
  throw new UsageError(message, {
    advice: [advice, '`release --help` lists them.'].filter(Boolean).join(' '),
  });
}

const wantsHelp = (args: string[]) => args.includes('--help') || args.includes('-h');

function printHelp(text: string): void {
  const columns = outputColumns();
  print(columns === undefined ? text : wrapped(text, columns));
}

async function main(args: string[]): Promise<number> {
  try {
    const [first, ...others] = args;
    if (first === undefined) {
      tell(overview());
      return 2;
    }
    if (first === '--version' || first === '-V') print(`${packageJson.version}\n`);
    else if (wantsHelp([first]) || (first === 'help' && others.length === 0)) printHelp(overview());
    else if (first === 'help') printHelp(choose(others).command.help);
    else {
      const { command, rest } = choose(args);
      if (wantsHelp(rest)) printHelp(command.help);
      else await command.run(rest);
    }
    return 0;
  } catch (thrown) {
    return report(asFailure(thrown, 'release'));
  }
}

function report(error: unknown): number {
  if (!(error instanceof UpdaterError)) {
    const details = error instanceof Error ? (error.stack ?? error.message) : errorMessage(error);
    tell(`release: internal error: ${details}\n`);
    return 1;
  }
  tell(`release: ${error.message}\n`);
  if (error.advice !== undefined) tell(`${error.advice}\n`);
  return error.exitCode;
}

keepFiles();
process.exitCode = await main(process.argv.slice(2));
