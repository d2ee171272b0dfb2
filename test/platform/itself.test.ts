/** Modes and owners are changed of what is at a path itself: a symlink that was put there leads nowhere. */
import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { nativeDisk } from '../../lib/platform/native-disk.ts';
import { createdByUs } from '../../lib/platform/posix/ownership.ts';

const isRoot = process.geteuid?.() === 0;
const NOBODY = 65_534;
let folder: string;
let secret: string;
let link: string;

beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'itself-'));
  secret = path.join(folder, 'secret');
  link = path.join(folder, 'link');
  fs.writeFileSync(secret, 'x', { mode: 0o600 });
  fs.symlinkSync(secret, link);
});
afterEach(() => fs.rmSync(folder, { recursive: true, force: true }));

const of = (file: string) => {
  const { uid, gid, mode } = fs.statSync(file);
  return { uid, gid, mode: mode & 0o7777 };
};

describe.skipIf(process.platform === 'win32')('by a symlink', () => {
  test('no mode is set', () => {
    const before = of(secret);
    expect(() => nativeDisk.setMode(link, 0o755)).toThrow('ELOOP');
    expect(of(secret)).toEqual(before);
  });

  test('nothing is imitated, nor does anything imitate it', () => {
    const model = path.join(folder, 'model');
    fs.writeFileSync(model, '');
    fs.chmodSync(model, 0o4755);
    const before = of(secret);
    expect(() => nativeDisk.imitate(link, model)).toThrow('ELOOP');
    expect(of(secret)).toEqual(before);
    fs.chmodSync(secret, 0o777);
    expect(() => nativeDisk.imitate(model, link)).toThrow('ELOOP');
    expect(of(model).mode).toBe(0o4755);
  });

  test.skipIf(!isRoot)('no owner is set, and of no file that has a second name', () => {
    fs.chownSync(folder, NOBODY, NOBODY);
    createdByUs(link);
    const second = path.join(folder, 'second');
    fs.linkSync(secret, second);
    createdByUs(second);
    expect(of(secret).uid).toBe(0);
  });
});

describe.skipIf(process.platform === 'win32')('without a symlink', () => {
  test('a folder and a file that may not be read get their modes', () => {
    const made = path.join(folder, 'made');
    fs.mkdirSync(made, { mode: 0o300 });
    for (const file of [made, secret]) {
      nativeDisk.setMode(file, 0o000);
      nativeDisk.setMode(file, 0o750);
      expect(of(file).mode).toBe(0o750);
    }
  });

  const canDrop =
    isRoot && spawnSync('setpriv', ['--bounding-set=-chown', '--inh-caps=-chown', 'true']).status === 0;
  test.skipIf(!canDrop)(
    'where root may give nothing away, what it makes in the folder of a user stays root’s',
    () => {
      fs.chownSync(folder, NOBODY, NOBODY);
      fs.chmodSync(folder, 0o777);
      const code = `
      import { nativeDisk as disk } from ${JSON.stringify(path.resolve(import.meta.dir, '../../lib/platform/native-disk.ts'))};
      const at = (name) => ${JSON.stringify(folder)} + '/' + name;
      disk.close(disk.open(at('opened'), 'create'));
      disk.createDirectory(at('folder'));
      disk.copy(at('opened'), at('copied'));
      disk.imitate(at('copied'), at('opened'));
      console.log('done');
    `;
      const drop = ['--bounding-set=-chown', '--inh-caps=-chown', process.execPath, '-e', code];
      const { stdout, stderr } = spawnSync('setpriv', drop);
      expect(`${stdout}${stderr}`).toBe('done\n');
      for (const name of ['opened', 'folder', 'copied']) expect(of(path.join(folder, name)).uid).toBe(0);
    },
  );

  test.skipIf(!isRoot)('what root makes in the folder of a user is theirs', () => {
    fs.chownSync(folder, NOBODY, NOBODY);
    const [made, copy] = [path.join(folder, 'made'), path.join(folder, 'copy')];
    nativeDisk.createDirectory(made);
    nativeDisk.copy(secret, copy);
    for (const file of [made, copy]) expect(of(file)).toMatchObject({ uid: NOBODY, gid: NOBODY });
  });

  test.skipIf(!isRoot || Bun.which('setpriv') === null)('also for an owner who may not read it', () => {
    const owned = path.join(folder, 'owned');
    fs.writeFileSync(owned, '', { mode: 0o000 });
    for (const file of [folder, owned]) fs.chownSync(file, NOBODY, NOBODY);
    const module = path.resolve(import.meta.dir, '../../lib/platform/posix/itself.ts');
    const code = `import { posixSetMode } from ${JSON.stringify(module)}; posixSetMode(${JSON.stringify(owned)}, 0o640)`;
    expect(asNobody(code).stderr.toString()).toBe('');
    expect(of(owned).mode).toBe(0o640);
  });
});

