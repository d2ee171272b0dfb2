/** An executable that is damaged or missing, repaired by a package that carries a full binary. */
import { DamagedError } from '../../errors.ts';
import { isInstalled, type PackageContents, planRoute, type Route } from '../../package/index.ts';
import type { Binary } from '../receipt.ts';
import type { Session } from '../session.ts';

/** In place of the digest of a file that does not exist: no file has it. */
export const ABSENT = '0'.repeat(64);

/**
 * The binary that the update replaces: the receipt's, which is not read here (staging reads it), unless there is
 * something to repair: the executable is missing, or it is damaged and the package brings the version that should be
 * there. An executable that was changed by hand is not overwritten by another version.
 */
export function binaryToReplace(session: Session, contents: PackageContents, installed: Binary): Binary {
  const { host, layout, digests } = session;
  if (host.disk.status(layout.target) === null)
    return { version: installed.version, sha256: ABSENT, size: 0 };
  if (!isInstalled(contents, installed)) return installed;
  const found = digests.of(layout.target);
  if (found === null || found.sha256 === installed.sha256) return installed;
  return { version: installed.version, ...found };
}

/** The full binaries of the package. Throws DamagedError if it carries none. */
export function repairRoutes(session: Session, contents: PackageContents): Route[] {
  if (contents.payloads.some(({ kind }) => kind === 'full')) {
    return planRoute(contents, { version: contents.version, sha256: ABSENT, size: 0 });
  }
  const { target } = session.layout;
  throw new DamagedError(
    `${target} is damaged or missing, and the package of ${contents.version} carries only patches, which need it`,
    { advice: 'Run `dgmo-updater rollback`, or apply a package that carries the full binary.' },
  );
}
