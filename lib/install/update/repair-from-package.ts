/** Repairing a damaged or missing executable with a package that contains the full binary. */

import { DamagedError } from '../../errors.ts';
import { isInstalled, type PackageContents, planRoute, type Route } from '../../package/index.ts';
import { holdsStranger, requireNoStranger } from '../installed-binary.ts';
import { ABSENT, type Binary } from '../receipt.ts';
import { orGoBack } from '../rollback/way-back.ts';
import type { Session } from '../session.ts';

/**
 * The binary that the update replaces: what was found at the target if it needs a repair, else the one in the receipt (which
 * is not verified here, but by staging). It needs a repair if it is missing, or if it is damaged and the package holds the
 * installed version. An executable that was changed by hand is not overwritten by another version, nor is what else was put in its
 * place: then it throws DamagedError.
 */
export function binaryToReplace(session: Session, contents: PackageContents, installed: Binary): Binary {
  const { host, layout, digests } = session;
  const absent = { version: installed.version, sha256: ABSENT, size: 0 };
  if (host.disk.status(layout.target) === null) return absent;
  if (!isInstalled(contents, installed)) {
    // A repair may have nothing to repair from.
    const isWhole = contents.payloads.some(({ kind }) => kind === 'full');
    const wanted = isWhole ? 'this package again' : 'a package that contains the full binary';
    requireNoStranger(session, layout.target, ` Or move that out of the way, and apply ${wanted}.`);
    return installed;
  }
  // It is moved aside before the swap.
  if (holdsStranger(session, layout.target)) return absent;
  const found = digests.of(layout.target);
  if (found === null || digests.is(layout.target, installed)) return installed;
  return { version: installed.version, ...found };
}

/** The routes with a full binary. Throws DamagedError if the package has none. */
export function repairRoutes(session: Session, contents: PackageContents): Route[] {
  if (contents.payloads.some(({ kind }) => kind === 'full')) {
    return planRoute(contents, { version: contents.version, sha256: ABSENT, size: 0 });
  }
  const { target } = session.layout;
  throw new DamagedError(
    `${target} is damaged or missing, and the package of ${contents.version} contains only patches, which need it`,
    {
      advice: `Run \`dgmo-updater repair\`${orGoBack(session)}, or apply a package that contains the full binary.`,
    },
  );
}
