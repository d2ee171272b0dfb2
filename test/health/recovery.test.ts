/** `dgmo-updater` without a command: the state in plain words and what will help, in each state, and the menu on a terminal. */
import { afterAll, beforeEach, describe, expect, test } from 'bun:test';
import fs from 'node:fs';
import path from 'node:path';
import { type Facts, remediesFor } from '../../lib/api/health/situation.ts';
import { decodeReceipt, encodeReceipt } from '../../lib/install/receipt.ts';
import { encodeEntry } from '../../lib/install/transaction/journal.ts';
import { openHealthStage } from './stage.ts';

const here = await openHealthStage();
beforeEach(() => here.reset());
afterAll(() => here[Symbol.asyncDispose]());

/** What stands for the folder of the test, and for times, which differ from run to run. */
const screen = (text: string) =>
  text
    .replaceAll(here.stage.folder, '')
    .replaceAll(/as of \d+ (s|min) ago/g, 'as of a while ago')
    .replaceAll(/[0-9a-f]{64}/g, '<digest>');

function interrupt(kind: 'update' | 'rollback' | 'repair' = 'update'): void {
  const { receipt } = JSON.parse(fs.readFileSync(path.join(here.workDir, 'installed.json'), 'utf8'));
  const to = { version: '1.2.0', sha256: '0'.repeat(64), size: 1 };
  const change =
    kind === 'repair'
      ? ({ kind: 'update', from: { ...receipt.binary, sha256: '1'.repeat(64) }, to: receipt.binary } as const)
      : ({ kind, from: receipt.binary, to } as const);
  const begin = { type: 'begin', id: '0', at: 0, ...change, receipt } as const;
  fs.appendFileSync(path.join(here.workDir, 'journal'), encodeEntry(begin));
}

/** As after an update to a version that promises to confirm, one of whose starts has ended. */
function owe(): void {
  const file = path.join(here.workDir, 'installed.json');
  const receipt = decodeReceipt(fs.readFileSync(file), file);
  const starts = [{ at: Date.now(), pid: 4_000_000_000 }];
  fs.writeFileSync(
    file,
    encodeReceipt({ ...receipt, confirmation: { within: 60_000, snapshot: null, starts } }),
  );
}

const gone = (...files: string[]) => {
  for (const file of files) fs.rmSync(file, { recursive: true, force: true });
};

const SCREENS: [state: string, damage: () => void, code: number, wanted: string][] = [
  [
    'healthy',
    () => undefined,
    0,
    `dgmo 1.1.0 is installed in /bin, and it is healthy.
What can be done:
  dgmo-updater update    Look for an update
  dgmo-updater rollback  Go back to 1.0.0, as of a while ago, with its data
`,
  ],
  [
    'it has not confirmed that it is well',
    owe,
    0,
    `dgmo 1.1.0 is installed in /bin. Its files are whole, but it has not confirmed yet that it is well; 1 of its last starts ended before that.
What can be done:
  dgmo-updater rollback  Go back to 1.0.0, as of a while ago, with its data
  dgmo-updater update    Look for an update
`,
  ],
  [
    'the executable is gone',
    () => gone(here.dgmo),
    11,
    `dgmo 1.1.0 is installed in /bin, and something is wrong with it.
1 problem found:
  /bin/dgmo: the executable of dgmo is missing.
    Repair would put it back: from what is kept here, else from the feed.
What can be done:
  dgmo-updater repair    Repair what is damaged; settings and data are kept
  dgmo-updater rollback  Go back to 1.0.0, as of a while ago, with its data
`,
  ],
  [
    'an update was interrupted',
    interrupt,
    11,
    `dgmo in /bin: the update from 1.1.0 to 1.2.0 was interrupted, and is neither finished nor undone.
What can be done:
  dgmo-updater recover   Finish or undo what was interrupted
  dgmo-updater repair    Repair what is damaged; settings and data are kept
  dgmo-updater rollback  Go back to 1.0.0, as of a while ago, with its data
  dgmo-updater update    Look for an update
`,
  ],
  [
    'the home is gone',
    () => gone(here.home),
    0,
    `dgmo 1.1.0 is installed in /bin, and it is healthy.
What can be done:
  dgmo-updater update    Look for an update
  dgmo-updater rollback  Go back to 1.0.0
`,
  ],
  [
    'only the two executables are left',
    () => gone(here.home, here.workDir),
    11,
    `There is a dgmo in /bin, and it is not looked after yet.
What can be done:
  dgmo-updater init      Record the dgmo that is there, so that it can be updated
  dgmo-updater repair    Install the newest dgmo from its feed
`,
  ],
  [
    'only the updater is left',
    () => gone(here.home, here.workDir, here.dgmo),
    11,
    `dgmo is not installed in /bin.
What can be done:
  dgmo-updater repair    Install the newest dgmo from its feed
`,
  ],
];

describe('without a terminal it says', () => {
  for (const [state, damage, code, wanted] of SCREENS) {
    test(state, async () => {
      damage();
      const before = here.picture();
      const ran = await here.run();
      expect(screen(ran.out)).toBe(wanted);
      expect(ran.code).toBe(code);
      const after = here.picture();
      expect([...after]).toEqual([...before]);
    });
  }

  test('the same as data, with --json', async () => {
    gone(here.dgmo);
    expect((await here.run('--json')).result()).toMatchObject({
      exitCode: 11,
      version: '1.1.0',
      remedies: ['repair', 'rollback'],
    });
  });
});

