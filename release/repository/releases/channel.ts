/** All releases of one channel for one target, read from its index and pages and written back to them. */
import path from 'node:path';
import { DamagedError } from '../../../lib/errors.ts';
import { MAX_DOCUMENT } from '../../../lib/format/json.ts';
import { digestBytes, readFile } from '../../../lib/platform/files.ts';
import {
  decodeIndex,
  decodePage,
  encodeIndex,
  encodePage,
  indexPath,
  type ListedFile,
  type ListedRelease,
  parseTarget,
  type RevocationTimes,
  type Target,
  targetName,
} from '../../../lib/version/index.ts';
import { consistentPath, pagePath } from '../layout.ts';
import type { Published } from '../published.ts';
import { paginate } from './pages.ts';
import { type Revoked, timesOf, withTimes } from './revocation-times.ts';

export interface Channel {
  name: string;
  target: Target;
  /** Newest first. */
  releases: ListedRelease[];
  minimum: string | null;
  revoked: Revoked[];
}

/** Every channel and target that has an index. */
function channelNames({ current }: Published): { name: string; target: Target }[] {
  const paths = [...(current?.roles.values() ?? [])].flatMap(({ metadata }) =>
    Object.keys(metadata.signed.targets),
  );
  return paths.flatMap((found) => {
    const [, name, file] = found.split('/');
    const target = parseTarget(file?.replace(/\.json$/, '') ?? '');
    return name === undefined || target === null ? [] : [{ name, target }];
  });
}

/** Every channel, or only those with this name. */
export function readChannels(published: Published, name?: string): Channel[] {
  return channelNames(published)
    .filter((found) => name === undefined || found.name === name)
    .map((found) => readChannel(published, found.name, found.target));
}

/** An empty channel if there is no index yet. DamagedError if a file does not match the signed metadata. */
export function readChannel(published: Published, name: string, target: Target): Channel {
  const { current } = published;
  const tufPath = indexPath(name, target);
  const file = current?.roles.get(targetName(target))?.metadata.signed.targets[tufPath];
  if (file === undefined) return { name, target, releases: [], minimum: null, revoked: [] };
  const sha256 = file.hashes.sha256 ?? '';
  const index = decodeIndex(
    readListed(published, { path: consistentPath(tufPath, sha256), length: file.length, sha256 }),
  );
  const releases = [...index.releases];
  for (let { older } = index; older !== null; ) {
    const page = decodePage(readListed(published, older));
    releases.push(...page.releases);
    older = page.older;
  }
  const revoked = withTimes(index.revoked, file.custom, tufPath);
  return { name, target, releases, minimum: index.minimum, revoked };
}

/** Reads a small file that the feed names. DamagedError if it is not the named one. */
export function readListed({ host, layout }: Published, file: ListedFile): Uint8Array {
  const at = path.join(layout.targets, file.path);
  const bytes = readFile(host.disk, at, MAX_DOCUMENT);
  const found = bytes === null ? 'nothing' : digestBytes(bytes).sha256;
  if (bytes !== null && found === file.sha256) return bytes;
  throw new DamagedError(`${at}: wanted a file with SHA-256 ${file.sha256}, found ${found}`, {
    advice: 'Copy the folder again from where it is published.',
  });
}

export interface WrittenChannel {
  /** Paths below `targets/`: every page, the oldest first, then the index. */
  files: { path: string; bytes: Uint8Array }[];
  index: Uint8Array;
  /** For the index's entry in the metadata; null: none. */
  custom: RevocationTimes | null;
}

export function writeChannel(app: string, channel: Channel): WrittenChannel {
  const { name, target } = channel;
  const { index, pages } = paginate(channel.releases);
  const files: WrittenChannel['files'] = [];
  let older: ListedFile | null = null;
  for (const releases of pages) {
    const bytes = encodePage({ schema: 1, releases, older });
    const { sha256 } = digestBytes(bytes);
    older = { path: pagePath(name, target, sha256), length: bytes.length, sha256 };
    files.push({ path: older.path, bytes });
  }
  const bytes = encodeIndex({
    schema: 1,
    app,
    channel: name,
    platform: target.platform,
    arch: target.arch,
    releases: index,
    minimum: channel.minimum,
    revoked: channel.revoked.map(({ version, reason }) => ({ version, reason })),
    older,
  });
  files.push({ path: consistentPath(indexPath(name, target), digestBytes(bytes).sha256), bytes });
  return { files, index: bytes, custom: timesOf(channel.revoked) };
}

/** Paths of the files that `writeChannel` makes. */
export function channelPaths(app: string, channel: Channel): string[] {
  return writeChannel(app, channel).files.map((file) => file.path);
}
