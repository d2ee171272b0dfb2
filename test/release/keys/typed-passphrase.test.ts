/** A passphrase that is typed at a real terminal. */
import { describe, expect, test } from 'bun:test';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { openKey } from '../../../lib/trust/index.ts';
import { hasTmux, openScreen } from '../../support/tmux.ts';
import { CHEAP, freshFolder } from '../run.ts';

const CLI = path.join(import.meta.dir, '../../../release/cli.ts');

describe.skipIf(!hasTmux)('on a terminal', () => {
  test('keys init asks again for a passphrase that is too short, or typed differently, and says what comes next', async () => {
    using folder = freshFolder();
    const keys = folder.at('keys');
    using screen = openScreen(
      ['env', '-u', 'DGMO_KEY_PASSPHRASE', process.execPath, CLI, 'keys', 'init', '--dir', keys, ...CHEAP],
      { columns: 100 },
    );
    await screen.shows('Passphrase for the new keys (at least 8 characters)');
    screen.type('short', 'Enter');
    await screen.shows('At least 8 characters are wanted, and these are 5');
    screen.type('and more', 'Enter');
    await screen.shows('The same once more');
    screen.type('something else', 'Enter');
    await screen.shows('They were not the same');
    expect(existsSync(keys)).toBe(false);
    screen.type('long enough', 'Enter');
    await screen.shows('once more\n');
    await screen.shows('The same once more\n│  _');
    screen.type('long enough', 'Enter');
    expect(await screen.shows('[ended with 0]')).toContain('release compile --root');
    const file = readFileSync(folder.at('keys', 'timestamp-1.key'));
    expect(openKey(file, 'long enough').id).toHaveLength(64);
  });

  test('keys init that is interrupted there makes no keys', async () => {
    using folder = freshFolder();
    const keys = folder.at('keys');
    using screen = openScreen(
      ['env', '-u', 'DGMO_KEY_PASSPHRASE', process.execPath, CLI, 'keys', 'init', '--dir', keys, ...CHEAP],
      { columns: 100 },
    );
    await screen.shows('Passphrase for the new keys');
    screen.type('long enough', 'C-c');
    expect(await screen.shows('[ended with 130]')).toContain(
      'interrupted at the passphrase, nothing was changed',
    );
    expect(existsSync(keys)).toBe(false);
  });
});
