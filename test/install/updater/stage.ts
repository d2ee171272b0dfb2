/** A simulated install with an updater beside the executable, and the updater of a release in the cache. */
import { compressFramed } from '../../../lib/delta/index.ts';
import {
  putBackUpdater,
  recoverUpdater,
  replaceUpdater,
  requireReceipt,
  withLock,
} from '../../../lib/install/index.ts';
import { openSession } from '../../../lib/install/open.ts';
import type { Session } from '../../../lib/install/session.ts';
import { finishReplacement } from '../../../lib/install/updater/replace-updater.ts';
import type { Platform } from '../../../lib/platform/host.ts';
import type { SimulatedDisk } from '../../host/disk.ts';
import type { SimulatedHost } from '../../host/host.ts';
import { binaryOf, type Executable, executable, INSTALL_DIR, installedDisk } from '../../host/install.ts';

export const OLD = executable('0.1.0');
export const NEW = executable('0.2.0');
export const BROKEN = executable('0.2.0', 'broken');
const FRAMED = '/home/.dgmo/cache/updater';

export function updaterPath(platform: Platform): string {
  return `${INSTALL_DIR}/dgmo-updater${platform === 'win32' ? '.exe' : ''}`;
}

/** @param present the updater that is there; null: it is missing */
export async function stage(
  platform: Platform,
  fresh: Executable,
  present: Executable | null = OLD,
): Promise<SimulatedDisk> {
  const disk = installedDisk(platform, executable('1.0.0'));
  if (present !== null) disk.place(updaterPath(platform), present.bytes);
  disk.place(FRAMED, await compressFramed(fresh.bytes), 0o644);
  disk.flushDirectory(INSTALL_DIR);
  return disk;
}

export function sessionOf(host: SimulatedHost): Session {
  return openSession(host, { installDir: INSTALL_DIR, app: 'dgmo', home: { folder: '/home/.dgmo' } });
}

export function replaceOn(host: SimulatedHost, fresh: Executable) {
  const session = sessionOf(host);
  return withLock(host, session.layout, () => replaceUpdater(session, binaryOf(fresh), FRAMED));
}

/** What `repair` does with an updater that is damaged, once it has a good one. */
export function putBackOn(host: SimulatedHost, good: Executable) {
  const session = sessionOf(host);
  return withLock(host, session.layout, async () => {
    const receipt = requireReceipt(host.disk, session.layout);
    return putBackUpdater(session, receipt, binaryOf(good), { framed: FRAMED });
  });
}

/** What the new updater does once the old one, process 1, has ended. */
export function finishOn(host: SimulatedHost) {
  return finishReplacement(sessionOf(host), 1);
}

export function recoverOn(host: SimulatedHost) {
  const session = sessionOf(host);
  return withLock(host, session.layout, () => recoverUpdater(session));
}

/** Which updater is there. Throws if it is none of them, or not complete. */
export function updaterOn(
  disk: SimulatedDisk,
  platform: Platform,
  allowed: readonly Executable[],
): Executable {
  const content = disk.contentOf(updaterPath(platform));
  const found = allowed.find(({ bytes }) => content !== null && Buffer.compare(content, bytes) === 0);
  if (found === undefined) throw new Error('the updater is missing, or neither the old nor the new one');
  return found;
}
