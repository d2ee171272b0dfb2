/**
 * How files behave on Windows while somebody runs or holds them, seen through lib/platform. The swap of
 * lib/install is built on this table: what can't be replaced can be renamed away when it runs, and neither
 * when it is held without delete sharing.
 */
import { afterAll, beforeAll, expect, test } from 'bun:test';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { buildStandin } from '../support/standin.ts';
import { compileForWindows, describeOnWine, startWine, type WineProcess } from '../support/wine.ts';
import type { Step } from './probe.ts';
import { makeProbe, type Probe } from './probing.ts';

const STATES = ['free', 'running', 'held', 'shared'] as const;
type State = (typeof STATES)[number];

/** `held`: another process has it open without delete sharing; `shared`: with it, as Bun opens files itself. */
const TABLE: [Step, ...codes: string[]][] = [
  // step                                   free    running   held      shared
  [['readable', 'dgmo.exe'], /*         */ 'ok', 'ok', 'ok', 'ok'],
  [['openForWriting', 'dgmo.exe'], /*   */ 'ok', 'EBUSY', 'ok', 'ok'],
  [['setMode', 'dgmo.exe'], /*          */ 'ok', 'ok', 'ok', 'ok'],
  [['copy', 'dgmo.exe', 'copy.exe'], /* */ 'ok', 'ok', 'ok', 'ok'],
  [['link', 'dgmo.exe', 'link.exe'], /* */ 'ok', 'ok', 'ok', 'ok'],
  [['create', 'a', 'new'], /*           */ 'ok', 'ok', 'ok', 'ok'],
  [['rename', 'a', 'link.exe'], /*      */ 'ok', 'EPERM', 'EPERM', 'EPERM'],
  [['remove', 'link.exe'], /*           */ 'ok', 'EPERM', 'EBUSY', 'ok'],
  [['create', 'b', 'new'], /*           */ 'ok', 'ok', 'ok', 'ok'],
  [['rename', 'b', 'dgmo.exe'], /*      */ 'ok', 'EPERM', 'EPERM', 'EPERM'],
  [['rename', 'dgmo.exe', 'away.exe'] /**/, 'ok', 'ok', 'EBUSY', 'ok'],
  [['create', 'c', 'new'], /*           */ 'ok', 'ok', 'ok', 'ok'],
  [['rename', 'c', 'dgmo.exe'], /*      */ 'ok', 'ok', 'EPERM', 'ok'],
  [['remove', 'away.exe'], /*           */ 'ok', 'EPERM', 'ENOENT', 'ok'],
];

describeOnWine('files on Windows', () => {
  let probe: Probe;
  let standin: string;

  beforeAll(async () => {
    probe = await makeProbe();
    standin = await buildStandin({ version: '1.0.0', target: 'bun-windows-x64' });
  });
  afterAll(() => probe.remove());

  /** Brings `file` into the state; undefined where nothing has to run for it. */
  async function enter(state: State, file: string): Promise<WineProcess | undefined> {
    const name = path.relative(probe.folder, file);
    if (state === 'free') return undefined;
    if (state === 'running') {
      const process = startWine(file, [], { env: { DGMO_STANDIN_UNTIL: probe.at('never') } });
      await process.waitForOutput('is up');
      return process;
    }
    const holder = compileForWindows(path.join(import.meta.dir, 'holder.c'));
    const sharing = state === 'shared' ? ['delete'] : [];
    const process = startWine(holder, [probe.at(name), 'forever', ...sharing]);
    await process.waitForOutput('holding');
    return process;
  }

  for (const [index, state] of STATES.entries()) {
    test(`what can be done to a file that is ${state}`, async () => {
      fs.mkdirSync(path.join(probe.folder, state));
      const file = path.join(probe.folder, state, 'dgmo.exe');
      fs.copyFileSync(standin, file);
      const process = await enter(state, file);
      const steps = TABLE.map(([[operation, ...names]]): Step => {
        const values = operation === 'create' ? names.slice(0, 1) : names;
        return [
          operation,
          ...values.map((name) => probe.at(`${state}/${name}`)),
          ...names.slice(values.length),
        ];
      });
      const answers = await probe.ask(...steps);
      process?.kill();
      const told = (codes: unknown[]) => TABLE.map(([step], row) => `${step.join(' ')}: ${codes[row]}`);
      expect(told(answers)).toEqual(told(TABLE.map((row) => row[index + 1])));
      await process?.ended;
    });
  }

  test('an executable that was renamed away can be removed once its process has ended', async () => {
    const file = path.join(probe.folder, 'ending.exe');
    fs.copyFileSync(standin, file);
    const process = await enter('running', file);
    expect(await probe.ask(['rename', probe.at('ending.exe'), probe.at('ended.exe')])).toEqual(['ok']);
    expect(await probe.ask(['remove', probe.at('ended.exe')])).toEqual(['EPERM']);
    process?.kill();
    await process?.ended;
    expect(await probe.ask(['remove', probe.at('ended.exe')])).toEqual(['ok']);
  });

  test('Bun opens files with delete sharing, for reading and for writing', async () => {
    for (const hold of ['hold', 'holdForWriting'] as const) {
      fs.writeFileSync(path.join(probe.folder, hold), 'content');
      const { process } = await probe.keep([hold, probe.at(hold)]);
      const steps: Step[] = [
        ['create', probe.at(`${hold}.new`), 'new'],
        ['rename', probe.at(`${hold}.new`), probe.at(hold)],
        ['rename', probe.at(hold), probe.at(`${hold}.away`)],
        ['rename', probe.at(`${hold}.new`), probe.at(hold)],
      ];
      expect(await probe.ask(...steps)).toEqual(['ok', 'EPERM', 'ok', 'ok']);
      process.kill();
    }
  });

  test('a rename replaces, and names what is wrong', async () => {
    const { at } = probe;
    fs.mkdirSync(path.join(probe.folder, 'folder'));
    const answers = await probe.ask(
      ['create', at('one'), '1'],
      ['create', at('two'), '2'],
      ['rename', at('one'), at('two')],
      ['read', at('two')],
      ['rename', at('one'), at('two')],
      ['rename', at('two'), at('nowhere/two')],
      ['rename', at('two'), at('folder')],
    );
    expect(answers).toEqual(['ok', 'ok', 'ok', '1', 'ENOENT', 'ENOENT', 'EPERM']);
  });

  test('a large file is read back by a thread while it is written', async () => {
    const [answer] = await probe.ask(['writeLarge', probe.at('large'), String((64 << 20) + 5)]);
    const { isFollowed, found, kept } = answer as { isFollowed: boolean; found: unknown; kept: unknown };
    expect(found).toEqual(kept);
    expect(isFollowed).toBe(os.availableParallelism() > 1);
  });

  test('paths longer than 260 characters', async () => {
    const deep = path.join(...Array.from({ length: 6 }, (_, level) => `${level}`.repeat(60)));
    fs.mkdirSync(path.join(probe.folder, deep), { recursive: true });
    const [one, two] = [probe.at(`${deep}/one`), probe.at(`${deep}/two`)];
    const answers = await probe.ask(
      ['create', one, '1'],
      ['rename', one, two],
      ['link', two, one],
      ['read', one],
      ['remove', two],
      ['lockAndRelease', probe.at(`${deep}/lock`)],
    );
    expect(answers).toEqual(['ok', 'ok', 'ok', '1', 'ok', true]);
  });
});
