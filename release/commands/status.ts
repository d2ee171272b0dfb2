/** `release status`: what is live, what it weighs, and until when it is valid. */
import { TrustError } from '../../lib/errors.ts';
import { nativeHost } from '../../lib/platform/native.ts';
import { type Command, readArguments, required } from '../command.ts';
import { print } from '../platform/terminal.ts';
import { amountText } from '../progress.ts';
import {
  type ChannelOverview,
  type Overview,
  overviewOf,
  type ReleaseOverview,
} from '../repository/overview.ts';
import { readPublished } from '../repository/published.ts';

const DAY = 24 * 60 * 60 * 1000;

const HELP = `Usage: release status --repo <dir> [--all] [--json]

Prints what an installation may be offered on each channel, for each target: the newest release that everybody gets, and those
above it that some get, or nobody yet; then until when each signed document is valid, and what no client needs any more. Needs no keys, and
changes nothing. Ends with 10 if a document has expired: clients refuse the feed then.

  --repo <dir>             the repository
  --all                    every release that is listed
  --json                   all of it as one line of JSON
`;

export const status: Command = {
  name: 'status',
  summary: 'say what is live, and until when it is valid',
  help: HELP,
  async run(args) {
    const { values } = readArguments(args, [], {
      repo: { type: 'string' },
      all: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
    });
    const repo = required('--repo', values.repo);
    const host = nativeHost();
    const overview = overviewOf(readPublished(host, repo));
    const now = host.clock.now();
    print(
      values.json ? `${JSON.stringify(overview)}\n` : describeOverview(overview, { now, all: values.all }),
    );
    const expired = overview.documents.filter(({ expires }) => expires <= now);
    if (expired.length > 0) {
      throw new TrustError(
        `${repo}: wanted a feed that is valid, found that ${expired.map(({ document }) => document).join(', ')} has expired`,
        { advice: 'Run `release refresh` with the keys of it, then publish.' },
      );
    }
  },
};

interface View {
  /** Milliseconds since the epoch. */
  now: number;
  all: boolean;
}

/** Characters of the column with the targets. */
const NARROWEST = 18;

export function describeOverview(
  { app, channels, published, unneeded, documents }: Overview,
  view: View,
): string {
  const names = [...new Set(channels.map(({ channel }) => channel))];
  const width = Math.max(NARROWEST, ...channels.map(({ target }) => target.length + 1));
  const lines = [
    `${app}: ${amountText(published)}`,
    ...(names.length === 0 ? ['', 'no release yet'] : []),
    ...names.flatMap((name) => [
      '',
      name,
      ...channels
        .filter(({ channel }) => channel === name)
        .flatMap((channel) => channelLines(channel, view, width)),
    ]),
    '',
    'valid until',
    ...documents.map(({ document, expires, keys, threshold }) => {
      const when = `${day(expires)}, ${inDays(expires, view.now)}`;
      return `  ${document.padEnd(10)} ${when}; ${threshold} of ${keys} key${keys === 1 ? '' : 's'} must sign`;
    }),
    '',
    unneeded.files === 0
      ? 'every file is needed'
      : `no client needs: ${amountText(unneeded)} (\`release prune\` removes them)`,
  ];
  return lines.map((line) => `${line}\n`).join('');
}

function channelLines(
  { target, minimum, revoked, releases }: ChannelOverview,
  { all }: View,
  width: number,
): string[] {
  const shown = releases.filter(({ live, waits }) => all || live || waits);
  const rows = shown.length === 0 ? ['nothing is offered'] : shown.map(releaseLine);
  const first = `  ${target.padEnd(width)}`;
  const lines = rows.map((row, index) => `${index === 0 ? first : ' '.repeat(first.length)}${row}`);
  const more = releases.length - shown.length;
  const notes = [
    ...(more > 0 ? [`${more} more listed`] : []),
    ...(minimum === null ? [] : [`before ${minimum} must update`]),
    ...revoked.map(
      ({ version, reason, at }) => `revoked${at === null ? '' : ` ${day(at)}`}: ${version} (${reason})`,
    ),
  ];
  return [...lines, ...notes.map((note) => `${' '.repeat(first.length)}${note}`)];
}

function releaseLine({ version, rollout, full, patches, releaseDate, revoked }: ReleaseOverview): string {
  const sizes = patches.map(({ bytes }) => bytes);
  const parts = [
    `${version} ${`${rollout} %`.padStart(5)}`,
    day(releaseDate),
    full === null ? 'no full binary' : `full ${size(full)}`,
    patches.length === 0
      ? 'no patches'
      : `${patches.length} patch${patches.length === 1 ? '' : 'es'}, ${range(size(Math.min(...sizes)), size(Math.max(...sizes)))}`,
  ];
  return `${parts.join('  ')}${revoked ? '  REVOKED' : rollout === 0 ? '  offered to nobody' : ''}`;
}

function range(least: string, most: string): string {
  return least === most ? least : `${least} to ${most}`;
}

function size(bytes: number): string {
  return bytes < 1e6 ? `${(bytes / 1e3).toFixed(1)} KB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

function day(milliseconds: number): string {
  return new Date(milliseconds).toISOString().slice(0, 10);
}

function inDays(expires: number, now: number): string {
  if (expires <= now) return 'EXPIRED: clients refuse the feed';
  const days = Math.round((expires - now) / DAY);
  return days === 0 ? 'today' : `in ${days} day${days === 1 ? '' : 's'}`;
}
