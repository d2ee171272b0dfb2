/** The compiled background service under a real systemd: started, restarted and forgotten by it. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { withUpdater } from '../support/compiled-updater.ts';
import { resultOf } from '../support/installed.ts';
import { HAS_SYSTEMD, startSystemd } from '../support/systemd.ts';
import { run } from '../support/workshop.ts';
import { openStage } from '../update/stage.ts';

describe.skipIf(!HAS_SYSTEMD)('under a real systemd', () => {
  let updater: string;
  let folder: string;
  const temporary = process.env.TMPDIR;
  withUpdater((compiled) => {
    ({ updater } = compiled);
  });
  beforeAll(() => {
    folder = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'dgmo-systemd-')));
  });
  afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

  // Quotes, blanks, and what means something to systemd or to a shell.
  test.each(['plain', `it's 100%h "of" $HOME & \\n`])(
    'in a folder named %j it updates, goes on, and leaves nothing',
    async (name) => {
      const place = path.join(folder, name);
      const runtime = fs.mkdtempSync(path.join(folder, 'user-'));
      fs.mkdirSync(place);
      process.env.TMPDIR = place;
      await using stage = await openStage().finally(() => {
        if (temporary === undefined) delete process.env.TMPDIR;
        else process.env.TMPDIR = temporary;
      });
      expect(stage.dir).toStartWith(place);
      await using systemd = await startSystemd(runtime);
      const command = path.join(stage.dir, 'dgmo-updater');
      fs.copyFileSync(updater, command, fs.constants.COPYFILE_FICLONE);
      const act = async (...args: string[]) =>
        resultOf(await run(command, [...args, '--home', stage.home, '--json'], { env: systemd.environment }));
      await act('config', 'set', 'autoUpdate', 'all');
      await stage.release('1.1.0');

      const installed = await act('service', 'install');
      expect(installed).toMatchObject({ ok: true, installed: true, manager: 'systemd' });
      const unit = path.basename(String(installed.definition));
      const shown = async (property: string) =>
        (await systemd.systemctl('show', '--value', '--property', property, unit)).stdout.trim();
      expect(await systemd.systemctl('is-enabled', unit)).toMatchObject({ stdout: 'enabled\n' });
      const started = await shown('MainPID');
      while (stage.version() !== '1.1.0') expect(await shown('ActiveState')).toBe('active');

      // It begins anew in the same process, which has the updater of the new release.
      const settled = async () => {
        const { record } = await act('service', 'status');
        const { nextCheck, pending } = record as { nextCheck: unknown; pending: unknown };
        return nextCheck !== null && pending === null;
      };
      while (!(await settled())) expect(await shown('ActiveState')).toBe('active');
      expect(await act('service', 'status')).toMatchObject({
        ...{ running: true, installed: true },
        record: { pid: Number(started), pending: null },
      });
      expect(await shown('MainPID')).toBe(started);

      // What systemd does after a crash, only that it waits five minutes before it starts the service again.
      process.kill(Number(started), 'SIGKILL');
      while ((await shown('SubState')) !== 'auto-restart')
        expect(await shown('ActiveState')).not.toBe('failed');
      expect(await systemd.systemctl('restart', unit)).toMatchObject({ code: 0 });
      while (!(await act('service', 'status')).running) expect(await shown('ActiveState')).toBe('active');
      expect(await shown('MainPID')).not.toBe(started);

      expect(await act('service', 'uninstall')).toMatchObject({ ok: true, running: false });
      expect(await shown('LoadState')).toBe('not-found');
      expect(await shown('MainPID')).toBe('0');
      const { XDG_CONFIG_HOME = '' } = systemd.environment;
      const left = fs.readdirSync(XDG_CONFIG_HOME, { recursive: true, withFileTypes: true });
      expect(left.filter((entry) => !entry.isDirectory())).toEqual([]);
      expect(fs.readdirSync(stage.home).filter((file) => file.startsWith('service'))).toEqual([]);
    },
  );
});
