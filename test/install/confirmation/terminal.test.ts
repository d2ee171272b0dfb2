/**
 * Real processes, and a real terminal: the updater (from its sources) becomes a new version of DGMO, which is a shell script, and
 * another one watches in the background.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import fs from 'node:fs';
import path from 'node:path';
import { choicesFile } from '../../../lib/home/choices.ts';
import { openSession } from '../../../lib/install/index.ts';
import { loadReceipt } from '../../../lib/install/receipt.ts';
import { nativeHost } from '../../../lib/platform/native.ts';
import { openStage, program, type Stage } from '../../update/stage.ts';

const TOP = path.resolve(import.meta.dir, '../../..');
const posixOnly = process.platform === 'win32' ? describe.skip : describe;

/** Writes into the data, then does what `DGMO_HOME/behaviour` says. 1.0.0 says that it runs. */
const DGMO = (version: string) => `#!/bin/sh
[ "$1" = --version ] && { echo ${version}; exit 0; }
[ ${version} = 1.0.0 ] && { echo "1.0.0 runs"; exit 0; }
echo ${version} >> "$DGMO_HOME/data/log"
case "$(cat "$DGMO_HOME/behaviour")" in
hangs) exec sleep 600 ;;
waits) while [ ! -e "$DGMO_HOME/go" ]; do sleep 0.05; done ;;
ends) echo "2.0.0 crashed"; exit 3 ;;
confirms) "$(dirname "$0")/dgmo-updater" confirm --version ${version} --home "$DGMO_HOME" >/dev/null
  echo "2.0.0 is well"; exit 5 ;;
esac
`;

function dgmo(version: string): Uint8Array {
  return new Uint8Array(Buffer.concat([Buffer.from(DGMO(version)), Buffer.from('exit\n'), program(version)]));
}

