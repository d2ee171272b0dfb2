/** The demo is README's first command: what it must not do to a person's machine, and how it looks on a narrow terminal. */
import { expect, test } from 'bun:test';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { run } from '../support/workshop.ts';
import { fitted } from './stage.ts';

test.skipIf(process.platform === 'win32')(
  'Ctrl-C ends it with 130, and leaves nothing in the temporary folder',
  async () => {
    const temporary = fs.mkdtempSync(path.join(os.tmpdir(), 'dgmo-demo-test-'));
    // In a process group of its own, which is what a terminal sends Ctrl-C to.
    const child = spawn(process.execPath, [path.join(import.meta.dir, 'demo.ts')], {
      env: { ...process.env, TMPDIR: temporary },
      stdio: ['ignore', 'pipe', 'inherit'],
      detached: true,
    });
    const ended = once(child, 'exit');
    let said = '';
    for await (const bytes of child.stdout) {
      said += bytes;
      if (said.includes('compiled the updater')) break;
    }
    expect(fs.readdirSync(temporary)).not.toEqual([]);
    process.kill(-(child.pid ?? 0), 'SIGINT');
    expect(await ended).toEqual([130, null]);
    expect(fs.readdirSync(temporary)).toEqual([]);
    fs.rmdirSync(temporary);
  },
  60_000,
);

test.skipIf(process.platform === 'win32')(
  'shows repairs, for nothing and for a few kilobytes, and a rollback: the data that 2.0.0 migrated is what 1.0.0 had, and 1.0.0 reads it',
  async () => {
    const { code, stdout, stderr } = await run(process.execPath, [path.join(import.meta.dir, 'demo.ts')]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const shown = [
      'release publish',
      'release serve',
      'dgmo-updater check',
      'update --yes',
      '"dataVersion":2',
      '1 problem found',
      'from spare blocks that are kept here',
      '(nothing was downloaded)',
      'repair --yes',
      '1 damaged block of',
      'The installation is healthy.',
      'Pre-update to 2.0.0',
      '1.0.0 is back (before: 2.0.0)',
    ];
    const last = ['rollback --yes', 'its data of format 1', '"dataVersion":1', 'nothing was lost'];
    let at = 0;
    for (const words of [...shown, ...last]) {
      const found = stdout.indexOf(words, at);
      expect(found === -1 ? `${words} is missing in ${stdout}` : words).toBe(words);
      at = found;
    }
    const fetched = /\(([\d.]+) KB downloaded\)/.exec(stdout)?.[1];
    expect(Number(fetched)).toBeGreaterThan(0);
    expect(Number(fetched)).toBeLessThan(200);
  },
  300_000,
);

test('a line is broken between words, with room for the bar; without a terminal it is not', () => {
  const line = `SHA-256:     ${'0'.repeat(64)}`;
  expect(fitted(line, 80)).toBe(line);
  expect(fitted('made the package: 2155 bytes for a binary of 109.2 MB', 53)).toBe(
    'made the package: 2155 bytes for a binary of 109.2\nMB',
  );
  expect(fitted('made the package: 2155 bytes', 0)).toBe('made the package: 2155 bytes');
});
