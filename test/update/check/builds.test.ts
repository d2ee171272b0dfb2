/** Two builds for x64: which is taken, and what becomes of one that the processor can't run. */
import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import fs from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import type { UpdateManager } from '../../../lib/api/index.ts';
import { PolicyError, RevertedError } from '../../../lib/errors.ts';
import { nativeHost } from '../../../lib/platform/native.ts';
import { flagsSuffice, hasModernInstructions } from '../../../lib/platform/processor.ts';
import { type Builds, targetsFor } from '../../../lib/update/check/builds.ts';
import type { UpdateEvent } from '../../../lib/update/index.ts';
import { isBaseline, MACHINES, targetName, targetOf } from '../../../lib/version/index.ts';
import { openStage, program, type Stage } from '../stage.ts';

const MODERN = { platform: 'linux', arch: 'x64' } as const;
const USUAL: Builds = {
  machine: MODERN,
  modern: true,
  wanted: 'auto',
  hasFailed: false,
  installedBaseline: false,
};
const names = (builds: Partial<Builds>) => targetsFor({ ...USUAL, ...builds }).map(targetName);
const [BEST, BASELINE] = ['linux-x64', 'linux-x64-baseline'];

describe('the build', () => {
  const cases: [when: string, builds: Partial<Builds>, targets: (string | undefined)[]][] = [
    ['the processor has what it needs', {}, [BEST, BASELINE]],
    ['that is unknown', { modern: null }, [BEST, BASELINE]],
    ['it has not', { modern: false }, [BASELINE, BEST]],
    [
      'it has not, and the baseline build is installed',
      { modern: false, installedBaseline: true },
      [BASELINE],
    ],
    ['one has failed here', { hasFailed: true }, [BASELINE, BEST]],
    [
      'one has failed here, and the other is installed',
      { hasFailed: true, installedBaseline: true },
      [BASELINE],
    ],
    [
      'the processor has it, and the baseline build is installed',
      { installedBaseline: true },
      [BEST, BASELINE],
    ],
    ['the user wants the baseline build', { wanted: 'baseline' }, [BASELINE, BEST]],
    [
      'the user wants the baseline build, which is installed, but the processor could run the other one',
      { wanted: 'baseline', installedBaseline: true },
      [BASELINE, BEST],
    ],
    [
      'the user wants the other one, whatever is known',
      { wanted: 'modern', modern: false, hasFailed: true },
      [BEST, BASELINE],
    ],
    [
      'there is musl',
      { machine: { platform: 'linux', arch: 'x64-musl' }, modern: false },
      ['linux-x64-musl-baseline', 'linux-x64-musl'],
    ],
  ];
  test.each(cases)('if %s', (_, builds, targets) => {
    expect(names(builds)).toEqual(targets.map(String));
  });

  test('is always for this machine, and arm64 has but one', () => {
    const some = fc.record({
      machine: fc.constantFrom(...MACHINES),
      modern: fc.constantFrom(true, false, null),
      wanted: fc.constantFrom('auto' as const, 'modern' as const, 'baseline' as const),
      hasFailed: fc.boolean(),
      installedBaseline: fc.boolean(),
    });
    fc.assert(
      fc.property(some, (builds) => {
        const found = targetsFor(builds);
        expect(found.length).toBeGreaterThan(0);
        for (const target of found) {
          expect(targetName(target).replace('-baseline', '')).toBe(targetName(builds.machine));
        }
        if (builds.machine.arch.startsWith('arm64')) expect(found).toEqual([builds.machine]);
        // Nobody is left with nothing that runs, unless it is known that the other build does not.
        if (!found.some((target) => !isBaseline(target))) expect(builds.installedBaseline).toBe(true);
      }),
    );
  });
});

