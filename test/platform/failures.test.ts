/** Every error of the system that a person may meet is a sentence. */
import { describe, expect, spyOn, test } from 'bun:test';
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
  const ofSystem = Object.assign(new Error('cannot allocate memory'), { code: 'ENOMEM', path: '/a' });
  expect(asUpdaterError(ofSystem, '/opt/dgmo')).toMatchObject({ message: '/a: no memory is left (ENOMEM)' });
  const fault = new RangeError('slice 5+5 is outside a source of 3 bytes');
  expect(asUpdaterError(fault, '/opt/dgmo')).toBe(fault);
});

test('what is no error of the system stays what it is', () => {
  for (const thrown of [
    'text',
    null,
    { code: 'ENOSPC' },
    new MachineError('known'),
    new TypeError('a fault'),
  ])
    expect(asUpdaterError(thrown, '/opt/dgmo')).toBe(thrown);
});

describe('a disk that is full', () => {
  const full = (more: object) => {
    using _ = spyOn(fs, 'statfsSync').mockReturnValue({
      ...{ type: 0, bsize: 4096, blocks: 1000, bfree: 1000, bavail: 1000, files: 8, ffree: 0 },
      ...more,
    } as never);
    return asUpdaterError(Object.assign(new Error('full'), { code: 'ENOSPC', path: '/a' }), '');
  };
  const NO_INODE = { message: expect.stringContaining('no inode for another file') };

  test.each([
    ['has room for bytes, and no inode', {}, true],
    ['has inodes left', { ffree: 1 }, false],
    ['has neither', { bavail: 0 }, false],
    ['is of a filesystem that counts no inodes', { files: 0 }, false],
  ])('%s', (_, more, isInodes) => {
    if (isInodes) expect(full(more)).toMatchObject(NO_INODE);
    else expect(full(more)).not.toMatchObject(NO_INODE);
  });
});

describe.skipIf(!root)('a file that may not be used', () => {
  const USER = 65534;
  /** What is said of `name` to that user, once `make` has made it in a folder of that owner. */
  const toldOf = (name: string, make: (folder: string) => void, { user = USER, owner = USER } = {}) => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'dgmo-owner-'));
    make(folder);
    fs.chownSync(folder, owner, owner);
    fs.chmodSync(folder, 0o755);
    process.seteuid?.(user);
    try {
      const error = Object.assign(new Error('no'), { code: 'EACCES', path: path.join(folder, name) });
      const { message, advice = '' } = asUpdaterError(error, '') as MachineError;
      return `${message} ${advice}`.replaceAll(folder, 'FOLDER');
    } finally {
      process.seteuid?.(0);
      fs.rmSync(folder, { recursive: true });
    }
  };
  const withMode =
    (mode: number, owner = USER) =>
    (folder: string) => {
      fs.writeFileSync(path.join(folder, 'it'), '');
      fs.chownSync(path.join(folder, 'it'), owner, owner);
      fs.chmodSync(path.join(folder, 'it'), mode);
    };

  test('of our own: its mode, and what it may be', () => {
    expect(toldOf('it', withMode(0o400))).toBe(
      'FOLDER/it: it has mode 400 (EACCES) Run `chmod u+rw FOLDER/it`, or `chmod 755 FOLDER/it` if it is a program.',
    );
    expect(toldOf('it', withMode(0o055))).toBe(
      'FOLDER/it: it has mode 55 (EACCES) Run `chmod u+rwX FOLDER/it`.',
    );
    const folder = (parent: string) => {
      fs.mkdirSync(path.join(parent, 'it'), { mode: 0 });
      fs.chownSync(path.join(parent, 'it'), USER, USER);
    };
    expect(toldOf('it', folder)).toBe('FOLDER/it: it has mode 0 (EACCES) Run `chmod u+rwX FOLDER/it`.');
    expect(toldOf('it', withMode(0o600))).not.toContain('mode');
  });

  test('of somebody else, in their folder: theirs, and who they are', () => {
    expect(toldOf('it', withMode(0o600, 65533), { owner: 65533 })).toBe(
      'FOLDER/it: it belongs to user 65533, and this is user 65534 (EACCES) Run it as user 65533.',
    );
  });

  test('of root, in the folder of a third: root may', () => {
    expect(toldOf('it', withMode(0o600, 0), { owner: 65533 })).toBe(
      'FOLDER/it: it belongs to root, and this is user 65534 (EACCES) Run it as root (sudo).',
    );
  });

  test('that does not exist: the folder that it would be in', () => {
    expect(toldOf('some/it', () => undefined, { owner: 65533 })).toStartWith(
      'FOLDER/some/it: FOLDER belongs to user 65533, and this is user 65534 (EACCES)',
    );
  });

  test('by root, who may use all: only what the system says', () => {
    expect(toldOf('it', withMode(0o600, 65533), { user: 0, owner: 65533 })).not.toContain('belongs');
  });
});
