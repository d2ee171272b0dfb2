/** What is said of a rollback that could be neither finished nor undone: by the rollback, by what only looks, by the history. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import fs from 'node:fs';
import path from 'node:path';
import { nativeHost } from '../../lib/platform/native.ts';
import { createReport } from '../../lib/ui/report.ts';
import { systemError } from '../host/disk.ts';
import { runCommand } from '../support/command-line.ts';
import { openStage, SETTINGS, type Stage } from '../update/stage.ts';

const posixOnly = process.platform === 'win32' ? describe.skip : describe;

posixOnly('a rollback of data that the drive has stopped in the middle', () => {
  let stage: Stage;
  let works = true;
  let broken = false;
  const file = (name: string) => path.join(stage.home, 'data', name);

  function run(...argv: string[]) {
    const host = nativeHost();
    const replace = (from: string, to: string) => {
      // The first is written, the second can't be, and then the first can't be written back.
      // Folders are held by their handles, so the path may be another than ours.
      const name = path.basename(to);
      if (name === 'second') broken = !works;
      if (broken && ['first', 'second'].includes(name)) throw systemError('EIO', 'rename', to);
      host.disk.replace(from, to);
    };
    return runCommand([...argv, '--home', stage.home], {
      host: { ...host, disk: { ...host.disk, replace } },
      settings: SETTINGS,
      ownFolder: stage.dir,
    });
  }

  beforeAll(async () => {
    stage = await openStage();
    fs.mkdirSync(file(''), { recursive: true });
    for (const name of ['first', 'second']) fs.writeFileSync(file(name), 'then');
    const id = (await run('snapshots', 'create')).out.split(':')[0] ?? '';
    for (const name of ['first', 'second']) fs.writeFileSync(file(name), 'now!');
    works = false;
    expect(await run('rollback', id, '--yes', '--only', 'data')).toMatchObject({ code: 12 });
  });
  afterAll(() => stage[Symbol.asyncDispose]());

  test('the history says that it has not ended, and not that nothing was changed', async () => {
    const { out } = await run('history');
    expect(out).toContain('it has not ended: `dgmo-updater recover` finishes or undoes it');
    expect(out).not.toContain('nothing was changed');
  });

  test('status says so, and what to do', async () => {
    const { out } = await run('status');
    expect(out).toMatch(
      /^Unfinished: +rollback within 1\.0\.0: .*`dgmo-updater recover` finishes or undoes it$/m,
    );
  });

  test('the next command says what it was, and goes on once the drive works', async () => {
    works = true;
    broken = false;
    const { code, error } = await run('recover');
    expect(code).toBe(0);
    expect(error.match(/was interrupted/g)).toHaveLength(1);
    expect(error).toContain('The rollback within 1.0.0 was interrupted.');
    expect((await run('status')).out).not.toContain('Unfinished');
  });
});

test('a command that tries to recover more than once says so once', () => {
  let said = '';
  const report = createReport(
    {
      out: () => undefined,
      error(text) {
        said += text;
      },
      styled: () => undefined,
      clearLine: () => undefined,
      taskbar: () => undefined,
      columns: 80,
      outColumns: null,
      errorColumns: null,
      unicode: true,
      colors: false,
      terminal: false,
      written: async () => null,
    },
    { json: false, quiet: false, verbose: false },
  );
  const event = { event: 'recovering', kind: 'rollback', from: '2.0.0', to: '1.0.0' } as const;
  for (const id of ['one', 'one', 'another']) report.event({ ...event, id });
  expect(said.match(/The rollback from 2\.0\.0 to 1\.0\.0 was interrupted/g)).toHaveLength(2);
});
