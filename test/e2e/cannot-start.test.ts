/** A machine on which the new version can't be started to try it, for real: 12, the old one back, nothing held against anybody. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { makeInstall } from '../support/installed.ts';
import { buildStandin } from '../support/standin.ts';
import { openSharedWorkshop, run, type Workshop } from '../support/workshop.ts';

describe.skipIf(spawnSync('strace', ['-V']).status !== 0)('an update', () => {
  let shop: Workshop;
  beforeAll(async () => {
    shop = await openSharedWorkshop();
  });
  afterAll(() => shop.remove());

  test('while the system creates no process', async () => {
    const [one, two] = await Promise.all([
      buildStandin({ version: '1.0.0' }),
      buildStandin({ version: '2.0.0' }),
    ]);
    const updater = await shop.updater();
    const here = await makeInstall({ binary: one, version: '1.0.0', updater });
    try {
      const toTwo = await shop.bundle({ version: '2.0.0', file: two });
      const { code, stderr } = await run(
        'strace',
        [
          ...['-f', '-o', '/dev/null', '-e', 'trace=vfork', '-e', 'inject=vfork:error=EAGAIN'],
          ...[here.updater, '--apply', toTwo, '--no-relaunch'],
        ],
        { cwd: here.folder, env: here.env },
      );
      expect({ code, stderr }).toMatchObject({
        code: 12,
        stderr: expect.stringMatching(
          /2\.0\.0 could not be tried: .*EAGAIN.*; 1\.0\.0 is installed as before/,
        ),
      });
      expect(fs.readFileSync(here.dgmo).equals(fs.readFileSync(one))).toBe(true);
      // Nothing is held against 2.0.0: it is installed as soon as it can be tried.
      expect((await here.update(['--apply', toTwo, '--no-relaunch'])).code).toBe(0);
    } finally {
      here.remove();
    }
  });
});
