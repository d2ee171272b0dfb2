/**
 * An address with a password in the place of anything: in the environment, typed, long, with quotation marks in it. What is
 * printed has nothing of the password, also the report of `doctor` and `status`, which people send to others.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { createReport } from '../../lib/ui/report.ts';
import { openStage, type Stage } from '../update/stage.ts';
import { command } from './command-line.ts';

let stage: Stage;
beforeAll(async () => {
  stage = await openStage();
});
afterAll(() => stage[Symbol.asyncDispose]());

const PASSWORDS: [what: string, password: string][] = [
  ['a short one', 'SECRET'],
  ['one longer than what is shown of a value', 'SECRET'.repeat(20)],
  ['one longer than a word of a message', 'SECRET'.repeat(60)],
  ['one with an apostrophe', "SECRET'SECRET"],
  ['one with a quotation mark', 'SECRET"SECRET'],
  ['one with a control character', 'SECRET\u0007SECRET'],
  ['one with an @', 'SECRET@SECRET'],
];
const VARIABLES = ['PIN', 'CA_FILE', 'DATA_FOLDER', 'CONFIG_FOLDER', 'MINIMUM_AGE', 'CHANNEL', 'FEED'];

describe.each(PASSWORDS)('%s', (_, password) => {
  const address = `https://user:${password}@feed.invalid/a`;
  const expectHidden = async (args: string[], environment: Record<string, string> = {}) => {
    for (const more of [[], ['--json'], ['--verbose']]) {
      const { out, error } = await command(stage, [...args, ...more], { environment });
      expect([args, out + error]).toEqual([args, expect.not.stringMatching(/SECRET|user:/)]);
      expect([args, out + error]).toEqual([args, expect.stringMatching(/\S/)]);
    }
  };

  test.each(VARIABLES)('in DGMO_UPDATER_%s', async (name) => {
    const environment = { [`DGMO_UPDATER_${name}`]: address };
    for (const line of ['doctor', 'status', 'snapshots list', 'config list', 'config explain feed', 'check'])
      await expectHidden(line.split(' '), environment);
  });

  test.each([
    'skip',
    'unskip',
    'pin',
    'confirm --version',
    'config set caFile',
    'config set channel',
    'config set feed',
    'config get',
    'check --feed',
    'check --ca-file',
    'snapshots show',
    'rollback --to',
    '--apply',
  ])('after %s', (line) => expectHidden([...line.split(' '), address]));
});

test('the address itself is shown, with where the setting comes from', async () => {
  const environment = { DGMO_UPDATER_PIN: 'https://user:SECRET@feed.invalid/a' };
  const { out } = await command(stage, ['status'], { environment });
  expect(out).toContain('found "https://feed.invalid/a"');
});

test('whatever is reported: events, text and results, however deep', () => {
  const address = 'https://user:SECRET@feed.invalid/a';
  for (const json of [false, true]) {
    let said = '';
    const write = (text: string) => {
      said += text;
    };
    const report = createReport(
      {
        ...{ out: write, error: write, styled: write, clearLine: () => undefined, taskbar: () => undefined },
        ...{ unicode: true, colors: false, terminal: false, columns: 80, outColumns: 20, errorColumns: 20 },
        written: async () => null,
      },
      { json, quiet: false, verbose: true },
    );
    report.event({ event: 'warning', text: `found ${address}` });
    report.event({ event: 'no snapshot', reason: `found ${address}` });
    for (const say of [report.announce, report.text, report.styled]) say(`found ${address}`);
    report.result('status', `found ${address}`, { problems: [{ message: address, seen: [address, 1] }] });
    expect(said).toContain('feed.invalid');
    expect(said).not.toMatch(/SECRET|user/);
  }
});
