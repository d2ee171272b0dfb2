/** Compares what the destination has with what the repository has. */
import path from 'node:path';
import { PolicyError } from '../../lib/errors.ts';
import { readFile } from '../../lib/platform/files.ts';
import { decodeRoot } from '../../lib/trust/index.ts';
import { readTimestamp } from '../repository/documents.ts';
import { isSignedBy, metadataName, type Published, requireCurrent } from '../repository/published.ts';
import type { Destination, RemoteFile } from './destination.ts';
import { inventory, type LocalFile } from './inventory.ts';
import { rootVersion, type Situation, TIMESTAMP } from './plan.ts';

const MAX_METADATA = 5_000_000;
const FIRST_ROOT = 'metadata/1.root.json';

/**
 * PolicyError if the destination has another feed, or a newer state of this one: clients would be right to refuse ours.
 */
export async function compare(
  published: Published,
  destination: Destination,
  remove: boolean,
): Promise<Situation> {
  const local = inventory(published.host.disk, published.layout.folder).filter((file) =>
    existedBefore(published, file),
  );
  const remote = await destination.list();
  const read = (name: string) => readLocal(published, name);
  const timestampBefore = await requireSameFeed(published, destination, remote);
  const same = new Set<string>();
  for (const { path: name, size } of local) {
    const there = remote.get(name);
    if (!name.startsWith('metadata/') || there?.size !== size) continue;
    const bytes = read(name);
    const equal =
      there.md5 === null
        ? Buffer.from(bytes).equals((await destination.read(name)) ?? new Uint8Array())
        : there.md5 === new Bun.CryptoHasher('md5').update(bytes).digest('hex');
    if (equal) same.add(name);
  }
  return { local, remote, same, switchAt: switchAt(published, remote), remove, timestampBefore };
}

/** Files that another command adds in the meantime are left for the next run. */
function existedBefore({ highest }: Published, { path: name }: LocalFile): boolean {
  const found = name.startsWith('metadata/') ? metadataName(path.basename(name)) : null;
  return found === null || found.version <= (highest.get(found.role) ?? 0);
}

/** For the timestamp the verified one, whatever has been written since. */
function readLocal(published: Published, name: string): Uint8Array {
  if (name === TIMESTAMP) return requireCurrent(published).timestamp.bytes;
  const { host, layout } = published;
  return readFile(host.disk, path.join(layout.folder, name), MAX_METADATA) ?? new Uint8Array();
}

/** Returns the timestamp that is there; null if there is none. */
async function requireSameFeed(
  published: Published,
  destination: Destination,
  remote: ReadonlyMap<string, RemoteFile>,
): Promise<Uint8Array | null> {
  const other = (what: string, advice: string) =>
    new PolicyError(`${destination.name}: ${what}`, { advice: `${advice} Nothing was changed there.` });
  if (remote.has(FIRST_ROOT)) {
    const there = Buffer.from((await destination.read(FIRST_ROOT)) ?? new Uint8Array());
    if (!there.equals(readLocal(published, FIRST_ROOT))) {
      throw other('wanted this feed, found one with another root', 'Publish to another place.');
    }
  }
  const bytes = remote.has(TIMESTAMP) ? await destination.read(TIMESTAMP) : null;
  if (bytes === null) return null;
  const ours = requireCurrent(published).timestamp;
  let there: number;
  try {
    there = readTimestamp(bytes, TIMESTAMP).metadata.signed.version;
  } catch {
    // A damaged timestamp is replaced.
    return bytes;
  }
  const version = ours.metadata.signed.version;
  const fork = there === version && !Buffer.from(bytes).equals(readLocal(published, TIMESTAMP));
  if (there > version || fork) {
    throw other(
      `wanted a timestamp before version ${version}, found ${fork ? 'another one of that' : `version ${there}`}`,
      'The repository was published from another copy: go on with that one.',
    );
  }
  return bytes;
}

/**
 * The first root, beginning with the newest at the destination, under which the feed is valid. The last root if the
 * destination is new.
 */
function switchAt(published: Published, remote: ReadonlyMap<string, RemoteFile>): number {
  const newest = Math.max(0, ...[...remote.keys()].map((name) => rootVersion(name) ?? 0));
  const last = published.highest.get('root') ?? 0;
  const { timestamp, snapshot, targets } = requireCurrent(published);
  for (let version = newest; version > 0 && version < last; version++) {
    const { metadata: root } = decodeRoot(readLocal(published, `metadata/${version}.root.json`));
    const valid =
      isSignedBy(root, 'timestamp', timestamp.metadata) &&
      isSignedBy(root, 'snapshot', snapshot.metadata) &&
      isSignedBy(root, 'targets', targets.metadata);
    if (valid) return version;
  }
  return last;
}