test.skipIf(!isRoot || Bun.which('setpriv') === null)(
  'a lock that sudo has left is named, with the command',
  () => {
    const file = path.join(folder, 'lock');
    fs.writeFileSync(file, '', { mode: 0o640 });
    const module = path.resolve(import.meta.dir, '../../lib/platform/posix/lock.ts');
    const code = `import { posixAcquireLock } from ${JSON.stringify(module)};
    try { posixAcquireLock(${JSON.stringify(file)}) } catch (error) { console.log(error.exitCode, error.advice) }`;
    fs.chmodSync(folder, 0o755);
    expect(asNobody(code).stdout.toString()).toBe('12 Run it as that user, for example with sudo.\n');
    fs.chownSync(folder, NOBODY, NOBODY);
    expect(asNobody(code).stdout.toString()).toBe(
      `12 Run \`sudo chown -R ${NOBODY} ${folder}\`, then try again.\n`,
    );
  },
);

function asNobody(code: string) {
  const ids = ['--reuid', String(NOBODY), '--regid', String(NOBODY), '--clear-groups'];
  return spawnSync('setpriv', [...ids, process.execPath, '-e', code], { cwd: folder });
}

describe.skipIf(process.platform === 'win32')('an error names what a person can look at', () => {
  test('in a folder that is held, in one that is held through it, and after a symlink was put in its place', () => {
    fs.mkdirSync(path.join(folder, 'outer', 'inner'), { recursive: true });
    const outer = nativeDisk.hold(path.join(folder, 'outer'));
    const inner = nativeDisk.hold(path.join(outer.path, 'inner'));
    const failing = (work: () => unknown) => {
      try {
        work();
      } catch (error) {
        return error;
      }
      return null;
    };
    const wanted = { code: 'ENOENT', path: path.join(folder, 'outer', 'inner', 'gone') };
    const gone = path.join(inner.path, 'gone');
    for (const work of [
      () => nativeDisk.remove(gone),
      () => nativeDisk.setModified(gone, 1e12),
      () => nativeDisk.rename(gone, path.join(inner.path, 'new')),
      () => nativeDisk.open(gone, 'read'),
    ]) {
      const found = failing(work);
      expect(found).toMatchObject(wanted);
      expect(String(found)).not.toContain('/proc/');
    }
    expect(failing(() => nativeDisk.removeDirectory(outer.self))).toMatchObject({
      path: path.join(folder, 'outer'),
    });
    inner.close();
    outer.close();
  });

  test.skipIf(!isRoot)('the target of a copy, if that may not be written', () => {
    const closed = path.join(folder, 'closed');
    fs.mkdirSync(closed);
    for (const [name, mode] of [
      [folder, 0o755],
      [secret, 0o644],
      [closed, 0o555],
    ] as const) {
      fs.chownSync(name, NOBODY, NOBODY);
      fs.chmodSync(name, mode);
    }
    const to = path.join(closed, 'copy');
    process.seteuid?.(NOBODY);
    try {
      expect(() => nativeDisk.copy(secret, to)).toThrow(
        expect.objectContaining({ code: 'EACCES', path: to }),
      );
    } finally {
      process.seteuid?.(0);
    }
  });
});
