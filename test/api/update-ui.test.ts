/** The plan's UpdateUI: what is asked, what is saved of the answer, and what is shown of an operation. */
import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import { InterruptedError, UsageError } from '../../lib/errors.ts';
import {
  type Choice,
  type Progress,
  type UpdateInfo,
  type UpdateManager,
  type UpdateScreen,
  UpdateUI,
} from '../../lib/index.ts';
import { openStage, type Stage } from '../update/stage.ts';

const posixOnly = process.platform === 'win32' ? describe.skip : describe;

posixOnly('a user', () => {
  let stage: Stage;
  let manager: UpdateManager;
  let asked: { message: string; values: string[] }[];
  beforeEach(async () => {
    asked = [];
    stage = await openStage();
    const evolutions = [
      { id: 'search', description: 'Searches', autoApply: true },
      { id: 'dark', description: 'Is dark', autoApply: false, riskLevel: 'low' as const },
    ];
    await stage.release('2.0.0', { evolutions, deltas: 0 });
    manager = stage.manager();
  });
  afterEach(() => stage[Symbol.asyncDispose]());

  const offered = async () => (await manager.checkForUpdates()) ?? expect.unreachable('nothing is offered');
  const values = (choices: readonly Choice[]) => choices.map(({ value }) => value);
  /** Answers as told; chooses what is selected, and `dark` as well. */
  const answering = (answer: string, more: Partial<UpdateScreen> = {}) =>
    new UpdateUI({
      manager,
      screen: {
        async choose(message, choices) {
          asked.push({ message, values: values(choices) });
          return answer;
        },
        async chooseSome(message, choices, selected) {
          asked.push({ message, values: values(choices) });
          return [...selected, 'dark'];
        },
        ...more,
      },
    });

  test('is shown the update, then asked, and installs it with the evolutions that were chosen', async () => {
    const shown: UpdateInfo[] = [];
    const update = await offered();
    const ui = answering('now', { show: (one) => void shown.push(one) });
    const decision = await ui.promptForUpdate(update);
    expect(decision).toEqual({ action: 'update', evolutions: ['search', 'dark'] });
    expect(shown).toEqual([update]);
    expect(asked).toEqual([
      { message: 'Update to 2.0.0 now?', values: ['now', 'later', 'skip', 'auto'] },
      { message: 'Which evolutions do you want with it?', values: ['search', 'dark'] },
    ]);
    if (decision.action !== 'update') return expect.unreachable();
    const { evolutions } = decision;
    await manager.applyUpdate(await manager.downloadUpdate(update), { evolutions });
    expect(stage.version()).toBe('2.0.0');
  });

  test('who has said which evolutions, is not asked for them', async () => {
    const decision = await answering('now').promptForUpdate(await offered(), { evolutions: 'none' });
    expect(decision).toEqual({ action: 'update', evolutions: 'none' });
    expect(asked.map(({ message }) => message)).toEqual(['Update to 2.0.0 now?']);
  });

  test.each(['later', 'skip'] as const)('who says %s is not offered it again', async (answer) => {
    expect(await answering(answer).promptForUpdate(await offered())).toEqual({ action: answer });
    expect(await manager.checkForUpdates()).toBeNull();
    const [held] = (await manager.check()).held;
    expect(held).toMatchObject({ version: '2.0.0', why: answer === 'skip' ? 'skipped' : 'later' });
  });

  test('who wants it always has that saved, and taken back as it was', async () => {
    await manager.setPreferences({ autoUpdate: 'security' });
    const decision = await answering('auto').promptForUpdate(await offered());
    expect(decision).toMatchObject({ action: 'auto', evolutions: ['search', 'dark'] });
    expect(manager.preferences().autoUpdate).toBe('all');
    if (decision.action !== 'auto') return expect.unreachable();
    await decision.takeBack();
    expect(manager.preferences().autoUpdate).toBe('security');
  });

  test('who goes away at the second question has decided nothing', async () => {
    const gone = async () => {
      throw new InterruptedError('not now');
    };
    const ui = answering('auto', { chooseSome: gone });
    await expect(ui.promptForUpdate(await offered())).rejects.toThrow(InterruptedError);
    expect(manager.settings().settings.find(({ key }) => key === 'autoUpdate')?.decidedBy).toBe('default');
  });

  test.each([
    ['', [], 'the answer of screen.choose: wanted "now" or "later" or "skip" or "auto", found ""'],
    [
      undefined,
      [],
      'the answer of screen.choose: wanted "now" or "later" or "skip" or "auto", found nothing',
    ],
    ['now', undefined, 'the answer of screen.chooseSome: wanted a list of 0 to 2, found nothing'],
    ['auto', ['light'], 'the answer of screen.chooseSome[0]: wanted "search" or "dark", found "light"'],
  ])('who answers %p and %p, has agreed to nothing', async (answer, some, said) => {
    const ui = answering(answer as string, { chooseSome: async () => some as string[] });
    await expect(ui.promptForUpdate(await offered())).rejects.toThrow(new UsageError(said));
    expect(manager.settings().settings.find(({ key }) => key === 'autoUpdate')?.decidedBy).toBe('default');
  });

  test('is asked whether to go back, with "later" as the first answer', async () => {
    await manager.applyUpdate(await manager.downloadUpdate(await offered()));
    const { update } = await manager.check({ version: '1.0.0' });
    await answering('later').promptForUpdate(update ?? expect.unreachable());
    expect(asked).toEqual([{ message: 'Go back to 1.0.0?', values: ['later', 'now'] }]);
  });

  test('sees the stages of an update', async () => {
    const stages: string[] = [];
    const progress: Progress = {
      begin: ({ label }) => void stages.push(label),
      measure: () => undefined,
      end: () => undefined,
      clear: () => undefined,
    };
    const ui = answering('now', { progress });
    manager = stage.manager({ onEvent: (event) => ui.showProgress(event) });
    await manager.applyUpdate(await manager.downloadUpdate(await offered()));
    expect([...new Set(stages)]).toEqual([
      'Reading the feed',
      'Downloading 2.0.0',
      'Taking a snapshot',
      'Preparing 2.0.0',
      'Trying 2.0.0',
    ]);
  });

  test.each([
    [{}, 'options.manager: wanted an UpdateManager, found nothing'],
    [{ manager: 5 }, 'options.manager: wanted an UpdateManager, found 5'],
    [{ screen: {} }, 'options.screen.choose: wanted a function, found nothing'],
    [{ screen: { choose: 5 } }, 'options.screen.choose: wanted a function, found 5'],
  ])('options %p are refused', (wrong, said) => {
    const right = 'screen' in wrong ? { manager } : {};
    const make = () => new UpdateUI({ ...right, ...wrong } as never);
    expect(make).toThrow(new UsageError(said));
  });
});
