/** `update --evolutions` on the installed version: what is installed already is told, and how to undo what was added. */
import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import fs from 'node:fs';
import path from 'node:path';
import { openStage, type Stage } from '../update/stage.ts';
import { command } from './command-line.ts';

const posixOnly = process.platform === 'win32' ? describe.skip : describe;

posixOnly('evolutions of the installed version', () => {
  let stage: Stage;
  beforeEach(async () => {
    stage = await openStage();
    const evolutions = [
      { id: 'search', description: 'Searches', autoApply: true },
      { id: 'dark', description: 'Is dark', autoApply: false, riskLevel: 'low' as const },
    ];
    await stage.release('1.1.0', { evolutions, deltas: 0 });
    expect(await run('update', '--yes')).toMatchObject({ code: 0 });
  });
  afterEach(() => stage[Symbol.asyncDispose]());

  const run = (...args: string[]) => command(stage, args);
  const hasEvolution = (id: string) => fs.existsSync(path.join(stage.home, 'evolutions', id));

  test('those that are installed are marked, and nothing is done if all are', async () => {
    const { out } = await run('update', '--check-only', '--evolutions', 'all');
    expect(out).toContain('  Evolution:  search: Searches (installed)\n');
    expect(out).toContain('  Evolution:  dark: Is dark (risk low; only if you choose it)\n');
    expect((await run('update', '--yes', '--evolutions', 'search')).out).toBe(
      'Installed already, as 1.1.0 has it: search.\n',
    );
    expect((await run('update', '--yes', '--evolutions', 'all')).out).toContain(
      'Installed evolutions: dark.',
    );
    stage.asked.length = 0;
    const again = await run('update', '--yes', '--evolutions', 'all');
    expect(again).toMatchObject({
      code: 0,
      out: 'All evolutions of 1.1.0 are installed already: search, dark.\n',
    });
    expect(again.error).not.toContain('Adding');
    expect(stage.asked.filter(({ path: name }) => name.endsWith('.dgmopkg'))).toEqual([]);
    expect((await run('update', '--yes', '--evolutions', 'dark,search', '--json')).result()).toMatchObject({
      ...{ available: false, changed: false, ok: true },
    });
  });

  test('and a release that has none is said to have none', async () => {
    await stage.release('1.2.0');
    expect(await run('update', '--yes')).toMatchObject({ code: 0 });
    expect((await run('update', '--yes', '--evolutions', 'all')).out).toBe('1.2.0 has no evolutions.\n');
  });

  test('of a newer version those are installed as well that are installed here', async () => {
    await run('update', '--yes', '--evolutions', 'dark');
    const dark = { id: 'dark', description: 'Is darker', autoApply: false };
    await stage.release('1.2.0', { evolutions: [dark], deltas: 0 });
    expect((await run('check')).out).toContain('  Evolution:  dark: Is darker (installed)\n');
    expect((await run('update', '--yes')).out).toContain('Installed evolutions: dark.');
  });

  test('once added, the command that is named takes them away again, and nothing else', async () => {
    const { out } = await run('update', '--yes', '--evolutions', 'dark');
    const words =
      /`dgmo-updater (rollback \S+)` goes back to 1\.1\.0 as it was before\./.exec(out)?.[1] ?? '';
    expect([hasEvolution('search'), hasEvolution('dark')]).toEqual([true, true]);
    expect(await run(...words.split(' '), '--yes')).toMatchObject({ code: 0 });
    expect([stage.version(), hasEvolution('search'), hasEvolution('dark')]).toEqual(['1.1.0', true, false]);
  });
});