describe('the processor', () => {
  const cpuinfo = (flags: string) =>
    `processor\t: 0\nvendor_id\t: GenuineIntel\nflags\t\t: ${flags}\nbugs\t\t: none\n`;
  const haswell = 'fpu sse4_2 movbe popcnt aes xsave avx f16c abm bmi1 avx2 bmi2 fma';

  test('has all of it, or is an old one', () => {
    expect(flagsSuffice(cpuinfo(haswell))).toBe(true);
    for (const flag of ['avx2', 'bmi1', 'bmi2', 'fma', 'movbe', 'abm']) {
      expect(flagsSuffice(cpuinfo(haswell.replace(new RegExp(` ${flag}\\b`), '')))).toBe(false);
    }
    expect(flagsSuffice(cpuinfo('fpu sse2 avx512f avx2_not'))).toBe(false);
    expect(flagsSuffice('processor\t: 0\n')).toBeNull();
  });

  test.skipIf(process.platform !== 'linux' || process.arch !== 'x64')(
    'of this machine is as Linux says',
    () => {
      expect(hasModernInstructions()).toBe(flagsSuffice(fs.readFileSync('/proc/cpuinfo', 'utf8')));
    },
  );
});

const machine = targetOf(nativeHost());
const onX64 = process.platform === 'win32' || process.arch !== 'x64' ? describe.skip : describe;