describe('on a terminal', () => {
  const updater = path.join(import.meta.dir, '../../updater.ts');

  /** Types the keys as soon as the terminal shows the prompt, each at its own. */
  async function on(
    steps: [prompt: string, keys: string][],
    cwd = here.stage.folder,
  ): Promise<{ code: number; said: string }> {
    let said = '';
    let seen = 0;
    const define = `BUILD_SETTINGS=${JSON.stringify(here.settings)}`;
    const places = ['--install-dir', here.dir, '--home', here.home];
    const child = Bun.spawn([process.execPath, '--define', define, updater, ...places], {
      cwd,
      env: { ...process.env, TERM: 'xterm', PATH: '/usr/bin:/bin' },
      terminal: {
        cols: 120,
        rows: 50,
        data(terminal, bytes) {
          said += new TextDecoder().decode(bytes);
          const [step] = steps;
          if (step === undefined || !said.slice(seen).includes(step[0])) return;
          seen = said.length;
          steps.shift();
          terminal.write(step[1]);
        },
      },
    });
    const code = await child.exited;
    child.terminal?.close();
    return { code, said };
  }

  const ENTER = '\r';
  const DOWN = '\u001b[B';

  test('the first choice repairs a missing executable', async () => {
    gone(here.dgmo);
    const { code, said } = await on([['Nothing', ENTER]]);
    expect(said).toContain('the executable of dgmo is missing');
    expect(said).toContain('Repair what is damaged');
    expect(said).toContain('The installation is healthy');
    expect(code).toBe(0);
    expect(here.stage.version()).toBe('1.1.0');
  });

  test('only the updater is left: it installs the newest release, from any folder', async () => {
    gone(here.home, here.workDir, here.dgmo);
    const { code, said } = await on([['Nothing', ENTER]], '/');
    expect(said).toContain('dgmo is not installed');
    expect(code).toBe(0);
    expect(here.stage.version()).toBe('1.1.0');
  });

  test('only the updater is left: a release that is not for everybody yet is not installed', async () => {
    await here.stage.release('1.2.0', { rollout: 5, deltas: 0 });
    await here.stage.release('1.3.0', { rollout: 0, deltas: 0 });
    gone(here.home, here.workDir, here.dgmo);
    const { code, out } = await here.run('repair', '--yes');
    expect([code, here.stage.version()]).toEqual([0, '1.1.0']);
    expect(out).toContain('1.1.0');
  });

  test('the two executables: it asks the program what it is, and records it', async () => {
    gone(here.home, here.workDir);
    const { code, said } = await on([['Nothing', ENTER]]);
    expect(said).toContain('Adopted');
    expect(code).toBe(0);
    expect((await here.run('status')).out).toContain('dgmo 1.1.0');
  });

  test('an interrupted update is undone', async () => {
    interrupt();
    const { code, said } = await on([['Nothing', ENTER]]);
    expect(said).toContain('The interrupted update was cancelled before it changed anything: 1.1.0 is');
    expect(code).toBe(0);
    expect((await here.run()).code).toBe(0);
  });

  test.each(['rollback', 'repair'] as const)('a %s is not called an update', async (kind) => {
    interrupt(kind);
    const { out, error, code } = await here.run('recover');
    expect(code).toBe(0);
    const end = kind === 'repair' ? 'finished' : 'cancelled before it changed anything';
    expect(out).toStartWith(`The interrupted ${kind} was ${end}: 1.1.0 is installed.`);
    expect(error).toContain(
      kind === 'repair' ? 'The repair of 1.1.0 was' : 'The rollback from 1.1.0 to 1.2.0 was',
    );
  });

  test('it goes back to the state before, once that is confirmed', async () => {
    const { code } = await on([
      ['Nothing', DOWN + ENTER],
      ['Go back?', `y`],
    ]);
    expect(code).toBe(0);
    expect(here.stage.version()).toBe('1.0.0');
  });

  test('nothing, the last choice, changes nothing', async () => {
    gone(here.dgmo);
    const before = here.picture();
    expect((await on([['Nothing', DOWN + DOWN + ENTER]])).code).toBe(130);
    expect(here.picture()).toEqual(before);
  });
});

test('whatever the facts are, what will help comes first and nothing is offered that can not be done', () => {
  for (let bits = 0; bits < 512; bits++) {
    const bit = (at: number) => (bits >> at) % 2 === 1;
    const facts: Facts = {
      ...{
        isKnown: bit(0),
        isThere: bit(1),
        isHealthy: bit(2),
        isRepairable: bit(3),
        isInterrupted: bit(4),
        canGoBack: bit(5),
        startsFail: bit(6),
        isManaged: bit(7),
        updatesOff: bit(8),
      },
    };
    const remedies = remediesFor(facts);
    expect(new Set(remedies).size).toBe(remedies.length);
    expect(remedies.includes('rollback')).toBe(facts.isKnown && facts.canGoBack && !facts.isManaged);
    const mayUpdate = !facts.isManaged && !facts.updatesOff;
    expect(remedies.includes('update')).toBe(facts.isKnown && facts.isThere && mayUpdate);
    // A package manager has brought what is there, and updates it.
    if (!facts.isKnown) expect(remedies.includes('install')).toBe(mayUpdate);
    if (!facts.isKnown && mayUpdate) expect(remedies.at(-1)).toBe('install');
    if (facts.isKnown && facts.isInterrupted) expect(remedies[0]).toBe('recover');
    // The first choice is the selected one: it replaces nothing where nothing is known to be wrong.
    else if (facts.isKnown && facts.isThere && facts.isHealthy && !facts.startsFail && mayUpdate)
      expect(remedies[0]).toBe('update');
  }
});
