/** Locks and processes on Windows: a lock dies with its process, and what we start does not die with us. */
import { afterAll, beforeAll, expect, test } from 'bun:test';
import fs from 'node:fs';
import path from 'node:path';
import { buildStandin, waitForStarts } from '../support/standin.ts';
import { describeOnWine, startWine, windowsPath } from '../support/wine.ts';
import type { Step } from './probe.ts';
import { makeProbe, type Probe } from './probing.ts';

const NO_SUCH_PROCESS = '4194300';

describeOnWine('processes on Windows', () => {
  let probe: Probe;

  beforeAll(async () => {
    probe = await makeProbe();
  });
  afterAll(() => probe.remove());

  test('a lock is held by one process, can be read meanwhile, and is free when its holder was killed', async () => {
    const lock = probe.at('lock ü');
    const holder = await probe.keep(['lock', lock]);
    expect(holder.answers).toEqual([true]);
    expect(await probe.ask(['lock', lock], ['readable', lock], ['remove', lock])).toEqual([
      false,
      'ok',
      'EBUSY',
    ]);
    holder.process.kill();
    await holder.process.ended;
    expect(await probe.ask(['lock', lock])).toEqual([true]);
  });

  test('a lock can be taken again after its release, and not twice in one process', async () => {
    const lock = probe.at('again');
    expect(await probe.ask(['lockAndRelease', lock], ['lock', lock], ['lock', lock])).toEqual([
      true,
      true,
      false,
    ]);
    expect(await probe.ask(['lock', probe.at('no such folder/lock')])).toEqual(['ENOENT']);
  });

  test('a process is alive until it ends, and says what it runs', async () => {
    const { process, answers } = await probe.keep(['pid'], ['ownExecutable']);
    const pid = String(answers[0]);
    expect(answers[1]).toBe(windowsPath(probe.executable));
    expect(await probe.ask(['isAlive', pid], ['executable', pid])).toEqual([
      true,
      windowsPath(probe.executable),
    ]);
    // Asked by one that runs already: one that is started later may get the very id.
    const seen = path.join(probe.folder, 'seen');
    const asked = probe.ask(['create', probe.at('seen'), ''], ['untilGone', pid], ['executable', pid]);
    while (!fs.existsSync(seen)) await Bun.sleep(20);
    process.kill();
    await process.ended;
    expect(await asked).toEqual(['ok', true, 'ok']);
    expect(await probe.ask(['isAlive', NO_SUCH_PROCESS], ['executable', NO_SUCH_PROCESS])).toEqual([
      false,
      'ok',
    ]);
  });

  test('an end is seen by one that has been watching', async () => {
    const { process, answers } = await probe.keep(['pid']);
    const pid = String(answers[0]);
    const steps: Step[] = [
      ['isAlive', pid],
      ['untilGone', pid],
      ['say', 'gone'],
    ];
    const watcher = startWine(probe.executable, [JSON.stringify(steps)]);
    await watcher.waitForOutput('true');
    process.kill();
    await watcher.waitForOutput('gone');
  });

  test('who runs a program is told, in any case of its name, also once its file was moved', async () => {
    const [here, away] = [probe.at('here.exe'), probe.at('away.exe')];
    fs.linkSync(probe.executable, path.join(probe.folder, 'here.exe'));
    const steps: Step[] = [['pid'], ['running', here], ['stay', '50000']];
    const program = startWine(path.join(probe.folder, 'here.exe'), [JSON.stringify(steps)]);
    await program.waitForOutput('[]');
    const pid = JSON.parse(program.output.stdout.split('\n')[0] ?? '').value;
    expect(await probe.ask(['running', here], ['running', here.toUpperCase()])).toEqual([[pid], [pid]]);
    expect(await probe.ask(['running', probe.at('missing.exe')])).toEqual([[]]);
    const moved = await probe.ask(['rename', here, away], ['running', here], ['running', away]);
    expect(moved.flat()).toEqual(['ok', pid]);
    program.kill();
    await program.ended;
    expect(await probe.ask(['running', here], ['running', away])).toEqual([[], []]);
  });

  test('a process can not be asked to end, and is ended by force', async () => {
    const { process, answers } = await probe.keep(['pid']);
    const pid = String(answers[0]);
    // In one process: another one that is started later may get the very id.
    const asked = await probe.ask(
      ['requestEnd', pid],
      ['isAlive', pid],
      ['forceEnd', pid],
      ['untilGone', pid],
      ['isAlive', pid],
      ['forceEnd', pid],
      ['forceEnd', NO_SUCH_PROCESS],
    );
    expect(asked).toEqual([false, true, 'ok', true, false, 'ok', 'ok']);
    await process.ended;
    // Before it would have ended by itself.
  });

  test('a program that is run for its output ends with us', async () => {
    const standin = await buildStandin({ version: '1.0.0', behaviour: 'hang', target: 'bun-windows-x64' });
    const copy = path.join(probe.folder, 'hanging.exe');
    fs.copyFileSync(standin, copy);
    const run: Step = ['run', windowsPath(copy), windowsPath(probe.folder), '50000', '--version'];
    const runner = startWine(probe.executable, [JSON.stringify([run])]);
    await probe.ask(['untilRunning', windowsPath(copy)]);
    runner.kill();
    await runner.ended;
    expect(await probe.ask(['untilNotRunning', windowsPath(copy)])).toEqual([true]);
  });

  test('a started program outlives us, with its arguments, folder and environment, and without our lock', async () => {
    const standin = await buildStandin({ version: '1.0.0', target: 'bun-windows-x64' });
    const log = path.join(probe.folder, 'log');
    const until = path.join(probe.folder, 'until');
    const args = ['', 'two words', 'a"b', 'c\\', 'd e\\', '\\"', 'grün'];
    const lock = probe.at('not inherited');
    const start: Step = [
      'start',
      windowsPath(standin),
      windowsPath(probe.folder),
      JSON.stringify({
        DGMO_STANDIN_LOG: windowsPath(log),
        DGMO_STANDIN_UNTIL: windowsPath(until),
        TEST_WORD: 'grün',
      }),
      ...args,
    ];
    expect(await probe.ask(['lock', lock], start)).toEqual([true, 'ok']);
    const [up] = await waitForStarts(log, 1);
    expect(up).toMatchObject({
      args,
      cwd: windowsPath(probe.folder),
      executable: windowsPath(fs.realpathSync(standin)),
    });
    expect(up?.environment.TEST_WORD).toBe('grün');
    const pid = String(up?.pid);
    expect(await probe.ask(['isAlive', pid], ['lock', lock])).toEqual([true, true]);
    fs.writeFileSync(until, '');
    expect(await probe.ask(['untilGone', pid])).toEqual([true]);
  });

  test('the output of a started program comes out where ours does, or where our errors do', async () => {
    const standin = await buildStandin({ version: '1.0.0', target: 'bun-windows-x64' });
    for (const [environment, stream] of [
      ['{}', 'stdout'],
      ['{"TEST_TO_ERROR":""}', 'stderr'],
    ] as const) {
      const step: Step = ['start', windowsPath(standin), windowsPath(probe.folder), environment];
      const { process } = await probe.keep(step);
      await process.waitForOutput('is up', stream);
      process.kill();
    }
  });

  test('what can not be started is told', async () => {
    const start: Step = ['start', probe.at('missing.exe'), windowsPath(probe.folder), '{}'];
    expect(await probe.ask(start)).toEqual(['ENOENT']);
  });

  test('power and input are told by the system, and what has no PowerShell is not known', async () => {
    const [onBattery, untouched, supply, notified] = await probe.ask(
      ['onBattery'],
      ['untouched'],
      ['supply'],
      ['notify'],
    );
    expect(['ok', true, false]).toContain(onBattery as string);
    expect(untouched).toBeNumber();
    expect(supply).toHaveProperty('metered', null);
    expect(notified).toBe('ok');
  });
});
