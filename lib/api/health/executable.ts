/** The executable, from the nearest source: a copy on this machine, packages on this machine, the feed. */
import { type BlockList, differingBlocks } from '../../delta/index.ts';
import { DamagedError, PolicyError, UpdaterError } from '../../errors.ts';
import {
  copyForBlocks,
  copyFromHere,
  isPrepared,
  makeFromPackages,
  swapInPrepared,
} from '../../health/index.ts';
import { trustedRootOf } from '../../home/trusted-root.ts';
import { checkpoint, type Receipt, type Session } from '../../install/index.ts';
import { requireRootVersion } from '../../install/root-version.ts';
import { openSource } from '../../platform/files.ts';
import { NetworkFailure } from '../../platform/network/network.ts';
import { pathsOf } from '../../platform/path-flavour.ts';
import type { TrustedRoot } from '../../trust/index.ts';
import {
  fetchBlockList,
  findPublished,
  type PublishedBinary,
  packageSource,
} from '../../update/blocks/published-binary.ts';
import { readBlocks } from '../../update/blocks/read-blocks.ts';
import { listCache } from '../../update/cache/cache.ts';
import { cachePaths } from '../../update/cache/layout.ts';
import type { UpdateContext } from '../../update/context.ts';
import { downloadPackage } from '../../update/download/download-packages.ts';
import { BLOCK_SIZE } from '../../version/binary.ts';
import type { ListedPackage } from '../../version/index.ts';

export interface Repaired {
  /** Where it came from, as a clause. */
  how: string;
  bytesFetched: number;
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
  const prepared =
    (await prepareHere(session, receipt)) ?? (await prepareFromFeed(session, receipt, openFeed));
  await swapInPrepared(session, receipt);
  return prepared;
}

async function prepareHere(session: Session, receipt: Receipt): Promise<Repaired | null> {
  const { binary } = receipt;
  if (await isPrepared(session, binary))
    return { how: 'the copy that an interrupted repair had prepared', bytesFetched: 0 };
  if (await copyFromHere(session, binary)) return { how: 'a copy that is kept here', bytesFetched: 0 };
  const root = rootUnlessUntrusted(session, receipt);
  if (root === null || !('folder' in session.home)) return null;
  const folder = pathsOf(session.host.platform).join(session.home.folder, 'cache');
  const packages = listCache(session.host.disk, folder).map(({ sha256 }) => cachePaths(folder, sha256).file);
  const made = await makeFromPackages(session, binary, packages, root);
  if (made === null) return null;
  const what = made === 'patch' ? 'the older version that is kept here, and the patch' : 'the full binary';
  return { how: `${what} that was downloaded before`, bytesFetched: 0 };
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
): Promise<Repaired> {
  const { binary } = receipt;
  if (openFeed === null) {
    throw new DamagedError(`there is no good copy of ${binary.version} on this machine`, {
      advice:
        'Run `dgmo-updater repair` without --offline, `dgmo-updater rollback`, or --apply with a package of that version.',
    });
  }
  const context = openFeed(receipt);
  const published = await findPublished(context, binary);
  if (published === null || published.fullPackage === null) {
    throw new PolicyError(`the feed has no full binary of the ${binary.version} that was installed here`, {
      advice:
        'If you built it yourself, run `dgmo-updater init`. `dgmo-updater rollback` goes back to the version before.',
    });
  }
  const { fullPackage } = published;
  const fromBlocks = await prepareFromBlocks(session, receipt, context, { ...published, fullPackage });
  if (fromBlocks !== null) return fromBlocks;
  const place = { index: 0, packages: 1 };
  const file = await downloadPackage(context, binary.version, fullPackage, { place });
  const root = trustedRootOf(session);
  requireRootVersion(receipt, root);
  const made = await makeFromPackages(session, binary, [file], root);
  if (made !== null) return { how: 'the full binary from the feed', bytesFetched: fullPackage.length };
  throw new DamagedError(`the package of ${binary.version} from the feed does not contain its executable`, {
    advice: 'Tell the publisher.',
  });
}

/** If more of the blocks are damaged, the whole package takes fewer requests and hardly more bytes. */
const MOST_DAMAGED = 0.5;

/**
 * Fetches the damaged blocks alone. Null if that can't be done, or is not worth while: the executable is missing, most of it is
 * damaged, or the release was published without a list of its blocks. What fails is no reason not to fetch the whole.
 */
async function prepareFromBlocks(
  session: Session,
  { binary }: Receipt,
  context: UpdateContext,
  published: PublishedBinary & { fullPackage: ListedPackage },
): Promise<Repaired | null> {
  const { host, layout } = session;
  if (host.disk.status(layout.target)?.kind !== 'file') return null;
  try {
    const list = await fetchBlockList(context, published);
    if (list === null) return null;
    const wanted = await damagedBlocks(session, list);
    if (wanted.length > MOST_DAMAGED * list.count) return null;
    const file = copyForBlocks(session, binary);
    try {
      const { bytes } = await readBlocks({
        source: packageSource(context, published.fullPackage),
        binary: published.binary,
        ...{ list, wanted },
        onBlock: (block, content) => file.write(block * BLOCK_SIZE, content),
      });
      file.finish();
      const blocks = `${wanted.length} damaged block${wanted.length === 1 ? '' : 's'} of ${list.count}`;
      if (await isPrepared(session, binary)) return { how: `${blocks}, from the feed`, bytesFetched: bytes };
    } finally {
      file.close();
    }
    return null;
  } catch (error) {
    if (error instanceof DamagedError || error instanceof NetworkFailure) return null;
    throw error;
  }
}

async function damagedBlocks(session: Session, list: BlockList): Promise<number[]> {
  const source = openSource(session.host.disk, session.layout.target);
  try {
    return await differingBlocks(source, list, () => checkpoint(session));
  } finally {
    source.close();
  }
}
