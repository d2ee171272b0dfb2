/** What the demo does to an installation. */
import fs from 'node:fs';
import path from 'node:path';

/** Flips a bit in the middle of the file, and returns where. */
export function flipByte(file: string): number {
  const at = Math.floor(fs.statSync(file).size / 2);
  const handle = fs.openSync(file, 'r+');
  try {
    const byte = new Uint8Array(1);
    fs.readSync(handle, byte, 0, 1, at);
    fs.writeSync(handle, Uint8Array.of((byte[0] ?? 0) ^ 1), 0, 1, at);
  } finally {
    fs.closeSync(handle);
  }
  return at;
}

/** The executable of the version before, and the spare blocks of the new one, which an update keeps beside it. */
export function removeKept(dir: string): void {
  const workDir = path.join(dir, '.dgmo-updater');
  for (const name of fs.readdirSync(workDir)) {
    if (/^(kept|blocks)-/.test(name)) fs.rmSync(path.join(workDir, name));
  }
}
