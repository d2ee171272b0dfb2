/** A simulated install with folders, for the proofs of transactions that change them. */

import { withLock } from '../../../lib/install/lock.ts';
import { openSession } from '../../../lib/install/open.ts';
import { decodeReceipt } from '../../../lib/install/receipt.ts';
import type { Session } from '../../../lib/install/session.ts';
import { recoverInstall } from '../../../lib/install/transaction/recover.ts';
import { listSnapshots, type Snapshot, storeLayout, Verifier } from '../../../lib/snapshot/index.ts';
import type { SimulatedDisk } from '../../host/disk.ts';
import { type SimulatedHost, simulatedHost } from '../../host/host.ts';
import { type Executable, INSTALL_DIR, targetPath, versionOf } from '../../host/install.ts';

export const HOME = '/home/.dgmo';

export type Files = Record<string, string>;

export function sessionOn(host: SimulatedHost): Session {
  return openSession(host, {
    installDir: INSTALL_DIR,
    app: 'dgmo',
    home: { folder: HOME },
  });
}

export async function recoverAll(host: SimulatedHost): Promise<void> {
  const session = sessionOn(host);
  await withLock(host, session.layout, () => recoverInstall(session));
}

export function placeFiles(disk: SimulatedDisk, folder: string, files: Files): void {
  for (const [name, content] of Object.entries(files))
    disk.place(`${HOME}/${folder}/${name}`, new TextEncoder().encode(content), 0o644);
  for (const path of ['/', '/home', HOME, `${HOME}/${folder}`]) disk.flushDirectory(path);
}

export function filesOn(disk: SimulatedDisk, folder: string): Files {
  const files: Files = {};
  const prefix = `${HOME}/${folder}/`;
  for (const [path, content] of Object.entries(disk.picture())) {
    if (!path.startsWith(prefix) || content === '(directory)') continue;
    files[path.slice(prefix.length)] = Buffer.from(content, 'base64').toString();
  }
  return files;
}

export function sameFiles(files: Files, wanted: Files): boolean {
  return JSON.stringify(Object.entries(files).sort()) === JSON.stringify(Object.entries(wanted).sort());
}

/** Which of these executables is installed. Throws if it is none of them. */
export function installedOn(disk: SimulatedDisk, allowed: readonly Executable[]): Executable {
  const content = disk.contentOf(targetPath('linux'));
  const found = allowed.find(({ bytes }) => content !== null && Buffer.compare(content, bytes) === 0);
  if (found === undefined) throw new Error('the target is neither the old nor the new executable');
  return found;
}

/** Throws if the receipt names another version, or temporary files are left. */
export function checkEnded(disk: SimulatedDisk, { version }: Executable): void {
  const receipt = disk.contentOf(`${INSTALL_DIR}/.dgmo-updater/installed.json`);
  if (receipt === null) throw new Error('there is no receipt');
  const said = decodeReceipt(receipt, 'installed.json').binary.version;
  if (said !== version) throw new Error(`the receipt says ${said}, but ${version} is installed`);
  const left = Object.keys(disk.picture()).filter((path) => path.includes('.dgmo-restore-'));
  if (left.length > 0) throw new Error(`left behind: ${left.join(', ')}`);
}

/** All snapshots. Throws if one can't be restored in full. */
export async function checkStore(disk: SimulatedDisk): Promise<Snapshot[]> {
  const host = simulatedHost({ disk, versionOf });
  const layout = storeLayout(host, HOME);
  const verifier = new Verifier(host, layout, async () => undefined);
  const sound: Snapshot[] = [];
  for (const { found } of listSnapshots(host.disk, layout)) {
    if (found instanceof Error) throw found;
    const { problems } = await verifier.verify(found);
    if (problems.length > 0) throw new Error(problems.join('; '));
    sound.push(found);
  }
  verifier.close();
  return sound;
}
