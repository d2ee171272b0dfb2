/** `release refresh`: signs again what expires soon. */
import { localTimeWithOffset } from '../../lib/format/local-time.ts';
import { nativeHost } from '../../lib/platform/native.ts';
import { type Command, readArguments } from '../command.ts';
import { print, tell } from '../platform/terminal.ts';
import { NOTICE_DAYS, refresh as refreshRepository } from '../repository/signing/renew.ts';
import { SIGNING_HELP, SIGNING_OPTIONS, tellNext, withSigning } from './signing.ts';

const HELP = `Usage: release refresh --repo <dir> --keys <keys> [--all]

Signs timestamp and snapshot again after half of their lifetime. For a machine to run every day, with a <keys> folder
that has only the snapshot and timestamp keys; publish afterwards. Targets and root are renewed ${NOTICE_DAYS} days before they
expire if their keys are in <keys> as well; if not, this is reported on standard error.

${SIGNING_HELP}\
  --all                    renew everything but the root, however old it is
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
      tell(`${document} expires at ${timeText(end)}, and its keys are not here: run this with them\n`);
    }
    const what = renewed.length === 0 ? 'nothing is due' : `signed again: ${renewed.join(', ')}`;
    print(`${what}; all is valid until ${timeText(expires)}\n`);
    if (renewed.length > 0) tellNext(values);
  },
};

function timeText(milliseconds: number): string {
  return localTimeWithOffset(milliseconds, nativeHost().localOffset);
}
