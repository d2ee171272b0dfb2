/** The promise of the whole: DGMO goes forward and back, migrates its data each time, and nothing of it is lost. */
import { Database } from 'bun:sqlite';
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { type Installed, makeInstall, resultOf } from '../support/installed.ts';
import { buildStandin, readStandinLog, waitForStarts } from '../support/standin.ts';
import { openSharedWorkshop, type Workshop } from '../support/workshop.ts';
import { byReference, fillHome, homeOf, homePicture, pack } from './snapshot-stage.ts';

const posixOnly = process.platform === 'win32' ? describe.skip : describe;
const ROUNDS = 10;

posixOnly('data across updates and rollbacks', () => {
  let shop: Workshop;
  let here: Installed;
  let toTwo: string;
  const started: ReturnType<typeof spawn>[] = [];

  beforeAll(async () => {
    const [one, two, opened] = await Promise.all([
      buildStandin({ version: '1.0.0' }),
      buildStandin({ version: '2.0.0', dataVersion: 2 }),
      openSharedWorkshop(),
    ]);
    shop = opened;
    const old = { version: '1.0.0', file: one };
    toTwo = await pack(shop, { version: '2.0.0', file: two, old, say: ['--data-version', '2'] });
    here = await makeInstall({
      binary: one,
      version: '1.0.0',
      updater: byReference(shop, await shop.updater()),
    });
  });

  afterAll(() => {
    for (const child of started) child.kill('SIGKILL');
    here?.remove();
    shop?.remove();
  });

  /** Starts DGMO, which writes into its database all the time that it runs. Resolves when it is up. */
  async function startWriter() {
    const count = readStandinLog(here.starts).length;
    const child = spawn(here.dgmo, [], {
      env: { ...process.env, ...here.env, DGMO_STANDIN_WRITES: '4', DGMO_STANDIN_UNTIL: '/nowhere' },
      stdio: 'ignore',
    });
    started.push(child);
    const ended = new Promise<string | null>((resolve) => child.on('exit', (_, signal) => resolve(signal)));
    const log = await waitForStarts(here.starts, count + 1);
    return { child, ended, start: log.at(-1) };
  }

  function database<Result>(ask: (database: Database) => Result): Result {
    const opened = new Database(path.join(homeOf(here), 'data/sessions.db'));
    try {
      opened.run('PRAGMA busy_timeout = 5000');
      return ask(opened);
    } finally {
      opened.close();
    }
  }
  const pragma = (name: string) => database((db) => Object.values(db.query(`PRAGMA ${name}`).get() ?? {})[0]);
  const lastRow = () =>
    database((db) => db.query<{ last: number }, []>('SELECT max(id) AS last FROM sessions').get()?.last ?? 0);
  const columns = () =>
    database((db) => db.query<{ name: string }, []>('PRAGMA table_info(sessions)').all()).map(
      ({ name }) => name,
    );
  /** Rows whose text is not what was written under their id, and ids that are missing. */
  const wrongRows = () =>
    database((db) => db.query('SELECT id FROM sessions WHERE text <> hex(id)').all().length) +
    database(
      (db) => lastRow() - (db.query<{ n: number }, []>('SELECT count(*) AS n FROM sessions').get()?.n ?? 0),
    );

  /** What a new version, or its user, does to the rest. */
  function disturb(home: string): void {
    fs.unlinkSync(path.join(home, 'data/auth.json'));
    fs.chmodSync(path.join(home, 'plugins/tool'), 0o600);
    fs.rmdirSync(path.join(home, 'data/empty'));
    fs.writeFileSync(path.join(home, 'data/empty'), 'a file now');
    fs.unlinkSync(path.join(home, 'data/link'));
    fs.mkdirSync(path.join(home, 'data/link/er'), { recursive: true });
    fs.writeFileSync(path.join(home, 'data/link/er/new'), 'new');
    fs.appendFileSync(path.join(home, 'config/config.json'), '\n');
    fs.mkdirSync(path.join(home, 'evolutions/one'), { recursive: true });
  }

  test(`${ROUNDS} times forward and back, a database in use`, async () => {
    const home = homeOf(here);
    fillHome(home);
    const before = homePicture(home);
    expect(Object.keys(before)).toHaveLength(10);
    for (let round = 0; round < ROUNDS; round++) {
      const old = await startWriter();
      expect(old.start).toMatchObject({ version: '1.0.0', data: { dataVersion: 1, text: 'mine' } });
      const low = lastRow();
      const updated = await here.update(['--apply', toTwo, '--no-wait', '--json']);
      expect(updated).toMatchObject({ code: 0, stderr: '' });
      const high = lastRow();
      expect(old.child.exitCode ?? old.child.signalCode).toBeNull();
      old.child.kill('SIGKILL');
      await old.ended;

      const fresh = await startWriter();
      expect(fresh.start).toMatchObject({ version: '2.0.0', data: { dataVersion: 2, text: 'mine' } });
      expect(columns()).toEqual(['id', 'text', 'v1', 'v2']);
      expect(pragma('user_version')).toBe(2);
      disturb(home);

      const count = readStandinLog(here.starts).length;
      const back = await here.update(['rollback', '--yes', '--json', '--', '--resume']);
      // The DGMO that is started prints to our standard error; whether that is before we end is for the machine to say.
      expect(back.code).toBe(0);
      expect(back.stderr).toMatch(/^(dgmo 1\.0\.0 is up: [^\n]*\n?)?$/);
      expect(resultOf(back)).toMatchObject({ from: '2.0.0', to: '1.0.0', ok: true });
      expect(await fresh.ended).toBe('SIGTERM');
      const again = (await waitForStarts(here.starts, count + 1)).at(-1);
      expect(again).toMatchObject({ version: '1.0.0', args: ['--resume'], data: { dataVersion: 1 } });

      expect(homePicture(home)).toEqual(before);
      expect(pragma('integrity_check')).toBe('ok');
      expect(pragma('user_version')).toBe(1);
      expect(columns()).toEqual(['id', 'text', 'v1']);
      expect(wrongRows()).toBe(0);
      // All that was written before the update began, and nothing of what came after it.
      expect(lastRow()).toBeGreaterThanOrEqual(low);
      expect(lastRow()).toBeLessThanOrEqual(high);
      expect(await here.version()).toBe('1.0.0');
    }
    expect(await here.update(['snapshots', 'verify'])).toMatchObject({ code: 0 });
  });
});
