/** A simulated install of 1.0.0 with data, and a package of 2.0.0 whose release promises a confirmation within 10 s. */
import { recordConfirmation } from '../../../lib/install/index.ts';
import { decodeReceipt, encodeReceipt, type Receipt } from '../../../lib/install/receipt.ts';
import type { SimulatedDisk } from '../../host/disk.ts';
import { type SimulatedHostOptions, simulatedHost } from '../../host/host.ts';
import { executable, INSTALL_DIR, installedDisk, versionOf } from '../../host/install.ts';
import { packageFor } from '../../host/package.ts';
import { type Files, placeFiles, sessionOn } from '../transaction/folders-stage.ts';

export type OnStart = NonNullable<SimulatedHostOptions['onStart']>;

export const OLD = executable('1.0.0');
export const NEW = executable('2.0.0');
export const PACKAGE = '/downloads/dgmo.dgmopkg';
export const OLD_DATA: Files = { 'session.json': 'old', 'only-old': 'old' };
export const NEW_DATA: Files = { 'session.json': 'corrupt', 'only-new': 'new' };

/** @param confirm null: the release promises nothing */
export async function stage(confirm: { seconds: number } | null = { seconds: 10 }): Promise<SimulatedDisk> {
  const disk = installedDisk('linux', OLD);
  placeFiles(disk, 'data', OLD_DATA);
  const release = confirm === null ? {} : { schema: 2 as const, confirm };
  disk.place(PACKAGE, await packageFor('linux', [OLD, NEW], 'full', [], {}, release));
  return disk;
}

/** What 2.0.0 does to the data when it is started; 1.0.0 does nothing. */
export function corrupt(disk: SimulatedDisk, content: Uint8Array): void {
  if (!isNew(content)) return;
  if (disk.contentOf('/home/.dgmo/data/only-old') !== null) disk.remove('/home/.dgmo/data/only-old');
  placeFiles(disk, 'data', NEW_DATA);
}

export function isNew(content: Uint8Array): boolean {
  return new TextDecoder().decode(content).startsWith('#!dgmo 2.0.0');
}

/** DGMO confirms, as another process. */
export function confirmOn(disk: SimulatedDisk, version: string | null = null): Promise<string | null> {
  return recordConfirmation(sessionOn(simulatedHost({ disk, versionOf })), version);
}

export function receiptOn(disk: SimulatedDisk): Receipt {
  const bytes = disk.contentOf(`${INSTALL_DIR}/.dgmo-updater/installed.json`) ?? new Uint8Array(0);
  return decodeReceipt(bytes, 'installed.json');
}

export function placeReceipt(disk: SimulatedDisk, receipt: Receipt): void {
  disk.place(`${INSTALL_DIR}/.dgmo-updater/installed.json`, encodeReceipt(receipt), 0o644);
}

/** 2.0.0 ends at once, each time; 1.0.0 stays. */
export const endsAtOnce: OnStart = (disk, content) => {
  corrupt(disk, content);
  return isNew(content) ? 'ends' : 'stays';
};

/** It runs, and never confirms. */
export const hangs: OnStart = (disk, content) => {
  corrupt(disk, content);
  return 'stays';
};
