/** `release prune`: what nobody can come to any more, removed. */

import { nativeHost } from '../../lib/platform/native.ts';
import { type Command, readArguments, required, wholeNumber } from '../command.ts';
import { bytes } from '../progress.ts';
import { prune as pruneRepository } from '../repository/remove-unnamed.ts';
import { SIGNING_HELP, SIGNING_OPTIONS, withSigning } from './signing.ts';

const HOUR = 60 * 60 * 1000;
const GRACE = 24;

const HELP = `Usage: release prune --repo <dir> [--keep <n> --keys <keys>] [--grace <hours>]

Removes files that no metadata, index or page names any more. A file goes when it has been found unnamed by two runs
that are at least ${GRACE} hours apart: clients may still be reading it, and caches hold what leads to it.

  --keep <n>               the n newest releases of each channel and target keep their packages; older ones stay in the
                           list without any. \`release add\` makes patches from releases that have them
  --grace <hours>          in place of ${GRACE}; 0: at once
${SIGNING_HELP}\
                           (wanted with --keep alone, which changes what is signed)
`;

export const prune: Command = {
  name: 'prune',
  summary: 'remove what nothing names any more',
  help: HELP,
  async run(args) {
    const { values } = readArguments(args, [], {
      ...SIGNING_OPTIONS,
      keep: { type: 'string' },
      grace: { type: 'string' },
    });
    const repo = required('--repo', values.repo);
    const keep = values.keep === undefined ? null : wholeNumber('--keep', values.keep, 0, [1, 1_000_000]);
    const grace = wholeNumber('--grace', values.grace, GRACE, [0, 24 * 365]) * HOUR;
    const { emptied, removed, waiting } =
      keep === null
        ? await pruneRepository(nativeHost(), repo, { keep, grace }, null)
        : await withSigning(['prune'], values, ({ host, signers }) =>
            pruneRepository(host, repo, { keep, grace }, signers),
          );
    if (emptied.length > 0) {
      process.stdout.write(`without packages now: ${[...new Set(emptied)].join(', ')}\n`);
    }
    process.stdout.write(`removed: ${removed.files} files, ${bytes(removed.bytes)}\n`);
    if (waiting.files > 0) {
      process.stdout.write(
        `unnamed, but perhaps still read: ${waiting.files} files, ${bytes(waiting.bytes)}; ` +
          'run it again when the grace is over\n',
      );
    }
  },
};
