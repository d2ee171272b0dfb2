/** `release publish`: copies the feed to where clients read it, so that they never see half of a release. */
import path from 'node:path';
import { UsageError } from '../../lib/errors.ts';
import type { Disk } from '../../lib/platform/disk.ts';
import type { Host } from '../../lib/platform/host.ts';
import { nativeHost } from '../../lib/platform/native.ts';
import { type Command, readArguments, required } from '../command.ts';
import { withStopSignal } from '../platform/signals.ts';
import { print, tell } from '../platform/terminal.ts';
import { amountText, bytes, counted, withProgress } from '../progress.ts';
import { bucketAddress, bucketDestination } from '../publish/bucket.ts';
import { compare } from '../publish/compare.ts';
import { requireComplete } from '../publish/complete.ts';
import type { Destination } from '../publish/destination.ts';
import { folderDestination } from '../publish/folder.ts';
import type { LocalFile } from '../publish/inventory.ts';
import { pageFiles, sendPage } from '../publish/page.ts';
import { type Plan, planPublish, sendingOf } from '../publish/plan.ts';
import { send } from '../publish/send.ts';
import { readPublished } from '../repository/published.ts';

const HELP = `Usage: release publish --repo <dir> --to <dir | s3://bucket/prefix> [options]

Copies metadata/ and targets/ of a repository, and nothing else of it, to where clients read them. Only files that are
missing or different there are sent. First it checks that the repository is complete. timestamp.json is sent last, so
that clients see the old feed or the new one, wherever this is interrupted; run again, it continues.

  --to <dir>              a folder that a web server serves
  --to s3://bucket/<p>    S3-compatible storage. S3_ACCESS_KEY_ID, S3_SECRET_ACCESS_KEY and, if needed, S3_ENDPOINT,
                          S3_REGION, S3_SESSION_TOKEN (or AWS_...) are taken from the environment
  --page <dir>            send the page that \`release page\` has written there as well, after the feed
  --dry-run               print what would be done, and do nothing
  --delete                finally remove what is no longer in the repository
`;

export const publish: Command = {
  name: 'publish',
  summary: 'copy the feed to a folder or a bucket',
  help: HELP,
  async run(args) {
    const { values } = readArguments(args, [], {
      repo: { type: 'string' },
      to: { type: 'string' },
      'dry-run': { type: 'boolean', default: false },
      delete: { type: 'boolean', default: false },
      page: { type: 'string' },
    });
    const folder = required('--repo', values.repo);
    const host = nativeHost();
    const destination = destinationOf(host, folder, required('--to', values.to));
    const page = values.page === undefined ? null : pageToSend(host.disk, values.page, destination);
    const published = readPublished(host, folder);
    const { channels, releases, named } = requireComplete(published);
    tell(
      `${folder} is whole: ${counted(channels, 'channel index', 'channel indexes')}, ${counted(releases, 'release')} in ${channels === 1 ? 'it' : 'them'}\n`,
    );
    const plan = planPublish(await compare(published, destination, values.delete));
    if (values['dry-run']) {
      print(describe(plan));
      return;
    }
    await withStopSignal(async (stop) => {
      await withProgress(`publishing to ${destination.name}`, (report) =>
        send(plan, { published, destination, named, report, stop }),
      );
      print(`${destination.name}: ${summary(plan)}\n`);
      if (page === null) return;
      const sent = await withProgress('publishing the page', () =>
        sendPage(page.files, page.folder, destination, stop),
      );
      const size = sent.reduce((sum, file) => sum + file.size, 0);
      print(`${destination.name}: the page, ${amountText({ files: sent.length, bytes: size })}\n`);
    });
  },
};

/** UsageError if there is no page, or if it is where it is to be sent. */
function pageToSend(
  disk: Disk,
  folder: string,
  destination: Destination,
): { folder: string; files: LocalFile[] } {
  const files = pageFiles(disk, folder);
  if (realPath(disk, folder) === destination.name) {
    throw new UsageError(
      `--page: wanted a folder apart from --to, found ${folder}: the page is there already`,
    );
  }
  return { folder, files };
}

function destinationOf(host: Host, folder: string, to: string): Destination {
  const address = bucketAddress(to);
  if (address !== null) return bucketDestination(address, host);
  if (/^[a-z0-9]+:\/\//i.test(to)) {
    throw new UsageError(`--to: wanted a folder or s3://bucket/prefix, found ${JSON.stringify(to)}`);
  }
  const [from, there] = [realPath(host.disk, folder), realPath(host.disk, to)];
  if (there === from || there.startsWith(`${from}${path.sep}`)) {
    throw new UsageError(`--to: wanted a folder apart from the repository, found ${to}`);
  }
  return folderDestination(host.disk, there);
}

/** Resolves symlinks in the part of the path that exists. */
function realPath(disk: Disk, name: string): string {
  const full = path.resolve(name);
  if (disk.status(full) !== null) return disk.resolve(full);
  return path.join(realPath(disk, path.dirname(full)), path.basename(full));
}

function describe(plan: Plan): string {
  const lines = [...plan.targets, ...plan.metadata, ...plan.last].map(
    ({ path, size }) => `send ${path} (${bytes(size)})`,
  );
  const removals = plan.remove.map((path) => `remove ${path}`);
  return [...lines, ...removals, `would be: ${summary(plan)}`].map((line) => `${line}\n`).join('');
}

function summary(plan: Plan): string {
  const { files, bytes: size } = sendingOf(plan);
  return `${counted(files, 'file')} sent, ${bytes(size)}; ${plan.kept} ${plan.kept === 1 ? 'was' : 'were'} there; ${plan.remove.length} removed`;
}
