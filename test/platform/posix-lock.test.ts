/** The lock itself, between real processes: with the C library, and without it where there is no JIT. */
import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { posixAcquireLock, posixSharedHolder } from '../../lib/platform/posix/lock.ts';

const MODULE = path.resolve(import.meta.dir, '../../lib/platform/posix/lock.ts');
const NO_JIT = { ...process.env, BUN_JSC_useJIT: '0' };
const ENVIRONMENTS: [name: string, environment: NodeJS.ProcessEnv][] = [
  ['with the C library', process.env],
  ['without a JIT', NO_JIT],
];

let folder: string;
let file: string;
const children: ChildProcess[] = [];

beforeEach(() => {
  folder = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'lock ')));
  file = path.join(folder, 'lock');
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  fs.rmSync(folder, { recursive: true });
});

const script = (code: string) =>
  `import { posixAcquireLock } from ${JSON.stringify(MODULE)}; const file = ${JSON.stringify(file)}; ${code}`;

/** Whether another process gets the lock. */
function isFree(environment: NodeJS.ProcessEnv): boolean {
  const code = script('console.log(posixAcquireLock(file) !== null)');
  const { stdout, stderr } = spawnSync(process.execPath, ['-e', code], { env: environment, cwd: folder });
  const said = stdout.toString().trim();
  if (said !== 'true' && said !== 'false') throw new Error(`${said}${stderr}`);
  return said === 'true';
}

