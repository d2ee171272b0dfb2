/** A release that its publisher has revoked does not come back by a way that needs no network. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import fs from 'node:fs';
import path from 'node:path';
import { command } from '../../ui/command-line.ts';
import { openStage, type Stage } from '../stage.ts';

const posixOnly = process.platform === 'win32' ? describe.skip : describe;

posixOnly('a revoked release', () => {
  let stage: Stage;
  let file: string;
  const run = (...args: string[]) => command(stage, args);
  const record = () => path.join(stage.home, 'revoked.json');

  beforeAll(async () => {
    stage = await openStage();
    await stage.release('1.1.0');
    const manager = stage.manager();
    const update = (await manager.checkForUpdates()) ?? expect.unreachable();
    const downloaded = await manager.downloadUpdate(update);
    file = path.join(stage.folder, 'stick.dgmopkg');
    fs.copyFileSync(downloaded.files.at(-1) ?? expect.unreachable(), file);
    await manager.applyUpdate(downloaded);
    expect((await run('status')).out).not.toContain('Revoked');
    await stage.feed.revoke('1.1.0', 'It loses data.');
    expect((await run('check')).out).toContain('was revoked');
    stage.answer = () => new Response('', { status: 503 });
  });
  afterAll(() => stage[Symbol.asyncDispose]());

  test('that is installed: status and doctor tell it', async () => {
    expect((await run('status')).out).toContain(
      'Revoked:      by its publisher: It loses data. Run `dgmo-updater update`.',
    );
    expect(JSON.parse((await run('status', '--json')).out)).toMatchObject({ revoked: 'It loses data.' });
    expect((await run('doctor')).out).toContain('dgmo 1.1.0 was revoked by its publisher: It loses data.');
  });

  test('a package and a rollback do not bring it back', async () => {
    expect(await run('rollback', '--yes')).toMatchObject({ code: 0 });
    const refusal = '1.1.0 was revoked by the publisher: It loses data.';
    for (const args of [
      ['--apply', file, '--no-wait'],
      ['rollback', '--yes'],
      ['rollback', '--to', '1.1.0', '--yes'],
    ]) {
      const { code, error } = await run(...args);
      expect([code, error]).toEqual([17, expect.stringContaining(refusal)]);
    }
    expect(stage.version()).toBe('1.0.0');
    expect((await run('status')).out).not.toContain('Revoked');
  });

  test('a rollback by force does', async () => {
    expect(await run('rollback', '--force', '--yes')).toMatchObject({ code: 0 });
    expect(stage.version()).toBe('1.1.0');
    expect(await run('rollback', '--yes')).toMatchObject({ code: 0 });
  });

  test('is not brought back either if the record is damaged: it is not known any more', async () => {
    const sound = fs.readFileSync(record(), 'utf8');
    for (const damage of [
      () => fs.writeFileSync(record(), ''),
      () => fs.writeFileSync(record(), sound.replace('{', '{"more":1,')),
      () => fs.writeFileSync(record(), sound + ' '.repeat(9 << 20)),
      () => fs.symlinkSync(path.join(stage.folder, 'nowhere'), record()),
    ]) {
      fs.rmSync(record());
      damage();
      for (const args of [
        ['rollback', '--yes'],
        ['--apply', file, '--no-wait'],
      ]) {
        const { code, error } = await run(...args);
        expect([code, error]).toEqual([11, expect.stringContaining('it is not known which releases were')]);
        expect(error).toContain('dgmo-updater check');
      }
      const found = await run('verify');
      expect([found.code, found.out + found.error]).toEqual([11, expect.stringContaining(record())]);
    }
    expect(stage.version()).toBe('1.0.0');
  });

  test('nor after a repair, as far as the record can be read', async () => {
    fs.rmSync(record());
    const releases = [{ app: 'dgmo', version: '1.1.0', reason: 'It loses data.' }];
    fs.writeFileSync(record(), JSON.stringify({ schema: 1, more: 1, releases }));
    expect(await run('repair', '--yes', '--offline')).toMatchObject({ code: 0 });
    expect(fs.readdirSync(stage.home).some((name) => name.startsWith('revoked.json.damaged-'))).toBe(true);
    expect(await run('rollback', '--yes')).toMatchObject({ code: 17 });
    expect(await run('verify')).toMatchObject({ code: 0 });
  });

  test('what has damaged the record is mended by the next check', async () => {
    stage.answer = () => undefined;
    fs.writeFileSync(record(), '{');
    await run('check');
    const { releases } = JSON.parse(fs.readFileSync(record(), 'utf8'));
    expect(releases).toEqual([{ app: 'dgmo', version: '1.1.0', reason: 'It loses data.' }]);
    expect(await run('--apply', file, '--no-wait')).toMatchObject({ code: 17 });
  });

  test('is not what the end of an update says that a rollback goes back to', async () => {
    expect(await run('rollback', '--force', '--yes')).toMatchObject({ code: 0 });
    await stage.release('1.2.0');
    const { code, out } = await run('update', '--yes');
    expect([code, out]).toEqual([0, expect.stringContaining('1.2.0 is installed (before: 1.1.0).')]);
    expect(out).not.toContain('goes back to');
  });
});
