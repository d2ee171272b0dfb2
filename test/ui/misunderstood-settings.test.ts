/** Settings that can't be understood: they are named with what was meant, and those that can be are listed. */
import { describe, expect, test } from 'bun:test';
import { DEFAULT_PREFERENCES } from '../../lib/home/preferences.ts';
import type { SimulatedDisk } from '../host/disk.ts';
import { simulatedHost } from '../host/host.ts';
import { executable, INSTALL_DIR, installedDisk, versionOf } from '../host/install.ts';
import { runCommand } from '../support/command-line.ts';
import { SETTINGS } from '../update/stage.ts';

const POLICY = '/etc/dgmo-updater/policy.json';
const FILE = '/home/.dgmo/updater.json';

async function run(file: string, text: string, ...argv: string[]) {
  return runOn(installedDisk('linux', executable('1.0.0')), file, text, ...argv);
}

async function runOn(disk: SimulatedDisk, file: string, text: string, ...argv: string[]) {
  disk.place(file, new TextEncoder().encode(text));
  for (const path of ['/etc/dgmo-updater', POLICY]) if (file === POLICY) disk.own(path, 0);
  const host = simulatedHost({ disk, versionOf });
  const options = { host, settings: SETTINGS, ownFolder: INSTALL_DIR };
  return runCommand([...argv, '--home', '/home/.dgmo'], options);
}

test.each([
  [
    'an unknown name in the policy',
    POLICY,
    '{"chanel":"beta"}',
    '"chanel". Did you mean channel? Ask your administrator',
  ],
  ['a policy that is no JSON', POLICY, '{nonsense', 'wanted JSON, found text that is not'],
  [
    'an unknown name in the file',
    FILE,
    JSON.stringify({ ...DEFAULT_PREFERENCES, chanel: 'beta' }),
    `"chanel". Did you mean channel? \`dgmo-updater config unset chanel\` removes it. Or correct ${FILE}`,
  ],
])('%s', async (_, file, text, message) => {
  for (const verb of ['list', 'explain']) {
    const { code, out, error } = await run(file, text, 'config', verb);
    expect(code).toBe(11);
    expect(error).toContain(`${file}: `);
    expect(error.replaceAll('\n', ' ')).toContain(message);
    expect(error.replaceAll('\n', ' ')).toContain('nothing is looked for or installed');
    expect(out).toContain('autoUpdate');
  }
  const listed = (await run(file, text, 'config', 'list', '--json')).result();
  expect(listed).toMatchObject({ ok: false, exitCode: 11 });
  expect(listed.problems).toEqual([expect.objectContaining({ message: expect.stringContaining(file) })]);
  expect((await run(file, text, 'config', 'get', 'channel')).code).toBe(11);
});

test('a variable of the environment that is no setting: one line, and a warning with --json', async () => {
  const environment = { DGMO_UPDATER_CHANEL: 'beta', DGMO_UPDATER_PIN: '1.0.0', DGMO_UPDATER_NONE: '1' };
  const disk = installedDisk('linux', executable('1.0.0'));
  const host = { ...simulatedHost({ disk, versionOf }), environment };
  const options = { host, settings: SETTINGS, ownFolder: INSTALL_DIR };
  for (const verb of ['list', 'explain', 'get']) {
    const { code, error } = await runCommand(['config', verb, '--home', '/home/.dgmo'], options);
    expect([code, error]).toEqual([
      0,
      'DGMO_UPDATER_CHANEL and 1 more in the environment are no settings, and decide nothing. Did you mean DGMO_UPDATER_CHANNEL?\n',
    ]);
  }
  // What comes after that is about a feed that there is none of.
  for (const command of ['check', 'update', 'download']) {
    const { error } = await runCommand([command, '--home', '/home/.dgmo'], options);
    expect(error).toStartWith('DGMO_UPDATER_CHANEL and 1 more in the environment are no settings, and');
    expect(error).toContain('feed');
  }
  for (const [command, ...words] of [['check'], ['update'], ['download'], ['config', 'list']]) {
    const typed = [command ?? '', ...words, '--json', '--quiet', '--home', '/home/.dgmo'];
    const { out, error } = await runCommand(typed, options);
    expect(error).toBe('');
    const [warning, result] = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(warning).toEqual({
      event: 'warning',
      text: expect.stringMatching(/^DGMO_UPDATER_CHANEL and 1 more .* mean DGMO_UPDATER_CHANNEL\?$/),
    });
    expect(result).toMatchObject({ event: 'result', command });
  }
});

test('of a variable with a long name as much is printed as it takes to find it', async () => {
  const name = `DGMO_UPDATER_${'X'.repeat(3000)}`;
  const disk = installedDisk('linux', executable('1.0.0'));
  const host = { ...simulatedHost({ disk, versionOf }), environment: { [name]: '1' } };
  for (const typed of [
    ['config'],
    ['check'],
    ['check', '--json'],
    ['doctor', '--offline'],
    ['doctor', '--json'],
  ]) {
    const options = { host, settings: SETTINGS, ownFolder: INSTALL_DIR };
    const { out, error } = await runCommand([...typed, '--home', '/home/.dgmo'], options);
    expect(`${out}${error}`).toContain(
      `${name.slice(0, 100)}... (3013 characters) in the environment is no setting`,
    );
    expect(`${out}${error}`).not.toContain('X'.repeat(300));
  }
});

