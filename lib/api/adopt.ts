/** Adopting an executable that was installed by hand. */
import { UpdaterError, UsageError } from '../errors.ts';
import { decodeInput } from '../format/decoder.ts';
import { requireHome } from '../home/folder.ts';
import { acceptRoot, keepTrustedRoot } from '../home/trusted-root.ts';
import {
  adopt,
  askVersion,
  createWorkDir,
  type Receipt,
  recordUpdater,
  requireExecutable,
  type Session,
  withLock,
} from '../install/index.ts';
import { readFile } from '../platform/files.ts';
import { releaseOfBinary } from '../update/check/installed-release.ts';
import type { UpdateContext } from '../update/context.ts';
import { feedAddress, isVersion } from '../version/index.ts';
import { versionFault } from '../version/semver.ts';
import { openFeedContext } from './feed-context.ts';
import { provisionalReceipt } from './health/receipt.ts';
import { failureOf, recoverFirst } from './open-install.ts';
import { requireNothingOpen } from './steps/not-here.ts';
import { recordReads } from './steps/record-reads.ts';

export interface AdoptOptions {
  /** The version of the installed executable. Default: the one that it prints, or that the feed has for its digest. */
  version?: string | undefined;
  /** Address of the feed that publishes its releases. */
  feed?: string | undefined;
  /** Path of a TUF root to trust from now on. Default: the currently trusted root is kept. */
  root?: string | undefined;
}

export interface Adopted {
  app: string;
  executable: string;
  receipt: Receipt;
  /** False if all of it was already recorded. */
  changed: boolean;
}

/** @throws as `Installation.adopt` does */
export async function adoptExecutable(
  session: Session,
  { version: given, feed, root }: AdoptOptions,
): Promise<Adopted> {
  const { host, layout, app } = session;
  if (session.otherApp === null) await recoverFirst(session, failureOf(UpdaterError));
  else requireNothingOpen(session);
  const openFeed = (receipt: Receipt) =>
    openFeedContext(session, { feed }, { home: requireHome(session.home), receipt, emit: () => undefined });
  if (feed !== undefined) decodeInput(feedAddress, feed, '--feed');
  const document = root === undefined ? null : readRoot(session, root);
  // In a way that the next check can go by.
  await session.digests.ofLarge(layout.target);
  const digest = requireExecutable(session);
  const version = await versionOf(session, digest.sha256, given, openFeed);
  createWorkDir(host, layout);
  return withLock(host, layout, async () => {
    const { receipt, changed } = adopt(session, version, feed ?? null, document?.version ?? null);
    await recordUpdater(session, { again: true });
    // Last, so that a failed adoption does not change the trusted root.
    if (document !== null) {
      keepTrustedRoot(host, requireHome(session.home), document.bytes, session.settings.root);
    }
    await recordReads(session);
    return { app, executable: layout.target, receipt, changed };
  });
}

/**
 * The user is asked only for what can't be found out, and is not believed against the executable itself: a receipt with the
 * wrong version would lead to the wrong patches, and every later update would be taken back.
 */
async function versionOf(
  session: Session,
  sha256: string,
  given: string | undefined,
  openFeed: (receipt: Receipt) => UpdateContext,
): Promise<string> {
  if (given !== undefined && !isVersion(given)) {
    throw new UsageError(`--version: ${versionFault(given)}`);
  }
  const { version: printed, detail } = await askVersion(session);
  if (printed !== null && given !== undefined && printed !== given) {
    throw new UsageError(
      `--version: wanted ${printed}, which ${session.layout.target} says it is, found ${given}`,
      {
        advice: 'Leave out --version.',
      },
    );
  }
  const known = printed ?? given ?? (await versionInFeed(session, sha256, openFeed));
  if (known !== null) return known;
  throw new UsageError(
    `it is not known which version ${session.layout.target} is: ${detail}, and the feed does not know it`,
    {
      advice: 'Say it with --version <v>.',
    },
  );
}

/** Null also if the feed can't be read: that is not what the user asked for. */
async function versionInFeed(
  session: Session,
  sha256: string,
  openFeed: (receipt: Receipt) => UpdateContext,
): Promise<string | null> {
  try {
    const unknown = { version: '0.0.0', sha256, size: 0 };
    return (
      (await releaseOfBinary(openFeed(provisionalReceipt(session, unknown)), sha256))?.release.version ?? null
    );
  } catch (error) {
    if (error instanceof UpdaterError) return null;
    throw error;
  }
}

/** Reads and checks the root, before anything is written. */
function readRoot({ host, home, settings }: Session, file: string): { bytes: Uint8Array; version: number } {
  const bytes = readFile(host.disk, file, 1 << 20);
  if (bytes === null) throw new UsageError(`--root: there is no file ${file}`);
  const { root } = acceptRoot(host, requireHome(home), bytes, settings.root);
  return { bytes, version: root.version };
}
