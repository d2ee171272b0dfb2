/** A disk that is full, for real: the error names the file that there was no room for. */
import { expect, test } from 'bun:test';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const MODULES = ['native-disk.ts', 'files.ts', 'failures.ts'].map((name) =>
  JSON.stringify(path.resolve(import.meta.dir, '../../lib/platform', name)),
);
const APART = ['-rm', '--propagation', 'private', 'sh', '-c'];
const canMount = spawnSync('unshare', [...APART, 'mount -t tmpfs none /tmp']).status === 0;

test.skipIf(!canMount)('what has no room is named, and does not keep what room there was', () => {
  // Over a folder of its own: this checkout may lie in the usual one for temporary files.
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'dgmo-full-'));
  const file = path.join(folder, 'file');
  const code = `
    import { nativeDisk } from ${MODULES[0]};
    import { writeNew } from ${MODULES[1]};
    import { asUpdaterError } from ${MODULES[2]};
    try {
      writeNew(nativeDisk, ${JSON.stringify(file)}, 0o600, (write) => { for (let i = 0; i < 64; i++) write(new Uint8Array(65536)); });
    } catch (error) {
      console.log(asUpdaterError(error, '/elsewhere').message, nativeDisk.list(${JSON.stringify(folder)}).length);
    }`;
  const { stdout } = spawnSync('unshare', [
    ...APART,
    'mount -t tmpfs -o size=1m none "$2" && exec "$0" -e "$1"',
    process.execPath,
    code,
    folder,
  ]);
  fs.rmdirSync(folder);
  expect(stdout.toString().trim()).toBe(`${file}: no space is left on the disk (ENOSPC) 0`);
});
