/** `release refresh`: what expires soon, signed again. */
import { type Command, readArguments } from '../command.ts';
import { NOTICE_DAYS, refresh as refreshRepository } from '../repository/signing/renew.ts';
import { SIGNING_HELP, SIGNING_OPTIONS, withSigning } from './signing.ts';

const HELP = `Usage: release refresh --repo <dir> --keys <keys> [--all]

Signs again what is past half of its life: timestamp and snapshot. For a machine to do every day, with a <keys> folder
that holds the snapshot and timestamp keys alone; publish afterwards. Targets and root are renewed ${NOTICE_DAYS} days before
their end where their keys are there too; where they are not, it is told on standard error in time.

${SIGNING_HELP}\
  --all                    all but the root, whatever its age
`;

export const refresh: Command = {
  name: 'refresh',
  summary: 'sign again what expires soon',
  help: HELP,
  async run(args) {
    const { values } = readArguments(args, [], {
      ...SIGNING_OPTIONS,
      all: { type: 'boolean', default: false },
    });
    const { renewed, due, expires } = await withSigning(['refresh'], values, ({ host, repo, signers }) =>
      refreshRepository(host, repo, signers, { all: values.all }),
    );
    for (const { document, expires: end } of due) {
      process.stderr.write(
        `${document} expires at ${new Date(end).toISOString()}, and its keys are not here: run this with them\n`,
      );
    }
    const what = renewed.length === 0 ? 'nothing is due' : `signed again: ${renewed.join(', ')}`;
    process.stdout.write(`${what}; all is good until ${new Date(expires).toISOString()}\n`);
  },
};
