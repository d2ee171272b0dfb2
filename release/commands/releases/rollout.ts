/** `release rollout`: sets how many installations a release is offered to. */
import { UsageError } from '../../../lib/errors.ts';
import { type Command, readArguments, wholeNumber } from '../../command.ts';
import { requireVersion } from '../../manifest/options.ts';
import { print } from '../../platform/terminal.ts';
import { setRollout } from '../../repository/releases/change-listing.ts';
import { SIGNING_HELP, SIGNING_OPTIONS, tellNext, withSigning } from '../signing.ts';
import { requireChannel } from './add.ts';

const HELP = `Usage: release rollout <version> <percent> --repo <dir> --keys <keys> [options]

Offers a release to that percentage of installations, for every target that it has. Raising the percentage only adds
installations to those that it is offered to.

${SIGNING_HELP}\
  --channel <name>         default stable
  --lower                  allow a lower percentage: whoever has the release keeps it, fewer others get it
`;

export const rollout: Command = {
  name: 'rollout',
  summary: 'offer a release to more installations',
  help: HELP,
  async run(args) {
    const { values, operands } = readArguments(args, ['version', 'percent'], {
      ...SIGNING_OPTIONS,
      channel: { type: 'string', default: 'stable' },
      lower: { type: 'boolean', default: false },
    });
    const [version = '', percentage = ''] = operands;
    requireVersion('<version>', version);
    requireChannel('--channel', values.channel);
    if (percentage === '') throw new UsageError('<percent> is wanted, and was not given');
    const percent = wholeNumber('<percent>', percentage.replace(/%$/, ''), 0, [0, 100]);
    const change = { version, percent, channel: values.channel, lower: values.lower };
    const changed = await withSigning(['rollout', ...operands], values, ({ host, repo, signers }) =>
      setRollout(host, repo, change, signers),
    );
    print(
      changed.length === 0
        ? `${version} is at ${percent} % already: nothing to do\n`
        : changed.map((where) => `${where}: ${version} at ${percent} %\n`).join(''),
    );
    if (changed.length > 0) tellNext(values);
  },
};
