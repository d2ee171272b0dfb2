/** `release prune`: removes what no client can reach any more. */
import { UsageError } from '../../lib/errors.ts';
import { nativeHost } from '../../lib/platform/native.ts';
import { type Command, readArguments, required, wholeNumber } from '../command.ts';
import { print } from '../platform/terminal.ts';
import { amountText } from '../progress.ts';
import { DEFAULT_PATCHES } from '../repository/releases/spacing.ts';
import { type PruneOptions, prune as pruneRepository } from '../repository/remove-unnamed.ts';
import { SIGNING_HELP, SIGNING_OPTIONS, withSigning } from './signing.ts';

const MAX_KEPT = 1_000_000;
const HOUR = 60 * 60 * 1000;
const GRACE = 24;
/** As far back as patches are to reach (repository/releases/spacing.ts). */
const PATCHES = 100;

const HELP = `Usage: release prune --repo <dir> [--keep <n> --keys <keys>] [--grace <hours>]

Removes files that no metadata, index or page names any more. A file is removed once two runs that are at least
${GRACE} hours apart have found it unnamed: clients may still be reading it, and caches may still lead to it.

  --keep <n>               the n newest releases of each channel and target keep their full binaries; older ones stay in
                           the list without. \`release add\` makes patches from releases that have them: 32 or more keep
                           its default of ${DEFAULT_PATCHES} patches
  --keep-patches <m>       the m newest keep their patches, which bring old installations forward (default ${PATCHES})
  --grace <hours>          instead of ${GRACE}; 0: at once
${SIGNING_HELP}\
                           (needed only with --keep, which changes what is signed)
`;

export const prune: Command = {
  name: 'prune',
  summary: 'remove what nothing names any more',
  help: HELP,
  async run(args) {
    const { values } = readArguments(args, [], {
      ...SIGNING_OPTIONS,
      keep: { type: 'string' },
      'keep-patches': { type: 'string' },
      grace: { type: 'string' },
    });
    const repo = required('--repo', values.repo);
    const keep = readKeep(values.keep, values['keep-patches']);
    const grace = wholeNumber('--grace', values.grace, GRACE, [0, 24 * 365]) * HOUR;
    const { thinned, removed, waiting } =
      keep === null
        ? await pruneRepository(nativeHost(), repo, { keep, grace }, null)
        : await withSigning(['prune'], values, ({ host, signers }) =>
            pruneRepository(host, repo, { keep, grace }, signers),
          );
    if (thinned.length > 0) {
      print(`with fewer packages now: ${[...new Set(thinned)].join(', ')}\n`);
    }
    print(`removed: ${amountText(removed)}\n`);
    if (waiting.files > 0) {
      print(`unnamed, but perhaps still read: ${amountText(waiting)}; run it again after the grace period\n`);
    }
  },
};

function readKeep(keep: string | undefined, patches: string | undefined): PruneOptions['keep'] {
  if (keep === undefined) {
    if (patches !== undefined) throw new UsageError('--keep-patches is wanted together with --keep');
    return null;
  }
  const packages = wholeNumber('--keep', keep, 0, [1, MAX_KEPT]);
  const otherwise = Math.max(packages, PATCHES);
  return { packages, patches: wholeNumber('--keep-patches', patches, otherwise, [0, MAX_KEPT]) };
}
