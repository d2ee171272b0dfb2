/** A umask that takes rights from the owner: what the updater writes can be opened by its next command all the same. */
import { expect, test } from 'bun:test';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { run } from '../support/workshop.ts';

test.skipIf(process.platform === 'win32')('files are made for their owner, whatever the umask', async () => {
  const home = fs.mkdtempSync(path.join(os.tmpdir(), 'dgmo-umask-'));
  try {
    const updater = path.resolve(import.meta.dir, '../../updater.ts');
    const script = 'umask 0677; exec "$0" "$@"';
    const set = ['config', 'set', 'channel', 'beta', '--home', home, '--install-dir', home];
    expect(await run('/bin/sh', ['-c', script, process.execPath, updater, ...set])).toMatchObject({
      code: 0,
    });
    const modes = fs.readdirSync(home).map((name) => fs.statSync(path.join(home, name)).mode & 0o777);
    expect(modes.length).toBeGreaterThan(0);
    for (const mode of modes) expect(mode).toBe(0o600);
  } finally {
    fs.rmSync(home, { recursive: true, force: true });
  }
});
