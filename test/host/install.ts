/** A small install on a simulated disk: executables whose content is their version. */
import { createHash } from 'node:crypto';
import { type Binary, encodeReceipt, type Receipt } from '../../lib/install/receipt.ts';
import { encodeEntry } from '../../lib/install/transaction/journal.ts';
import type { Platform } from '../../lib/platform/host.ts';
import { SimulatedDisk } from './disk.ts';

export interface Executable extends Binary {
  bytes: Uint8Array;
}

/** An executable whose `--version` prints this version. One that is marked `broken` crashes. */
export function executable(version: string, mark = 'works'): Executable {
  const text = `#!dgmo ${version} ${mark}\n${`${version} `.repeat(120)}`;
  const bytes = new TextEncoder().encode(text);
  return { version, bytes, size: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') };
}

export function versionOf(content: Uint8Array): string | null {
  const match = /^#!dgmo (\S+) (\S+)\n/.exec(new TextDecoder().decode(content));
  return match === null || match[2] === 'broken' ? null : (match[1] ?? null);
}

export const INSTALL_DIR = '/opt/dgmo';

export function targetPath(platform: Platform): string {
  return `${INSTALL_DIR}/dgmo${platform === 'win32' ? '.exe' : ''}`;
}

export function binaryOf({ version, sha256, size }: Executable): Binary {
  return { version, sha256, size };
}

export function receiptOf(installed: Executable, previous: Executable | null): Receipt {
  return {
    schema: 1,
    app: 'dgmo',
    installId: '00112233445566778899aabbccddeeff',
    binary: binaryOf(installed),
    previous: previous === null ? null : binaryOf(previous),
    floor: installed.version,
    feed: null,
    source: 'init',
    rollback: null,
    installedAt: 1_700_000_000_000,
  };
}

/** The disk after `init`; with `previous`, after an update. */
export function installedDisk(
  platform: Platform,
  installed: Executable,
  previous: Executable | null = null,
): SimulatedDisk {
  const disk = new SimulatedDisk();
  const receipt = receiptOf(installed, previous);
  const suffix = platform === 'win32' ? '.exe' : '';
  disk.place(targetPath(platform), installed.bytes);
  disk.place(`${INSTALL_DIR}/.dgmo-updater/installed.json`, encodeReceipt(receipt), 0o600);
  disk.place(
    `${INSTALL_DIR}/.dgmo-updater/journal`,
    new TextEncoder().encode(encodeEntry({ type: 'receipt', at: 1_700_000_000_000, receipt })),
    0o600,
  );
  if (previous !== null) {
    disk.place(`${INSTALL_DIR}/.dgmo-updater/kept-${previous.sha256.slice(0, 32)}${suffix}`, previous.bytes);
  }
  for (const folder of ['/', '/opt', INSTALL_DIR]) disk.flushDirectory(folder);
  return disk;
}
