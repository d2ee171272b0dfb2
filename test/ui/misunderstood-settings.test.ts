/** Settings that can't be understood: they are named with what was meant, and those that can be are listed. */
import { expect, test } from 'bun:test';
import { simulatedHost } from '../host/host.ts';
import { executable, INSTALL_DIR, installedDisk, versionOf } from '../host/install.ts';
import { runCommand } from '../support/command-line.ts';
import { SETTINGS } from '../update/stage.ts';

const POLICY = '/etc/dgmo-updater/policy.json';
const FILE = '/home/.dgmo/updater.json';

async function run(file: string, text: string, ...argv: string[]) {
  const disk = installedDisk('linux', executable('1.0.0'));
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
    '{"chanel":"beta"}',
    `"chanel". Did you mean channel? Correct ${FILE}`,
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

test('a variable of the environment that is no setting: one line, and nothing with --json', async () => {
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
  const json = await runCommand(['config', 'list', '--json', '--home', '/home/.dgmo'], options);
  expect([json.code, json.error]).toEqual([0, '']);
});
