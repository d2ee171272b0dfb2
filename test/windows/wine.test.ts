/** The harness itself: Windows programs run, see what they are given, and can be waited for. */
import { expect, test } from 'bun:test';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { buildStandin, waitForStarts } from '../support/standin.ts';
import { compileForWindows, describeOnWine, startWine, windowsPath, wine } from '../support/wine.ts';

const holderSource = path.join(import.meta.dir, 'holder.c');

describeOnWine('the stand-in on Windows', () => {
  test('says its version, and is told of arguments, folder and environment', async () => {
    const exe = await buildStandin({ version: '1.0.0', target: 'bun-windows-x64' });
    expect(await wine(exe, ['--version'])).toMatchObject({ code: 0, stdout: '1.0.0\n' });
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'dgmo ü '));
    const log = path.join(folder, 'log');
    const env = { DGMO_STANDIN_LOG: windowsPath(log), TEST_WORD: 'grün' };
    const { code } = await wine(exe, ['one', 'two words', 'ü'], { cwd: folder, env });
    expect(code).toBe(0);
    const [start] = await waitForStarts(log, 1);
    expect(start).toMatchObject({
      version: '1.0.0',
      args: ['one', 'two words', 'ü'],
      cwd: windowsPath(folder),
    });
    expect(start?.environment.TEST_WORD).toBe('grün');
    fs.rmSync(folder, { recursive: true });
  });

  test('the holder holds, and lets go', async () => {
    const file = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'held-')), 'file');
    fs.writeFileSync(file, 'content');
    const holder = startWine(compileForWindows(holderSource), [windowsPath(file), '300']);
    await holder.waitForOutput('holding');
    await holder.waitForOutput('released');
    expect(await holder.ended).toBe(0);
    fs.rmSync(path.dirname(file), { recursive: true });
  });
});
