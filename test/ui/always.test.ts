/** "Always Auto-Update", and then Ctrl-C: whoever is told that nothing was changed has not agreed to anything either. */
import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import fs from 'node:fs';
import path from 'node:path';
import { InterruptedError } from '../../lib/errors.ts';
import { nativeHost } from '../../lib/platform/native.ts';
import { parseCommandLine } from '../../lib/ui/arguments.ts';
import type { CommandContext } from '../../lib/ui/context.ts';
import type { Report } from '../../lib/ui/report.ts';
import { runUpdate } from '../../lib/ui/update-commands.ts';
import { serviceOn } from '../service/support.ts';
import { openStage, SETTINGS, type Stage } from '../update/stage.ts';

const posixOnly = process.platform === 'win32' ? describe.skip : describe;

posixOnly('always by itself', () => {
  let stage: Stage;
  let said: string[];
  beforeEach(async () => {
    said = [];
    stage = await openStage();
    await stage.release('2.0.0');
  });
  afterEach(() => stage[Symbol.asyncDispose]());

  /** @param interrupt Ctrl-C as soon as the answer was given */
  function update(interrupt: boolean, environment: Record<string, string> = {}): Promise<void> {
    const stop = new AbortController();
    const report: Report = {
      show: () => undefined,
      event: () => undefined,
      begin: () => undefined,
      eventsOf: () => () => undefined,
      announce: () => undefined,
      text: (text) => said.push(text),
      styled: () => undefined,
      result: () => undefined,
      failure: () => 1,
      exitCode: 0,
    };
    const native = nativeHost();
    const host = { ...native, environment: { ...native.environment, ...environment } };
    const context: CommandContext = {
      line: parseCommandLine(['update']),
      report,
      host,
      screen: { colors: false, columns: 80, outColumns: null, unicode: true },
      install: { host, settings: SETTINGS, signal: stop.signal, installDir: stage.dir, home: stage.home },
      interactive: true,
      questions: {
        confirm: async () => false,
        async choose() {
          if (interrupt) stop.abort();
          return 'auto';
        },
        chooseSome: async () => [],
      },
    };
    return runUpdate(context);
  }
  const autoUpdate = () => stage.manager().preferences().autoUpdate;

  test('is saved with the update', async () => {
    await update(false);
    expect([autoUpdate(), stage.version()]).toEqual(['all', '2.0.0']);
  });

  test('and whoever does not want the service is told that nothing comes by itself without it', async () => {
    fs.writeFileSync(path.join(stage.dir, 'dgmo-updater'), '#!/bin/sh\n', { mode: 0o755 });
    await update(false);
    expect(said.at(-1)).toBe(
      'Until it runs, nothing is installed by itself. `dgmo-updater service install` starts it.',
    );
    expect(said.join('\n')).not.toContain('From now on');
  });

  test('where no updater is beside DGMO, or another one decides, nothing else is promised', async () => {
    await update(false);
    expect(said.at(-1)).toBe(
      'Nothing is installed by itself yet: there is no updater beside DGMO, which the background service needs.',
    );
    await stage.release('3.0.0');
    await update(false, { DGMO_UPDATER_AUTO_UPDATE: 'manual' });
    expect(said.at(-1)).toContain('Here the environment decides `autoUpdate`, before you do');
    expect(said.join('\n')).not.toContain('From now on');
  });

  test('where the service runs, that is told', async () => {
    fs.writeFileSync(path.join(stage.dir, 'dgmo-updater'), '#!/bin/sh\n', { mode: 0o755 });
    const { service } = serviceOn(stage);
    await service.start();
    await update(false);
    await service.stop();
    expect(said).toContain(
      'From now on updates are installed by themselves. `dgmo-updater config unset autoUpdate` ends that.',
    );
  });

  test.each(['manual', 'security'] as const)(
    'is as before (%s) if the update is interrupted',
    async (before) => {
      await stage.manager().setPreferences({ autoUpdate: before });
      await expect(update(true)).rejects.toThrow(InterruptedError);
      expect([autoUpdate(), stage.version()]).toEqual([before, '1.0.0']);
    },
  );
});