describe('config mends what it is asked to change', () => {
  const written = (settings: object) => JSON.stringify({ ...DEFAULT_PREFERENCES, ...settings });
  const disk = () => installedDisk('linux', executable('1.0.0'));
  const textOf = (on: SimulatedDisk) => JSON.parse(new TextDecoder().decode(on.contentOf(FILE) ?? undefined));

  test.each([
    ['set', 'autoUpdate', 'all', 'autoUpdate = all\n'],
    ['unset', 'autoUpdate', '', 'autoUpdate = manual\n'],
  ])('%s of the key that is wrong', async (verb, key, value, shown) => {
    const on = disk();
    const words = ['config', verb, key, value].filter((word) => word !== '');
    const text = written({ autoUpdate: 'sometimes', updates: false });
    expect(await runOn(on, FILE, text, ...words)).toMatchObject({ code: 0, out: shown, error: '' });
    expect(textOf(on)).toEqual({
      ...DEFAULT_PREFERENCES,
      autoUpdate: value || 'manual',
      updates: false,
    });
  });

  test('unset of a name that is none of a setting', async () => {
    const on = disk();
    const found = await runOn(on, FILE, written({ chanel: 'beta', ring: 7 }), 'config', 'unset', 'chanel');
    expect(found).toMatchObject({ code: 0, out: 'chanel is removed.\n', error: '' });
    expect(textOf(on)).toEqual({ ...DEFAULT_PREFERENCES, ring: 7 });
    const other = await runOn(disk(), FILE, written({}), 'config', 'unset', 'chanel');
    expect(other).toMatchObject({ code: 2, error: expect.stringContaining('Did you mean channel?') });
  });

  test('another key: it is saved, what is wrong stays as it is, and is named', async () => {
    const on = disk();
    const text = written({ autoUpdate: 'sometimes' });
    const { code, out, error } = await runOn(on, FILE, text, 'config', 'set', 'dataFolder', '/data');
    expect([code, out]).toEqual([0, 'dataFolder = /data\n']);
    expect(error).toContain('found "sometimes". `dgmo-updater config unset autoUpdate` returns it');
    expect(textOf(on)).toMatchObject({ autoUpdate: 'sometimes', dataFolder: '/data' });
  });

  test.each([
    ['no JSON', '{"updates": off'],
    ['of a later schema', '{"schema":9,"autoUpdate":"all"}'],
  ])('a file that is %s is left as it is, and the way out is named', async (_, text) => {
    const on = disk();
    const { code, error } = await runOn(on, FILE, text, 'config', 'set', 'autoUpdate', 'off');
    expect([code, new TextDecoder().decode(on.contentOf(FILE) ?? undefined)]).toEqual([11, text]);
    expect(error).toContain(`Correct ${FILE}, or run \`dgmo-updater repair\`.`);
  });
});

test('what the user has turned off stays off if another setting can not be understood', async () => {
  const text = JSON.stringify({ ...DEFAULT_PREFERENCES, updates: false, majors: 'never' });
  const { code, error } = await run(FILE, text, '--apply', '/tmp/a.dgmopkg', '--no-wait', '--no-relaunch');
  expect([code, error]).toEqual([17, expect.stringContaining('updates are turned off here')]);
});

test('the menu does not call it healthy, and offers no update', async () => {
  const broken = await run(POLICY, '{nonsense');
  expect(broken.code).toBe(11);
  expect(broken.out).toContain(
    `dgmo 1.0.0 is installed in ${INSTALL_DIR}, and its files are whole.\n${POLICY}: `,
  );
  expect(broken.out).toContain('Until that is corrected nothing is looked for or installed.');
  expect(broken.out).not.toContain('dgmo-updater update');
  const own = await run(FILE, JSON.stringify({ ...DEFAULT_PREFERENCES, chanel: 'beta' }));
  expect(own.out.match(/"chanel"/g)).toHaveLength(1);
  expect(own.out).toContain('Until that is corrected nothing is looked for or installed.');
  const well = await run(POLICY, '{}');
  expect([well.code, well.out]).toEqual([0, expect.stringContaining('and it is healthy.')]);
});

test('status tells what it can, and calls nothing unknown "none"', async () => {
  const HISTORY = '/home/.dgmo/history.json';
  const entry = { at: 0, kind: 'update', from: '0.9.0', to: '1.0.0', ended: 'done', reason: null };
  const disk = installedDisk('linux', executable('1.0.0'));
  const history = { schema: 1, entries: [{ ...entry, milliseconds: null, installId: null }] };
  disk.place(HISTORY, new TextEncoder().encode(JSON.stringify(history)));
  const text = JSON.stringify({ ...DEFAULT_PREFERENCES, channel: 'beta', majors: 'never' });
  const { out } = await runOn(disk, FILE, text, 'status');
  expect(out).toMatch(/Channel: {6}beta\n/);
  expect(out).toMatch(/Last change: {2}1970-01-01/);
  expect(out).toMatch(/Next check: {3}none until the problem below is corrected/);
  expect(out).toMatch(/Problem: .*found "never"/);
  const hidden = (await runOn(disk, HISTORY, '{', 'status')).out;
  expect(hidden).toMatch(/Last change: {2}unknown/);
});
