/** `release revoke`: withdraws a release. */
import { confirm, isCancel } from '@clack/prompts';
import { InterruptedError, UsageError } from '../../../lib/errors.ts';
import { type Command, readArguments } from '../../command.ts';
import { hasTerminal } from '../../keys/passphrase.ts';
import { requireKeys } from '../../keys/signers.ts';
import { requireVersion } from '../../manifest/options.ts';
import { print, tell } from '../../platform/terminal.ts';
import { readPublished } from '../../repository/published.ts';
import { requireListed, revoke as revokeRelease } from '../../repository/releases/change-listing.ts';
import { SIGNING_HELP, SIGNING_OPTIONS, tellNext, withSigning } from '../signing.ts';
import { requireChannel } from './add.ts';

const HELP = `Usage: release revoke <version> --repo <dir> --keys <keys> [options]

Withdraws a release: no client installs it any more, and clients that have it are offered the way back. This is final:
a revoked version is never offered again. It asks first; without a terminal it needs --yes.

${SIGNING_HELP}\
  --reason <text>          one line that is shown to people
  --channel <name>         only on this channel (default: on every channel)
  --yes                    do not ask
`;

export const revoke: Command = {
  name: 'revoke',
  summary: 'withdraw a release',
  help: HELP,
  async run(args) {
    const {
      values: { yes, ...values },
      operands,
    } = readArguments(args, ['version'], {
      ...SIGNING_OPTIONS,
      reason: { type: 'string', default: 'It was withdrawn by its publisher.' },
      channel: { type: 'string' },
      yes: { type: 'boolean', default: false },
    });
    const [version = ''] = operands;
    requireVersion('<version>', version);
    if (values.channel !== undefined) requireChannel('--channel', values.channel);
    const { reason } = values;
    if (reason.trim() === '' || reason.length > 1000 || /\p{Cc}/u.test(reason)) {
      throw new UsageError(
        `--reason: wanted one line of 1 to 1000 characters for people to read, found ${foundReason(reason)}`,
        { advice: 'Say in a sentence what is wrong with the release, or leave --reason out.' },
      );
    }
    if (!yes) requireSomebody();
    const change = { version, reason, channel: values.channel ?? null };
    const changed = await withSigning(['revoke', ...operands], values, async ({ host, repo, signers }) => {
      if (!yes) {
        const published = readPublished(host, repo);
        requireListed(published, version, change.channel);
        requireKeys(signers, published.root, ['targets', 'snapshot', 'timestamp']);
        await requireConsent(version, reason, values.channel);
      }
      return await revokeRelease(host, repo, change, signers);
    });
    print(
      changed.length === 0
        ? `${version} is revoked already: nothing to do\n`
        : changed.map((where) => `${where}: ${version} revoked\n`).join(''),
    );
    if (changed.length > 0) tellNext(values);
  },
};

function foundReason(reason: string): string {
  if (reason.trim() === '') return 'none';
  return reason.length > 1000 ? `${reason.length}` : 'a control character or a second line in it';
}

function requireSomebody(): void {
  if (hasTerminal()) return;
  throw new UsageError('revoke: nobody can be asked here, and --yes was not given; nothing was changed', {
    advice: 'Add --yes to agree.',
  });
}

/** Called once nothing else speaks against it, so that whoever agrees has agreed to what happens. */
async function requireConsent(version: string, reason: string, channel: string | undefined): Promise<void> {
  tell(
    `${version} is withdrawn ${channel === undefined ? 'on every channel' : `on the channel ${channel}`}, for good. Those who have it are told: ${reason}\n`,
  );
  const answer = await confirm({
    message: `Revoke ${version}?`,
    initialValue: false,
    output: process.stderr,
  });
  if (isCancel(answer) || !answer) throw new InterruptedError(`${version} was not revoked`);
}
