/** `release init`: makes a repository with an empty feed. */

import path from 'node:path';
import { UsageError } from '../../lib/errors.ts';
import { MAX_DOCUMENT } from '../../lib/format/json.ts';
import { shellWord } from '../../lib/format/printable.ts';
import { isAppName } from '../../lib/package/index.ts';
import { type Command, readArguments, wholeNumber } from '../command.ts';
import { readInput } from '../files.ts';
import { ROOT_FILE } from '../keys/keyring.ts';
import { hint, print } from '../platform/terminal.ts';
import { initialize } from '../repository/initialize.ts';
import { DEFAULT_DAYS, MAX_DAYS } from '../repository/settings.ts';
import { SIGNING_HELP, SIGNING_OPTIONS, withSigning } from './signing.ts';

const HELP = `Usage: release init --repo <dir> --keys <keys> [options]

Makes a repository with an empty feed: the root of <keys>, and signed metadata that names no release yet. Only
<dir>/metadata and <dir>/targets of it are published. Private keys are never written there.

${SIGNING_HELP}\
  --app <name>             the program that is updated (default dgmo)
  --timestamp-days <n>     how long a timestamp is valid (default ${DEFAULT_DAYS.timestamp}); \`release refresh\` renews it at half of that
  --snapshot-days <n>      the same for a snapshot (default ${DEFAULT_DAYS.snapshot})
  --targets-days <n>       the same for what the targets keys sign (default ${DEFAULT_DAYS.targets})
`;

export const init: Command = {
  name: 'init',
  summary: 'make a repository with an empty feed',
  help: HELP,
  async run(args) {
    const { values } = readArguments(args, [], {
      ...SIGNING_OPTIONS,
      app: { type: 'string', default: 'dgmo' },
      'timestamp-days': { type: 'string' },
      'snapshot-days': { type: 'string' },
      'targets-days': { type: 'string' },
    });
    if (!isAppName(values.app))
      throw new UsageError(`--app: wanted a name such as dgmo, found ${JSON.stringify(values.app)}`);
    const days = (role: keyof typeof DEFAULT_DAYS) =>
      wholeNumber(`--${role}-days`, values[`${role}-days`], DEFAULT_DAYS[role], [1, MAX_DAYS]);
    const lifetimes = {
      timestamp: days('timestamp'),
      snapshot: days('snapshot'),
      targets: days('targets'),
    };
    await withSigning(['init'], values, async ({ host, repo, keys, signers }) => {
      const root = readInput(path.join(keys[0], ROOT_FILE), MAX_DOCUMENT);
      await initialize(host, repo, { app: values.app, root, days: lifetimes }, signers);
      print(`${repo}: a repository for ${values.app}, with no release yet\n`);
      hint(
        `\`release add <version> --repo ${shellWord(repo)} --keys ${shellWord(keys[0])} --binary <platform>-<arch>=<file> ...\` makes the first one.\n`,
      );
    });
  },
};
