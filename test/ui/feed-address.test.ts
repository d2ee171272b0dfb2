/** The address of the feed at the commands that take one: loopback may be plain http, and no message tells a secret. */
import { afterAll, describe, expect, test } from 'bun:test';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'dgmo-feed-address-'));
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));
fs.writeFileSync(path.join(folder, process.platform === 'win32' ? 'dgmo.exe' : 'dgmo'), 'a program');

const UPDATER = path.join(import.meta.dir, '../../updater.ts');

async function run(...args: string[]): Promise<{ code: number; said: string }> {
  const child = Bun.spawn(
    [process.execPath, UPDATER, ...args, '--install-dir', folder, '--home', path.join(folder, 'home')],
    { stdout: 'pipe', stderr: 'pipe' },
  );
  const [out, error, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  return { code, said: out + error };
}

describe.each([
  ['init', (address: string) => run('init', '--version', '1.0.0', '--feed', address)],
  ['config set', (address: string) => run('config', 'set', 'feed', address)],
])('%s', (_, give) => {
  test.each(['http://127.0.0.1:8080', 'http://localhost:8080/dgmo/', 'https://feed.example.org'])(
    'takes %s',
    async (address) => expect(await give(address)).toMatchObject({ code: 0 }),
  );

  test.each([
    ['https://user:secret@feed.example.org/', 'wanted an address without user name and password'],
    ['https://feed.example.org/?token=secret', 'wanted an address without a query and a fragment'],
    ['http://user:secret@feed.example.org/', 'wanted an https address, or http on loopback'],
  ])('refuses %s', async (address, wanted) => {
    const { code, said } = await give(address);
    expect(code).toBe(2);
    expect(said).toContain(`${wanted}, found "http`);
    expect(said).not.toContain('secret');
  });
});
