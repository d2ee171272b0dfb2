/** Every error of the system that a person may meet is a sentence. */
import { expect, test } from 'bun:test';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { MachineError } from '../../lib/errors.ts';
import { asUpdaterError } from '../../lib/platform/failures.ts';

const CODES =
  'ENOSPC EDQUOT EFBIG EACCES EPERM EROFS EIO EBUSY ETXTBSY ENOENT ENOEXEC EISDIR ENOTDIR ELOOP ENAMETOOLONG EMFILE ENFILE EAGAIN ENOMEM';

test.each(CODES.split(' '))('%s', (code) => {
  const error = Object.assign(new Error(`${code}: raw words, open '/a'`), { code, path: '/a' });
  const told = asUpdaterError(error, '/elsewhere');
  if (!(told instanceof MachineError)) throw new Error('no MachineError');
  expect(told.message).toMatch(/^\/a: [a-z].*\(E[A-Z]+\)$/);
  expect(told.message).not.toContain('raw words');
});

test('one that is not known says what the system said', () => {
  const error = Object.assign(new Error('ESPIPE: illegal seek'), { code: 'ESPIPE' });
  expect(asUpdaterError(error, '/there')).toMatchObject({
    message: '/there: ESPIPE: illegal seek (ESPIPE)',
    exitCode: 12,
  });
});

const root = process.platform === 'linux' && process.getuid?.() === 0;

test.skipIf(!root)('a disk with room for bytes and none for another file says so', () => {
  const script = `
    import fs from 'node:fs';
    import { asUpdaterError } from ${JSON.stringify(path.resolve(import.meta.dir, '../../lib/platform/failures.ts'))};
    try {
      for (let index = 0; ; index++) fs.writeFileSync(process.argv[1] + '/' + index, '');
    } catch (error) {
      console.log(asUpdaterError(error, '').message);
    }`;
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'dgmo-inodes-'));
  const mount = 'mount -t tmpfs -o size=4m,nr_inodes=8 none "$1" && exec "$2" -e "$3" "$1"';
  const ran = Bun.spawnSync([
    ...['unshare', '-m', 'sh', '-c', mount, 'sh'],
    ...[folder, process.execPath, script],
  ]);
  fs.rmdirSync(folder);
  expect(ran.stdout.toString()).toMatch(
    /: the disk has 4 MB left, and no inode for another file \(ENOSPC\)\n$/,
  );
});

test.skipIf(!root)(
  'a file that somebody else has put into a shared folder: not the advice to be them',
  () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'dgmo-owner-'));
    const file = path.join(folder, 'theirs');
    fs.chmodSync(folder, 0o1777);
    fs.writeFileSync(file, '', { mode: 0o600 });
    fs.chownSync(file, 65533, 65533);
    process.seteuid?.(65534);
    try {
      const error = Object.assign(new Error('EPERM'), { code: 'EPERM', path: file });
      const found = asUpdaterError(error, '');
      expect(found).toMatchObject({ advice: expect.stringContaining('Find out who put it there.') });
      expect(found).not.toMatchObject({ advice: expect.stringContaining('Run it as') });
    } finally {
      process.seteuid?.(0);
      fs.rmSync(folder, { recursive: true });
    }
  },
);

test.skipIf(!root)("a file of somebody else's: whose it is, and who may", () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'dgmo-owner-'));
  const file = path.join(folder, 'theirs');
  fs.writeFileSync(file, '', { mode: 0o600 });
  process.seteuid?.(65534);
  try {
    const error = Object.assign(new Error('EPERM'), { code: 'EPERM', path: folder });
    expect(asUpdaterError(error, '')).toMatchObject({
      message: `${folder}: it belongs to root, and this is user 65534 (EPERM)`,
      advice: 'Run it as root (sudo).',
    });
  } finally {
    process.seteuid?.(0);
    fs.rmSync(folder, { recursive: true });
  }
});

test.skipIf(!root)(
  'a file of root in a folder of ours: root is refused there, so it is to become ours',
  () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'dgmo-owner-'));
    const theirs = path.join(folder, "root's");
    fs.mkdirSync(path.join(theirs, 'deep'), { recursive: true });
    fs.chownSync(folder, 65534, 65534);
    process.seteuid?.(65534);
    try {
      const error = Object.assign(new Error('EACCES'), { code: 'EACCES', path: path.join(theirs, 'deep') });
      expect(asUpdaterError(error, '')).toMatchObject({
        advice: `If it is to be yours, run \`sudo chown -R 65534 '${folder}/root'\\''s'\`, then try again.`,
      });
    } finally {
      process.seteuid?.(0);
      fs.rmSync(folder, { recursive: true });
    }
  },
);

test('too little memory, as the runtime tells it, is one of the machine; another range is not', () => {
  const error = asUpdaterError(new RangeError('Out of memory'), '/opt/dgmo');
  expect(error).toBeInstanceOf(MachineError);
  expect(error).toMatchObject({
    exitCode: 12,
    message: '/opt/dgmo: no memory is left',
    advice: 'Close some programs, or raise the limit, then try again.',
  });
  const fault = new RangeError('slice 5+5 is outside a source of 3 bytes');
  expect(asUpdaterError(fault, '/opt/dgmo')).toBe(fault);
});
