/** The executable, from the nearest source: a copy on this machine, packages on this machine, the feed. */
import { type BlockList, blocksFromSpare, differingBlocks } from '../../delta/index.ts';
import { DamagedError, NetworkError, PolicyError, UpdaterError } from '../../errors.ts';
import {
  blocksOfOlder,
  copyForBlocks,
  copyFromHere,
  discardPrepared,
  isPreparedBefore,
  makeFromPackages,
  NoGoodCopyError,
  swapInPrepared,
} from '../../health/index.ts';
import { trustedRootOf } from '../../home/trusted-root.ts';
import {
  type Binary,
  checkpoint,
  keptBlockList,
  keptSpareBlocks,
  type Receipt,
  receiptUnlessDamaged,
  type Session,
} from '../../install/index.ts';
import { orGoBack } from '../../install/rollback/way-back.ts';
import { requireRootVersion } from '../../install/root-version.ts';
import { openSource, type Source } from '../../platform/files.ts';
import { pathsOf } from '../../platform/path-flavour.ts';
import type { TrustedRoot } from '../../trust/index.ts';
import { fetchBlockList, packageSource, publishedBinary } from '../../update/blocks/published-binary.ts';
import { readBlocks } from '../../update/blocks/read-blocks.ts';
import { listCache } from '../../update/cache/cache.ts';
import { cachePaths } from '../../update/cache/layout.ts';
import { fullPackage, installedRelease, type ReleaseOfTarget } from '../../update/check/installed-release.ts';
import type { UpdateContext } from '../../update/context.ts';
import { downloadPackage } from '../../update/download/download-packages.ts';
import { BLOCK_SIZE, MAX_BINARY_SIZE } from '../../version/binary.ts';
import type { ListedPackage } from '../../version/index.ts';

export interface Repaired {
  /** Where it came from, as a clause. */
  how: string;
  bytesFetched: number;
}

interface Prepared extends Repaired {
  /** Why it need not be tried, as a clause; null if it has to be. */
  knownToWork: string | null;
}

/**
 * Prepares a verified copy and swaps it in. The caller holds the lock.
 *
 * @param openFeed null: no network
 * @throws DamagedError if this machine has no good copy and the feed can't be used; NetworkError, TrustError, PolicyError;
 *   RevertedError if the copy does not work
 */
export async function repairExecutable(
  session: Session,
  receipt: Receipt,
  openFeed: ((receipt: Receipt) => UpdateContext) | null,
): Promise<Repaired> {
  const prepared = await prepare(session, receipt, openFeed);
  await swapInPrepared(session, receipt, prepared.knownToWork);
  return prepared;
}

/** What is written in vain does not stay: the disk may be full. */
async function prepare(
  session: Session,
  receipt: Receipt,
  openFeed: ((receipt: Receipt) => UpdateContext) | null,
): Promise<Prepared> {
  try {
    return (await prepareHere(session, receipt)) ?? (await prepareFromFeed(session, receipt, openFeed));
  } catch (error) {
    discardPrepared(session, receipt.binary);
    throw error;
  }
}

async function prepareHere(session: Session, receipt: Receipt): Promise<Prepared | null> {
  const { binary } = receipt;
  if (await isPreparedBefore(session, binary))
    return untried('the copy that an interrupted repair had prepared');
  if (await copyFromHere(session, binary)) return untried('a copy that is kept here');
  const fromBlocks = await prepareFromBlocks(
    session,
    binary,
    keptBlockList(session.host, session.layout, binary),
  );
  if (fromBlocks !== null) return fromBlocks;
  const root = rootUnlessUntrusted(session, receipt);
  if (root === null || !('folder' in session.home)) return null;
  const folder = pathsOf(session.host.platform).join(session.home.folder, 'cache');
  const packages = listCache(session.host.disk, folder).map(({ sha256 }) => cachePaths(folder, sha256).file);
  const made = await makeFromPackages(session, binary, packages, root);
  if (made === null) return null;
  const what = made === 'patch' ? 'the older version that is kept here, and the patch' : 'the full binary';
  return untried(`${what} that was downloaded before`);
}

function untried(how: string, bytesFetched = 0): Prepared {
  return { how, bytesFetched, knownToWork: null };
}

/** Null if no root is trusted here: then no package can be verified. */
function rootUnlessUntrusted(session: Session, receipt: Receipt): TrustedRoot | null {
  try {
    const root = trustedRootOf(session);
    requireRootVersion(receipt, root);
    return root;
  } catch (error) {
    if (error instanceof UpdaterError) return null;
    throw error;
  }
}

async function prepareFromFeed(
  session: Session,
  receipt: Receipt,
  openFeed: ((receipt: Receipt) => UpdateContext) | null,
): Promise<Prepared> {
  const { binary } = receipt;
  if (openFeed === null) {
    throw new NoGoodCopyError(`there is no good copy of ${binary.version} on this machine`, {
      advice: `Run \`dgmo-updater repair\` without --offline, if updates are not turned off here${orGoBack(session)}, or apply a package of that version that contains the full binary.`,
    });
  }
  const context = openFeed(receipt);
  const published = await installedRelease(context, binary);
  const whole = published === null ? null : fullPackage(published.release);
  if (published === null || whole === null) {
    throw new PolicyError(`the feed has no full binary of the ${binary.version} that was installed here`, {
      advice: `If you built it yourself, run \`dgmo-updater init\`${orGoBack(session)}.`,
    });
  }
  const fromBlocks = await prepareFromPublished(session, receipt, context, { published, whole });
  if (fromBlocks !== null) return fromBlocks;
  const place = { index: 0, packages: 1 };
  const file = await downloadPackage(context, binary.version, whole, { place });
  const root = trustedRootOf(session);
  requireRootVersion(receipt, root);
  const made = await makeFromPackages(session, binary, [file], root);
  if (made !== null) return untried('the full binary from the feed', whole.length);
  throw new DamagedError(`the package of ${binary.version} from the feed does not contain its executable`, {
    advice: 'Tell the publisher.',
  });
}

