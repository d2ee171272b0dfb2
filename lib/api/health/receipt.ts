/** A lost receipt, from what is on this machine, else from the feed; and an install where there is none. */
import { DamagedError, PolicyError } from '../../errors.ts';
import { restoreReceipt, writeReceipt } from '../../health/index.ts';
import { type Binary, newId, type Receipt, type Session } from '../../install/index.ts';
import { requireUnmanaged } from '../../install/ownership/owner.ts';
import { binaryOfRelease, newestRelease, releaseOfBinary } from '../../update/check/installed-release.ts';
import type { UpdateContext } from '../../update/context.ts';

type OpenFeed = ((receipt: Receipt) => UpdateContext) | null;

/**
 * Writes the receipt again: from the journal or a snapshot, else for the release whose executable is installed, else, if the
 * executable is missing or damaged as well, for the newest release, which the repair of the executable then installs.
 *
 * @returns where it came from
 */
export async function receiptFromFeed(session: Session, openFeed: OpenFeed): Promise<string> {
  const restored = restoreReceipt(session, { evenIfOld: openFeed === null });
  if (restored !== null) return `from ${restored.from}`;
  if (openFeed === null) {
    throw new DamagedError('neither the journal nor a snapshot says which version is installed', {
      advice:
        'Run `dgmo-updater init` to adopt the executable, or `dgmo-updater repair` without --offline, if updates are not turned off here.',
    });
  }
  const { layout, digests } = session;
  const found = digests.of(layout.target);
  const context = openFeed(
    provisionalReceipt(session, { version: '0.0.0', sha256: '0'.repeat(64), size: 0 }),
  );
  const release = found !== null && found.sha256 !== '' ? await releaseOfBinary(context, found.sha256) : null;
  const old = release === null ? restoreReceipt(session) : null;
  if (old !== null) return `from ${old.from}`;
  if (release === null) await requireUnmanaged(session);
  const chosen = release ?? (await newestRelease(context));
  if (chosen === null) throw new PolicyError('the feed has no release to install');
  writeReceipt(session, {
    ...provisionalReceipt(session, binaryOfRelease(chosen)),
    feed: context.location.feed === session.settings.feed ? null : context.location.feed,
  });
  return release === null
    ? `for ${chosen.release.version}, the newest release`
    : `from the feed, which has this ${chosen.release.version}`;
}

/** What a check of the feed needs, where nothing is installed. */
export function provisionalReceipt(session: Session, binary: Binary): Receipt {
  return {
    schema: 1,
    app: session.app,
    installId: `${newId(session)}${newId(session)}`,
    binary,
    previous: null,
    floor: binary.version,
    feed: null,
    source: 'package',
    rollback: null,
    installedAt: session.host.clock.now(),
  };
}
