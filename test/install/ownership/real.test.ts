/** The executables that a real dpkg and a real npm have installed. */
import { afterAll, expect, test } from 'bun:test';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { openSession } from '../../../lib/install/index.ts';
import { ownerOf } from '../../../lib/install/ownership/owner.ts';
import { nativeHost } from '../../../lib/platform/native.ts';

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'dgmo-owner-'));
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

function run(command: string, args: string[]): void {
  const { status, stderr } = spawnSync(command, args, { cwd: folder, encoding: 'utf8' });
  expect([command, status, status === 0 ? '' : stderr]).toEqual([command, 0, '']);
}

function write(file: string, content: string, mode = 0o644): void {
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, content, { mode });
}

const ownerOfFile = (file: string) =>
  ownerOf(openSession(nativeHost(), { installDir: path.dirname(file), app: path.basename(file) }));

const dpkg = process.getuid?.() === 0 && Bun.which('dpkg-deb') !== null;

test.skipIf(!dpkg)(`dpkg${dpkg ? '' : ' (skipped: needs root on Debian)'}`, async () => {
  const name = `dgmo-owner-${process.pid}`;
  const installed = `/opt/${name}/dgmo`;
  const tree = path.join(folder, 'deb');
  write(path.join(tree, installed), '#!/bin/sh\n', 0o755);
  const control = ['Version: 1.0.0', 'Architecture: all', 'Maintainer: nobody <nobody@example.org>'];
  write(
    path.join(tree, 'DEBIAN/control'),
    [`Package: ${name}`, ...control, 'Description: a test', ''].join('\n'),
  );
  run('dpkg-deb', ['--build', '--root-owner-group', tree, `${name}.deb`]);
  run('dpkg', ['--install', `${name}.deb`]);
  try {
    expect(await ownerOfFile(installed)).toEqual({
      manager: 'dpkg',
      package: name,
      command: `sudo apt-get install --only-upgrade ${name}`,
      evidence: `/var/lib/dpkg/info/${name}.list`,
    });
    fs.copyFileSync(installed, `/opt/${name}/dgmo-by-hand`);
    expect(await ownerOfFile(`/opt/${name}/dgmo-by-hand`)).toBeNull();
    fs.rmSync(`/opt/${name}/dgmo-by-hand`);
  } finally {
    run('dpkg', ['--purge', name]);
  }
});

test('npm: the package that a person has installed, not the one for this platform', async () => {
  const packages = {
    'dgmo-ai': { bin: { dgmo: 'dgmo.js' }, optionalDependencies: { 'dgmo-here': '1.0.0' } },
    'dgmo-here': { os: [process.platform], cpu: [process.arch] },
  };
  for (const [name, fields] of Object.entries(packages)) {
    write(path.join(folder, name, 'package.json'), JSON.stringify({ name, version: '1.0.0', ...fields }));
    write(path.join(folder, name, 'dgmo.js'), '#!/usr/bin/env node\n', 0o755);
    write(path.join(folder, name, 'bin/dgmo'), '#!/bin/sh\n', 0o755);
    run('npm', ['pack', '--silent', `./${name}`]);
  }
  const prefix = path.join(folder, 'prefix');
  const options = ['--offline', '--no-audit', '--no-fund', '--ignore-scripts'];
  const archives = ['./dgmo-here-1.0.0.tgz', './dgmo-ai-1.0.0.tgz'];
  run('npm', ['install', '--global', '--prefix', prefix, ...options, ...archives]);
  const root = fs.realpathSync(path.join(prefix, process.platform === 'win32' ? '' : 'lib', 'node_modules'));
  expect(await ownerOfFile(path.join(root, 'dgmo-here/bin/dgmo'))).toMatchObject({
    manager: 'npm',
    package: 'dgmo-ai',
    command: 'npm install -g dgmo-ai@latest',
  });
});
