/** A full disk: a real one (tmpfs, for root), and one that fails at each write in turn. */
import { afterAll, beforeAll, expect, test } from 'bun:test';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { download } from '../../../lib/update/index.ts';
import { content } from '../../support/servers/content.ts';
import { type ServerProcess, startServer } from '../../support/servers/start.ts';
import { failure, fixture, host } from '../support.ts';

let server: ServerProcess;
beforeAll(async () => {
  server = await startServer('origin');
});
afterAll(() => server.stop());

const tmpfs = process.platform === 'linux' && process.getuid?.() === 0;

test.skipIf(!tmpfs)(`a full tmpfs${tmpfs ? '' : ' (skipped: needs root on Linux)'}`, async () => {
  const cache = fixture();
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=512k', 'tmpfs', cache.folder]);
  expect(mounted.status).toBe(0);
  try {
    const error = await failure(cache.request(server, 'good', 1));
    expect([error.exitCode, error.name]).toEqual([12, 'MachineError']);
    expect(error.message).toMatch(/no space is left on the disk/);
    expect(error.advice).toMatch(/Free some disk space/);
    expect(cache.cached()).toEqual([]);
    expect(spawnSync('mount', ['-o', 'remount,size=8m', cache.folder]).status).toBe(0);
    expect(fs.readFileSync(await download(cache.request(server, 'good', 1))).equals(content(1))).toBe(true);
  } finally {
    spawnSync('umount', [cache.folder]);
    cache.remove();
  }
});

test('full at each write in turn, by a short count or by an error: nothing that looks complete', async () => {
  for (const how of ['short', 'error'] as const) {
    let full = true;
    for (let when = 0; full; when++) {
      const cache = fixture();
      let writes = 0;
      full = false;
      const request = cache.request(server, 'good', 2);
      request.disk = {
        ...host.disk,
        write(handle, bytes, position) {
          if (writes++ < when) return host.disk.write(handle, bytes, position);
          full = true;
          if (how === 'short') return 0;
          throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' });
        },
      };
      if (when === 0) expect((await failure(request)).exitCode).toBe(12);
      const done = await download(request).then(
        () => true,
        (error) => error.exitCode,
      );
      expect(done).toBe(full ? 12 : true);
      if (full) expect(cache.cached()).toEqual([]);
      cache.remove();
    }
  }
});