/** If more of the blocks are damaged, the whole package takes fewer requests and hardly more bytes. */
const MOST_DAMAGED = 0.5;

/** The same, and what is not here is fetched. What fails is no reason not to fetch the whole. */
async function prepareFromPublished(
  session: Session,
  { binary }: Receipt,
  context: UpdateContext,
  { published, whole }: { published: ReleaseOfTarget; whole: ListedPackage },
): Promise<Prepared | null> {
  try {
    const found = await publishedBinary(context, published);
    if (found === null) return null;
    const list = await fetchBlockList(context, found);
    const source = packageSource(context, whole);
    return await prepareFromBlocks(session, binary, list, async (list, wanted, onBlock) => {
      const { bytes } = await readBlocks({ source, binary: found.binary, list, wanted, onBlock });
      return bytes;
    });
  } catch (error) {
    if (error instanceof DamagedError || error instanceof NetworkError) return null;
    throw error;
  }
}

type FetchBlocks = (
  list: BlockList,
  wanted: readonly number[],
  onBlock: (block: number, bytes: Uint8Array) => void,
) => Promise<number>;

/**
 * Replaces the damaged blocks alone: from what is kept here, else by `fetch`. Null if that can't be done, or
 * is not worth while: the executable is missing, most of it is damaged, there is no list of its blocks, or no source of one.
 *
 * What comes of it is the executable that was installed here and ran, but for the damage: it is not tried again.
 */
async function prepareFromBlocks(
  session: Session,
  binary: Binary,
  list: BlockList | null,
  fetch: FetchBlocks | null = null,
): Promise<Prepared | null> {
  const { disk } = session.host;
  const { target } = session.layout;
  if (list === null || disk.status(target)?.kind !== 'file') return null;
  const damaged = openSource(disk, target);
  try {
    if (damaged.size > MAX_BINARY_SIZE) return null;
    const wanted = await differingBlocks(damaged, list, () => checkpoint(session));
    if (wanted.length > MOST_DAMAGED * list.count) return null;
    const { spare, older } = await blocksFromHere(session, binary, damaged, list, wanted);
    const here = new Map([...spare, ...older]);
    const missing = wanted.filter((block) => !here.has(block));
    if (missing.length > 0 && fetch === null) return null;
    const copy = copyForBlocks(session, binary);
    const write = (block: number, bytes: Uint8Array) => copy.write(block * BLOCK_SIZE, bytes);
    try {
      for (const [block, bytes] of here) write(block, bytes);
      const bytesFetched = missing.length === 0 ? 0 : ((await fetch?.(list, missing, write)) ?? 0);
      if (!(await copy.finish())) return null;
      const blocks = `${wanted.length} damaged block${wanted.length === 1 ? '' : 's'} of ${list.count}`;
      const sources = [
        ...(missing.length > 0 ? ['the feed'] : []),
        ...(spare.size > 0 ? ['spare blocks that are kept here'] : []),
        ...(older.size > 0 ? ['the older version that is kept here'] : []),
      ];
      const how =
        wanted.length === 0 ? 'the end of it is cut off' : `${blocks}, from ${sources.join(' and ')}`;
      return { how, bytesFetched, knownToWork: 'it is the installed executable without its damage' };
    } finally {
      copy.close();
    }
  } finally {
    damaged.close();
  }
}

/**
 * Those of the blocks that can be had on this machine. The spare blocks come first: the older executable has to be searched. What
 * is found in that may leave one damaged block in a group, so that they are tried again.
 */
async function blocksFromHere(
  session: Session,
  binary: Binary,
  damaged: Source,
  list: BlockList,
  wanted: readonly number[],
): Promise<{ spare: Map<number, Uint8Array>; older: Map<number, Uint8Array> }> {
  const kept = keptSpareBlocks(session.host, session.layout, binary);
  const fromSpare = async (known: ReadonlyMap<number, Uint8Array>) =>
    kept === null
      ? new Map<number, Uint8Array>()
      : await blocksFromSpare(kept, damaged, list, wanted, known, () => checkpoint(session));
  const spare = await fromSpare(new Map());
  const missing = wanted.filter((block) => !spare.has(block));
  if (missing.length === 0) return { spare, older: new Map() };
  const older = await blocksOfKept(session, damaged, list, missing);
  const more = older.size === 0 ? [] : await fromSpare(new Map([...spare, ...older]));
  return { spare: new Map([...spare, ...more]), older };
}

/** Those of the blocks that an older executable has that is kept here. */
async function blocksOfKept(
  session: Session,
  damaged: Source,
  list: BlockList,
  wanted: readonly number[],
): Promise<Map<number, Uint8Array>> {
  const { host, layout } = session;
  const previous = receiptUnlessDamaged(host.disk, layout)?.previous ?? null;
  const path = previous === null ? null : layout.kept(previous.sha256);
  if (path === null || host.disk.status(path)?.kind !== 'file') return new Map();
  const older = openSource(host.disk, path);
  try {
    return await blocksOfOlder(older, damaged, list, wanted, () => checkpoint(session));
  } finally {
    older.close();
  }
}
