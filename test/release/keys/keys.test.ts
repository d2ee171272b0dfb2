import { describe, expect, test } from 'bun:test';
import {
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { decodeKeyFile, decodeRoot, openKey } from '../../../lib/trust/index.ts';
import { CHEAP, freshFolder, PASSPHRASE } from '../run.ts';

describe('release keys init', () => {
  test('makes 3 root keys of which 2 must sign, one key for each other role, and the root', async () => {
    using folder = freshFolder();
    const { code, stdout } = await folder.release(['keys', 'init', '--dir', 'keys', ...CHEAP]);
    expect([code, stdout]).toEqual([0, 'keys/root.json\n']);
    expect(readdirSync(folder.at('keys')).toSorted()).toEqual([
      'root-1.key',
      'root-2.key',
      'root-3.key',
      'root.json',
      'snapshot-1.key',
      'targets-1.key',
      'timestamp-1.key',
    ]);
    const root = decodeRoot(readFileSync(folder.at('keys', 'root.json')));
    expect(root.roles.root).toMatchObject({ threshold: 2, keys: { length: 3 } });
    expect(root.roles.targets).toMatchObject({ threshold: 1, keys: { length: 1 } });
    expect(Math.abs(root.expires - Date.now() - 365 * 86_400_000)).toBeLessThan(60_000);
    const key = openKey(readFileSync(folder.at('keys', 'targets-1.key')), PASSPHRASE);
    expect(root.roles.targets.keys[0]?.id).toBe(key.id);
    const ids = ['root-1', 'root-2', 'root-3', 'snapshot-1', 'timestamp-1'].map(
      (name) => decodeKeyFile(readFileSync(folder.at('keys', `${name}.key`))).keyid,
    );
    expect(new Set([...ids, key.id]).size).toBe(6);
  });

  test.skipIf(process.platform === 'win32')('lets nobody else read them', async () => {
    using folder = freshFolder();
    mkdirSync(folder.at('keys'), { mode: 0o755 });
    await folder.release(['keys', 'init', '--dir', 'keys', ...CHEAP]);
    expect(statSync(folder.at('keys')).mode & 0o777).toBe(0o700);
    for (const name of readdirSync(folder.at('keys'))) {
      expect(statSync(folder.at('keys', name)).mode & 0o777).toBe(name === 'root.json' ? 0o644 : 0o600);
    }
  });

  test.skipIf(process.geteuid?.() !== 0)(
    "gives them to nobody, by root in another user's folder",
    async () => {
      using folder = freshFolder();
      mkdirSync(folder.at('keys'));
      chownSync(folder.at('keys'), 1234, 1234);
      expect((await folder.release(['keys', 'init', '--dir', 'keys', ...CHEAP])).code).toBe(0);
      for (const name of readdirSync(folder.at('keys'))) {
        expect([name, statSync(folder.at('keys', name)).uid]).toEqual([name, 0]);
      }
    },
  );

  test('makes as many targets keys as are asked for', async () => {
    using folder = freshFolder();
    const more = ['--targets-keys', '3', '--targets-threshold', '2', '--expires-days', '10'];
    expect((await folder.release(['keys', 'init', '--dir', 'keys', ...more, ...CHEAP])).code).toBe(0);
    const root = decodeRoot(readFileSync(folder.at('keys', 'root.json')));
    expect(root.roles.targets).toMatchObject({ threshold: 2, keys: { length: 3 } });
    expect(existsSync(folder.at('keys', 'targets-3.key'))).toBe(true);
  });

  test('overwrites nothing', async () => {
    using folder = freshFolder();
    mkdirSync(folder.at('keys'));
    writeFileSync(folder.at('keys', 'targets-1.key'), 'precious');
    const { code, stderr } = await folder.release(['keys', 'init', '--dir', 'keys', ...CHEAP]);
    expect(code).toBe(2);
    expect(stderr).toContain('keys: wanted a folder without keys, found targets-1.key');
    expect(readdirSync(folder.at('keys'))).toEqual(['targets-1.key']);
    expect(readFileSync(folder.at('keys', 'targets-1.key'), 'utf8')).toBe('precious');
  });

  test('without a terminal asks nobody for a passphrase', async () => {
    using folder = freshFolder();
    const args = ['keys', 'init', '--dir', 'keys', ...CHEAP];
    const { code, stderr } = await folder.release(args, { DGMO_KEY_PASSPHRASE: undefined });
    expect(code).toBe(2);
    expect(stderr).toContain('Set DGMO_KEY_PASSPHRASE, or name a file');
    const short = await folder.release(args, { DGMO_KEY_PASSPHRASE: 'short' });
    expect(short.code).toBe(2);
    expect(short.stderr).toContain('the passphrase: wanted at least 8 characters, found 5');
    expect(existsSync(folder.at('keys')) ? readdirSync(folder.at('keys')) : []).toEqual([]);
  });
});
