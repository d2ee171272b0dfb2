/** Install folders that can't be used, and what the user is told of them. */
import { afterEach, beforeEach, expect, test } from 'bun:test';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { MachineError, UpdaterError, UsageError } from '../../lib/errors.ts';
import { openSession } from '../../lib/install/index.ts';
import { locate } from '../../lib/install/layout.ts';
import { nativeHost } from '../../lib/platform/native.ts';

let folder: string;

beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'dgmo-layout-'));
});
afterEach(() => fs.rmSync(folder, { recursive: true, force: true }));

function failure(installDir: string): UpdaterError {
  try {
    locate(nativeHost(), installDir, 'dgmo');
  } catch (error) {
    if (error instanceof UpdaterError) return error;
    throw error;
  }
  throw new Error('it was located');
}

test.each(['', '..', 'a/b', 'a\\b', 'C:x', '.dgmo', 'a\0'])('an app that is named %j', (app) => {
  const open = () => openSession(nativeHost(), { installDir: folder, app });
  expect(open).toThrow(UsageError);
  expect(open).toThrow('--app: wanted a name such as dgmo');
});

// Only Linux has such names.
test.skipIf(process.platform !== 'linux')('one whose name is not UTF-8: 12, and to rename it', () => {
  const name = Buffer.concat([Buffer.from(`${folder}/b`), Buffer.from([0xff]), Buffer.from('in')]);
  fs.mkdirSync(name);
  fs.symlinkSync(name, path.join(folder, 'link'));
  fs.writeFileSync(Buffer.concat([name, Buffer.from('/dgmo')]), '');
  // As it is known by the bytes, by a symlink, and as a string of Bun, in which the byte is lost.
  for (const named of [`${folder}/b\udcffin`, `${folder}/link`, `${folder}/b\ufffdin`]) {
    const error = failure(named);
    expect(error).toBeInstanceOf(MachineError);
    expect(error.message).toContain('has a name that is not UTF-8');
    expect(error.advice).toStartWith('Rename that folder');
  }
});

test('one that does not exist: wrong usage', () => {
  expect(failure(path.join(folder, 'none')).exitCode).toBe(2);
});

test('a symlink to the updater is never taken for the program, whether or not something is installed', () => {
  const suffix = process.platform === 'win32' ? '.exe' : '';
  const program = path.join(fs.realpathSync(folder), `dgmo${suffix}`);
  fs.writeFileSync(path.join(folder, `dgmo-updater${suffix}`), '');
  fs.symlinkSync(`dgmo-updater${suffix}`, program);
  expect(locate(nativeHost(), folder, 'dgmo').target).toBe(program);
  fs.mkdirSync(path.join(folder, '.dgmo-updater'));
  fs.writeFileSync(path.join(folder, '.dgmo-updater', 'installed.json'), '');
  expect(locate(nativeHost(), folder, 'dgmo').target).toBe(program);
});