onX64('an update on a processor that lacks an instruction', () => {
  const modern = targetName(machine);
  const baseline = `${modern}-baseline`;
  let stage: Stage;
  let events: UpdateEvent[];
  beforeEach(async () => {
    stage = await openStage();
    events = [];
  });
  afterEach(() => stage[Symbol.asyncDispose]());

  /** A program that ends as one that uses such an instruction. */
  const tooModern = (version: string) => {
    const text = Buffer.from(program(version));
    return new Uint8Array(Buffer.concat([Buffer.from('#!/bin/sh\nkill -ILL $$\n'), text]));
  };
  const old = { ...nativeHost(), hasModernInstructions: () => false };
  const manager = (host = nativeHost()) =>
    stage.manager({ host, onEvent: (event) => events.push(event as UpdateEvent) });
  const update = async (one: UpdateManager) => {
    const found = (await one.checkForUpdates()) ?? expect.unreachable('nothing is offered');
    return one.applyUpdate(await one.downloadUpdate(found));
  };
  const read = (file: string) => JSON.parse(fs.readFileSync(file, 'utf8'));
  const receipt = () => read(path.join(stage.dir, '.dgmo-updater/installed.json')).receipt;
  const choices = () => read(path.join(stage.home, 'choices.json'));
  const asked = (build: string) =>
    stage.asked.filter(({ path: name }) => name.includes(`/${build}/`) && name.endsWith('.dgmopkg'));

  test('takes the build for older ones, and from then on at once', async () => {
    await stage.feed.add('2.0.0', { [modern]: tooModern('2.0.0'), [baseline]: program('2.0.0') });
    const applied = await update(manager());
    expect(applied).toMatchObject({ from: { version: '1.0.0' }, to: { version: '2.0.0' }, changed: true });
    expect(stage.version()).toBe('2.0.0');
    expect(events.find(({ event }) => event === 'fallback')).toMatchObject({
      build: 'baseline',
      reason: expect.stringContaining('it uses an instruction that this processor lacks'),
    });
    expect(receipt()).toMatchObject({ binary: { version: '2.0.0', build: 'baseline' } });
    expect(choices()).toMatchObject({
      quarantined: [],
      illegalInstruction: { version: '2.0.0' },
      lastUpdate: { ended: 'updated' },
    });

    stage.asked.length = 0;
    await stage.feed.add('3.0.0', { [modern]: tooModern('3.0.0'), [baseline]: program('3.0.0') });
    expect(await update(manager())).toMatchObject({ to: { version: '3.0.0', build: 'baseline' } });
    expect([asked(modern).length, asked(baseline).length]).toEqual([0, 1]);

    await manager().setPreferenceText('build', 'modern');
    await stage.feed.add('4.0.0', { [modern]: program('4.0.0'), [baseline]: program('4.0.0 ') });
    await update(manager());
    expect(receipt().binary).toMatchObject({ version: '4.0.0' });
    expect(receipt().binary.build).toBeUndefined();
  });

  test('takes it as well where the installed version can no longer be started', async () => {
    const moved = path.join(stage.dir, 'moved');
    const onceMoved = (version: string) => {
      const text = Buffer.from(`#!/bin/sh\n[ -e '${moved}' ] && kill -ILL $$\n`);
      return new Uint8Array(Buffer.concat([text, Buffer.from(program(version))]));
    };
    await stage.feed.add('2.0.0', { [modern]: onceMoved('2.0.0') });
    await update(manager());
    fs.writeFileSync(moved, '');
    await stage.feed.add('3.0.0', { [modern]: onceMoved('3.0.0'), [baseline]: program('3.0.0') });
    expect(await update(manager())).toMatchObject({ to: { version: '3.0.0', build: 'baseline' } });
    expect(stage.version()).toBe('3.0.0');
  });

  test('does not offer again what failed, but the version once it has another build', async () => {
    await stage.feed.add('2.0.0', { [modern]: tooModern('2.0.0') });
    await expect(update(manager())).rejects.toThrow(RevertedError);
    expect(stage.version()).toBe('1.0.0');
    expect(await manager().check()).toMatchObject({
      update: null,
      held: [{ version: '2.0.0', why: 'quarantined' }],
    });
    await stage.feed.add('2.0.0', { [baseline]: program('2.0.0') });
    expect(await update(manager())).toMatchObject({ to: { version: '2.0.0', build: 'baseline' } });
    expect(stage.version()).toBe('2.0.0');
  });

  test('does not try the other build if it is the same one, or fails as well', async () => {
    await stage.feed.add('2.0.0', { [modern]: tooModern('2.0.0'), [baseline]: tooModern('2.0.0') });
    await expect(update(manager())).rejects.toThrow('instruction that this processor lacks');
    expect([asked(modern).length, asked(baseline).length]).toEqual([1, 0]);
    await stage.feed.add('3.0.0', { [modern]: tooModern('3.0.0'), [baseline]: program('3.0.0', false) });
    await expect(update(manager())).rejects.toThrow('it exited with code 70');
    expect(stage.version()).toBe('1.0.0');
    expect((await manager().check()).held.map(({ why }) => why)).toEqual(['quarantined', 'quarantined']);
  });

  test('by what the system says of it: the first such build comes as a patch of the other one', async () => {
    await stage.feed.add('2.0.0', { [modern]: tooModern('2.0.0'), [baseline]: program('2.0.0') });
    const one = manager(old);
    const found = (await one.checkForUpdates()) ?? expect.unreachable('nothing is offered');
    expect(found.routes[0]).toMatchObject({ kind: 'patch' });
    await one.applyUpdate(await one.downloadUpdate(found));
    expect(receipt()).toMatchObject({ binary: { version: '2.0.0', build: 'baseline' } });
    expect(fs.existsSync(path.join(stage.home, 'choices.json')) && choices().illegalInstruction).toBeNull();
    expect(asked(modern)).toEqual([]);
  });

  test('gets the only build that the feed has, but not in the place of one that was needed', async () => {
    await stage.feed.add('2.0.0', { [modern]: program('2.0.0') });
    expect(await update(manager(old))).toMatchObject({ to: { version: '2.0.0' } });
    await stage.feed.add('3.0.0', { [baseline]: program('3.0.0') });
    expect(await update(manager(old))).toMatchObject({ to: { build: 'baseline' } });
    await stage.feed.add('4.0.0', { [modern]: tooModern('4.0.0') });
    expect(await manager(old).checkForUpdates()).toBeNull();
  });

  test('is told what is wrong if a channel has no such build', async () => {
    await stage.feed.add('2.0.0', { [modern]: program('2.0.0'), [baseline]: program('2.0.0 ') });
    await update(manager(old));
    await stage.feed.add('3.0.0', { [modern]: program('3.0.0') }, { channel: 'beta' });
    const checked = manager(old).check({ channel: 'beta' });
    await expect(checked).rejects.toThrow(PolicyError);
    await expect(checked).rejects.toThrow(`has no channel beta for ${baseline}`);
  });
});
