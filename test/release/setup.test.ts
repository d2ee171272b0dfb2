/** A fresh checkout sets itself up, whichever script is run in it first. */
import { describe, expect, test } from 'bun:test';
import { chmodSync, copyFileSync, mkdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import packageJson from '../../package.json' with { type: 'json' };
import { type Folder, freshFolder } from './run.ts';

const SETUP = path.join(import.meta.dir, '../../release/setup.mjs');

/** Those that a person runs after another one; they say that something is missing. */
const LATER = ['format', 'build:wasm'];

for (const [name, script] of Object.entries<string>(packageJson.scripts)) {
  test.skipIf(LATER.includes(name))(`npm run ${name} begins with the setup`, () => {
    expect(script).toMatch(/^node release\/setup\.mjs( &&|$)/);
  });
}

describe.skipIf(process.platform === 'win32')('the setup', () => {
  /** A checkout with an npm of its own, which writes down what it was asked for, and talks. */
  function checkout(): Folder {
    const folder = freshFolder();
    for (const name of ['release', 'bin', 'lib/delta/assembly', 'node_modules/bun/bin']) {
      mkdirSync(folder.at(name), { recursive: true });
    }
    copyFileSync(SETUP, folder.at('release/setup.mjs'));
    writeFileSync(folder.at('package-lock.json'), '{}');
    writeFileSync(folder.at('lib/delta/assembly/index.ts'), '');
    const executables = {
      'bin/npm':
        'echo "$@" >> asked\necho talk\n[ "$1" = run ] && touch lib/delta/delta.wasm lib/delta/mixing.wasm lib/delta/deflate.wasm\nexit 0',
      'node_modules/bun/bin/bun.exe': 'exit 0',
    };
    for (const [name, script] of Object.entries(executables)) {
      writeFileSync(folder.at(name), `#!/bin/sh\n${script}\n`);
      chmodSync(folder.at(name), 0o755);
    }
    return folder;
  }

  function setUp(folder: Folder) {
    writeFileSync(folder.at('asked'), '');
    const { exitCode, stdout, stderr } = Bun.spawnSync(['node', folder.at('release/setup.mjs')], {
      env: { PATH: `${folder.at('bin')}:${process.env.PATH}` },
    });
    const asked = readFileSync(folder.at('asked'), 'utf8').trim().split('\n');
    return { exitCode, stdout: stdout.toString(), stderr: stderr.toString(), asked };
  }

  test('installs and compiles once, leaves standard output alone, and says nothing from then on', () => {
    using folder = checkout();
    const first = setUp(folder);
    expect(first).toMatchObject({ exitCode: 0, stdout: '' });
    expect(first.asked).toEqual([expect.stringMatching(/^ci /), 'run --silent build:wasm']);
    expect(first.stderr).toContain('setup: ');
    expect(setUp(folder)).toEqual({ exitCode: 0, stdout: '', stderr: '', asked: [''] });
  });

  test('installs nothing where npm has done it, and does where npm has installed something else', () => {
    const packages = {
      '': { name: 'dgmo-updater' },
      'node_modules/a': { integrity: 'sha512-a' },
      'node_modules/a-win32': { integrity: 'sha512-b', optional: true },
    };
    for (const [integrity, asked] of [
      ['sha512-a', []],
      ['sha512-c', [expect.stringMatching(/^ci /)]],
    ] as const) {
      using folder = checkout();
      writeFileSync(folder.at('package-lock.json'), JSON.stringify({ packages }));
      const installed = { packages: { 'node_modules/a': { integrity } } };
      writeFileSync(folder.at('node_modules/.package-lock.json'), JSON.stringify(installed));
      expect(setUp(folder).asked).toEqual([...asked, 'run --silent build:wasm']);
    }
  });

  test('installs again after the lock file has changed, and compiles again after a source has', () => {
    using folder = checkout();
    setUp(folder);
    writeFileSync(folder.at('package-lock.json'), '{"another": 1}');
    expect(setUp(folder).asked).toEqual([expect.stringMatching(/^ci /)]);
    const later = Date.now() / 1000 + 60;
    utimesSync(folder.at('lib/delta/assembly/index.ts'), later, later);
    expect(setUp(folder).asked).toEqual(['run --silent build:wasm']);
  });
});
