/** An executable that takes the place of another one takes over its owner, group, mode and capabilities. */
import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { nativeDisk } from '../../lib/platform/native-disk.ts';

const isRoot = process.geteuid?.() === 0;
let folder: string;
let model: string;
let fresh: string;

beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'attributes-'));
  model = path.join(folder, 'old');
  fresh = path.join(folder, 'new');
  for (const file of [model, fresh]) fs.writeFileSync(file, '', { mode: 0o600 });
});
afterEach(() => fs.rmSync(folder, { recursive: true }));

const of = (file: string) => {
  const { uid, gid, mode } = fs.statSync(file);
  return { uid, gid, mode: mode & 0o7777 };
};

describe.skipIf(process.platform === 'win32')('a file that imitates another one', () => {
  test('has its mode', () => {
    fs.chmodSync(model, 0o751);
    nativeDisk.imitate(fresh, model);
    expect(of(fresh)).toEqual(of(model));
  });

  test.skipIf(!isRoot)('has its owner and its group, not those of the folder', () => {
    fs.chownSync(model, 0, 100);
    fs.chmodSync(model, 0o4750);
    fs.chownSync(folder, 65534, 65534);
    nativeDisk.imitate(fresh, model);
    expect(of(fresh)).toEqual({ uid: 0, gid: 100, mode: 0o4750 });
  });

  const capabilities = (file: string) =>
    spawnSync('getcap', [file]).stdout.toString().replace(file, '').trim();

  const isRootOnLinux = isRoot && process.platform === 'linux';
  const noSetcap = Bun.which('setcap') === null && process.env.CI !== 'true';
  if (isRootOnLinux && noSetcap) console.warn('skipped: capabilities: Debian has setcap in libcap2-bin');

  test.skipIf(!isRootOnLinux || noSetcap)('has its capabilities', () => {
    // Not on every filesystem, and not in every container.
    if (spawnSync('setcap', ['cap_net_bind_service=ep', model]).status === 1) return;
    expect(nativeDisk.imitate(fresh, model)).toBe(true);
    expect(capabilities(fresh)).toBe('cap_net_bind_service=ep');
  });

  test.skipIf(!isRootOnLinux || noSetcap || Bun.which('setpriv') === null)(
    'has its capabilities only by root, and says so',
    () => {
      if (spawnSync('setcap', ['cap_net_bind_service=ep', model]).status === 1) return;
      fs.chmodSync(model, 0o755);
      for (const file of [folder, fresh]) fs.chownSync(file, 65534, 65534);
      const module = path.resolve(import.meta.dir, '../../lib/platform/posix/attributes.ts');
      const [fromModule, ...files] = [module, fresh, model].map((file) => JSON.stringify(file));
      const code = `import { posixImitate } from ${fromModule}; console.log(posixImitate(${files.join(', ')}))`;
      const nobody = ['--reuid', '65534', '--regid', '65534', '--clear-groups'];
      const ran = spawnSync('setpriv', [...nobody, process.execPath, '-e', code], { cwd: folder });
      expect([ran.stdout.toString(), ran.stderr.toString()]).toEqual(['false\n', '']);
      expect(capabilities(fresh)).toBe('');
    },
  );

  const python = (script: string, ...args: string[]) =>
    spawnSync('python3', ['-c', `import os, sys\n${script}`, ...args], { encoding: 'utf8' });
  /** Of an access list that lets user 65534 read and execute. */
  const ACCESS = '0200000001000700ffffffff02000500feff000004000500ffffffff10000500ffffffff20000500ffffffff';

  test.skipIf(!isRootOnLinux || Bun.which('python3') === null)(
    'has its SELinux label and its access list',
    () => {
      const attributes = {
        'security.selinux': Buffer.from('system_u:object_r:bin_t:s0').toString('hex'),
        'system.posix_acl_access': ACCESS,
      };
      for (const [name, value] of Object.entries(attributes)) {
        const set = python(
          'os.setxattr(sys.argv[1], sys.argv[2], bytes.fromhex(sys.argv[3]))',
          model,
          name,
          value,
        );
        if (/Errno (1|95)]/.test(set.stderr)) return;
        expect(set.stderr).toBe('');
      }
      nativeDisk.imitate(fresh, model);
      for (const [name, value] of Object.entries(attributes))
        expect(python('print(os.getxattr(sys.argv[1], sys.argv[2]).hex())', fresh, name).stdout).toBe(
          `${value}\n`,
        );
    },
  );
});