/** Another process that has it, until it is killed. */
async function holder(environment: NodeJS.ProcessEnv): Promise<{ kill(): Promise<void> }> {
  const code = script(
    'globalThis.lock = posixAcquireLock(file); console.log(lock !== null); setInterval(() => {}, 1000)',
  );
  const child = spawn(process.execPath, ['-e', code], {
    env: environment,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  const exited = new Promise<void>((resolve) => child.on('exit', () => resolve()));
  const said = await new Promise((resolve) =>
    child.stdout?.on('data', (bytes) => resolve(String(bytes).trim())),
  );
  expect(said).toBe('true');
  return {
    async kill() {
      child.kill('SIGKILL');
      await exited;
    },
  };
}

describe.skipIf(process.platform !== 'linux')('between processes', () => {
  const pairs = ENVIRONMENTS.flatMap(([one, first]) =>
    ENVIRONMENTS.map(([two, second]) => ({ one, first, two, second })),
  );

  test.each(pairs)(
    'one $one is seen by one $two, and goes with a holder that is killed',
    async ({ first, second }) => {
      const { kill } = await holder(first);
      expect(isFree(second)).toBe(false);
      expect(fs.readdirSync(folder)).toEqual(['lock']);
      await kill();
      expect(isFree(second)).toBe(true);
    },
  );

  test.each(ENVIRONMENTS)('%s a process has it once, and a refused try does not end it', (_, environment) => {
    const code = script(`
      const lock = posixAcquireLock(file);
      const again = posixAcquireLock(file);
      const other = Bun.spawnSync([process.execPath, '-e', ${JSON.stringify(script('console.log(posixAcquireLock(file) !== null)'))}]);
      lock.release();
      console.log(again === null, other.stdout.toString().trim(), posixAcquireLock(file) !== null);
    `);
    const { stdout } = spawnSync(process.execPath, ['-e', code], { env: environment });
    expect(stdout.toString().trim()).toBe('true false true');
  });

  test.skipIf(spawnSync('strace', ['-V']).status !== 0)(
    'no library is looked for in the working folder',
    () => {
      const trace = path.join(folder, 'trace');
      const code = script('console.log(posixAcquireLock(file) !== null)');
      spawnSync('strace', ['-f', '-e', 'trace=open,openat', '-o', trace, process.execPath, '-e', code], {
        cwd: folder,
        env: NO_JIT,
      });
      const lines = fs.readFileSync(trace, 'utf8').split('\n');
      expect(lines.filter((line) => line.includes(file)).length).toBeGreaterThan(0);
      expect(
        lines.filter((line) => /libc[.\w-]*\.so/.test(line) && !/"\/(usr\/)?(lib|etc)/.test(line)),
      ).toEqual([]);
    },
  );
});

describe.skipIf(process.platform !== 'linux')('a shared lock', () => {
  const LIBC = path.resolve(import.meta.dir, '../../lib/platform/posix/libc.ts');
  const [F_SETLK, F_OFD_SETLK] = [6, 37];

  /** A process that may only read the file, and holds a shared lock on it until its input ends. */
  async function reader(request: number): Promise<ChildProcess> {
    const code = `
      import { ptr } from 'bun:ffi';
      import { libc } from ${JSON.stringify(LIBC)};
      const handle = require('node:fs').openSync(${JSON.stringify(file)}, 'r');
      console.log(libc().fcntl(handle, ${request}, ptr(new Uint8Array(32))));
      process.stdin.resume();
    `;
    const child = spawn(process.execPath, ['-e', code], { stdio: ['pipe', 'pipe', 'inherit'] });
    children.push(child);
    const said = await new Promise((resolve) =>
      child.stdout?.on('data', (bytes) => resolve(String(bytes).trim())),
    );
    expect(said).toBe('0');
    return child;
  }

  test.each([
    ['of a process', F_SETLK, true],
    ['of an open file', F_OFD_SETLK, false],
  ] as const)('%s is told from an updater', async (_, request, saysWho) => {
    fs.writeFileSync(file, '', { mode: 0o644 });
    const { pid } = await reader(request);
    expect(posixAcquireLock(file)).toBeNull();
    expect(posixSharedHolder(file)).toEqual({ pid: saysWho ? (pid ?? null) : null });
    // What the message advises.
    fs.rmSync(file);
    const lock = posixAcquireLock(file);
    expect(lock).not.toBeNull();
    lock?.release();
  });

  test.each(ENVIRONMENTS)('is not what an updater has: %s', async (_, environment) => {
    await holder(environment);
    expect(posixSharedHolder(file)).toBeNull();
  });
});

describe.skipIf(process.platform === 'win32')('its file', () => {
  const mode = () => fs.statSync(file).mode & 0o777;

  test('may be opened by its owner alone: who can open it can hold it', () => {
    posixAcquireLock(file)?.release();
    expect(mode()).toBe(0o600);
  });

  test('is tightened if an older updater has made it', () => {
    fs.writeFileSync(file, '', { mode: 0o644 });
    posixAcquireLock(file)?.release();
    expect(mode()).toBe(0o600);
  });

  test('is no symlink to somewhere else', () => {
    fs.writeFileSync(path.join(folder, 'else'), '');
    fs.symlinkSync('else', file);
    expect(() => posixAcquireLock(file)).toThrow('ELOOP');
  });

  test.skipIf(process.geteuid?.() !== 0)(
    'belongs to the owner of the folder, also if root has made it with a strict umask',
    () => {
      fs.chownSync(folder, 65534, 65534);
      const before = process.umask(0o027);
      try {
        posixAcquireLock(file)?.release();
      } finally {
        process.umask(before);
      }
      expect(fs.statSync(file)).toMatchObject({ uid: 65534, gid: 65534 });
      expect(mode()).toBe(0o600);
    },
  );

  const canDrop = spawnSync('setpriv', ['--bounding-set=-chown', '--inh-caps=-chown', 'true']).status === 0;
  test.skipIf(process.geteuid?.() !== 0 || !canDrop)('stays ours where it can not be given away', () => {
    fs.chownSync(folder, 65534, 65534);
    fs.chmodSync(folder, 0o777);
    const { stdout } = spawnSync('setpriv', [
      ...['--bounding-set=-chown', '--inh-caps=-chown', process.execPath, '-e'],
      script('console.log(posixAcquireLock(file) !== null)'),
    ]);
    expect(stdout.toString().trim()).toBe('true');
    expect(fs.statSync(file).uid).toBe(0);
  });
});