posixOnly('a version that promises to confirm', () => {
  let stage: Stage;
  let packages: string[];

  beforeAll(async () => {
    stage = await openStage(dgmo);
    const updater = `#!/bin/sh\nexec "${process.execPath}" "${TOP}/updater.ts" "$@" --install-dir "${stage.dir}"\n`;
    fs.writeFileSync(path.join(stage.dir, 'dgmo-updater'), updater, { mode: 0o755 });
    fs.mkdirSync(path.join(stage.home, 'data'), { recursive: true });
    await stage.release('2.0.0', { confirm: 3 });
    const update = await stage.manager().checkForUpdates();
    if (update === null) throw new Error('nothing is offered');
    packages = (await stage.manager().downloadUpdate(update)).files;
  });
  afterAll(() => stage[Symbol.asyncDispose]());

  /** Installs 2.0.0 and starts it, at a terminal or without one; 1.0.0 is installed again before. */
  async function update(behaviour: string, terminal: boolean) {
    fs.writeFileSync(path.join(stage.home, 'behaviour'), behaviour);
    fs.writeFileSync(path.join(stage.home, 'data/log'), 'as before\n');
    if (stage.version() !== '1.0.0') await run(['rollback', '--yes'], false);
    return run(['--apply', packages[0] ?? '', '--wait-pid', '0', '--no-color'], terminal);
  }

  async function run(args: string[], terminal: boolean): Promise<{ code: number; said: string }> {
    let said = '';
    const hear = (bytes: Uint8Array) => {
      said += new TextDecoder().decode(bytes);
    };
    if (terminal) {
      const child = Bun.spawn(commandOf(args), {
        env: env(),
        terminal: { cols: 200, rows: 30, data: (_, bytes) => hear(bytes) },
      });
      const code = await child.exited;
      // The watcher writes to the terminal, too.
      await until(() => said.includes('well'));
      return { code, said };
    }
    const { child, heard } = spawned(args);
    return { said: await heard, code: await child.exited };
  }

  function spawned(args: string[]) {
    const child = Bun.spawn(commandOf(args), { env: env(), stdio: ['ignore', 'pipe', 'pipe'] });
    const heard = Promise.all([child.stdout, child.stderr].map((stream) => new Response(stream).text()));
    return { child, heard: heard.then((texts) => texts.join('')) };
  }

  const env = () => ({ ...process.env, DGMO_HOME: stage.home, TERM: 'xterm' });
  const commandOf = (args: string[]) => [
    path.join(stage.dir, 'dgmo-updater'),
    ...args,
    ...['--home', stage.home, '--exit-limit', '5'],
  ];

  test.each(['SIGINT', 'SIGTERM'] as const)(
    'and has not yet without a terminal, when the updater is stopped by %s: 130, and how it stands',
    async (signal) => {
      fs.writeFileSync(path.join(stage.home, 'behaviour'), 'waits');
      if (stage.version() !== '1.0.0') await run(['rollback', '--yes', '--kill'], false);
      fs.rmSync(path.join(stage.home, 'go'), { force: true });
      fs.writeFileSync(path.join(stage.home, 'data/log'), 'as before\n');
      const { child, heard } = spawned(['--apply', packages[0] ?? '', '--wait-pid', '0']);
      await until(() => log() !== 'as before\n');
      child.kill(signal);
      const code = await child.exited;
      // DGMO goes on, and has the same output.
      fs.writeFileSync(path.join(stage.home, 'go'), '');
      const said = await heard;
      expect([code, stage.version(), quarantined()]).toEqual([130, '2.0.0', []]);
      expect(said).toContain(
        'interrupted: 2.0.0 is installed and was started, but has not confirmed yet that it is well, and nobody watches it any more',
      );
      expect(said).toContain(
        'after 3 that fail within 10 minutes, the next start of dgmo goes back by itself',
      );
      expect(said).toContain('`dgmo-updater rollback` goes back to 1.0.0 now');
      const { confirmation } =
        loadReceipt(nativeHost().disk, openSession(nativeHost(), { installDir: stage.dir }).layout) ?? {};
      expect(confirmation?.starts).toHaveLength(1);
    },
  );

  async function until(met: () => boolean): Promise<void> {
    while (!met()) await Bun.sleep(20);
  }

  const log = () => fs.readFileSync(path.join(stage.home, 'data/log'), 'utf8');
  const quarantined = () =>
    choicesFile.load(nativeHost(), stage.home).quarantined.map(({ version }) => version);

  test('and confirms, keeps the terminal and its exit code', async () => {
    const { code, said } = await update('confirms', true);
    expect([code, stage.version(), quarantined()]).toEqual([5, '2.0.0', []]);
    expect(said).toContain('2.0.0 is well');
  });

  test('and hangs at a terminal: it is ended, and the version before is back with its data', async () => {
    const { said } = await update('hangs', true);
    expect(said).toContain(
      'did not confirm within 3 s that it is well; 1.0.0 is back, with its data, and works',
    );
    expect([stage.version(), log(), quarantined()]).toEqual(['1.0.0', 'as before\n', ['2.0.0']]);
  });

  test('and ends at a terminal: the user is told how to go back', async () => {
    const { code, said } = await update('ends', true);
    expect(code).toBe(3);
    expect(said).toContain(
      '2.0.0 ended before it confirmed that it is well (1 of 3). `dgmo-updater rollback` goes back to 1.0.0.',
    );
    expect(stage.version()).toBe('2.0.0');
  });

  test('and ends without a terminal: started three times, then taken back, 15', async () => {
    const { code, said } = await update('ends', false);
    expect([code, stage.version(), log()]).toEqual([15, '1.0.0', 'as before\n']);
    expect(said.match(/2\.0\.0 crashed/g)).toHaveLength(3);
    expect(said).toContain(
      'it ended 3 times before it confirmed that it is well; 1.0.0 is back, with its data',
    );
  });

  test('and hangs without a terminal: taken back, 15', async () => {
    const { code, said } = await update('hangs', false);
    expect([code, stage.version(), log()]).toEqual([15, '1.0.0', 'as before\n']);
    expect(said).toContain('it did not confirm within 3 s that it is well; 1.0.0 is back, with its data');
  });
});
