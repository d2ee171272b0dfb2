/** Finding and ending the processes that run a program, with real processes of a small executable. */
import { afterEach, beforeEach, describe, expect, spyOn, test } from 'bun:test';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { MachineError } from '../../lib/errors.ts';
import { nativeProcesses } from '../../lib/platform/native-processes.ts';

const { executable, forceEnd, isAlive, requestEnd, running } = nativeProcesses;
const SLEEP = fs.realpathSync('/bin/sleep');
const STAY = '50';
const NO_SUCH_PROCESS = 2 ** 22 + 1;

/** For `unshare`: a shell with its own mounts, as in a container. Needs the permission to map oneself to root. */
const OWN_MOUNTS = ['-r', '-m', 'sh', '-c'];
const hasOwnMounts = spawnSync('unshare', [...OWN_MOUNTS, 'mount -t tmpfs none /tmp']).status === 0;

let folder: string;
let program: string;
let children: ChildProcess[];

beforeEach(() => {
  folder = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'processes ü ')));
  program = path.join(folder, 'dgmo');
  children = [];
  install(program);
});
afterEach(() => {
  for (const child of children) child.kill('SIGKILL');
  fs.rmSync(folder, { recursive: true });
});

/** Written under another name first, as by the updater: a running program can't be written to. */
function install(file: string): void {
  fs.copyFileSync(SLEEP, `${file}.new`);
  fs.renameSync(`${file}.new`, file);
}

async function until(reached: () => boolean): Promise<void> {
  const deadline = performance.now() + 10_000;
  while (!reached()) {
    if (performance.now() > deadline) throw new Error(`not reached within 10 s: ${reached}`);
    await Bun.sleep(5);
  }
}

function begin(file: string, args: string[]): number {
  const child = spawn(file, args, { stdio: 'ignore' });
  children.push(child);
  if (child.pid === undefined) throw new Error(`${file} could not be started`);
  return child.pid;
}

/** Starts a program and waits until the process runs it. */
async function start(file = program): Promise<number> {
  const pid = begin(file, [STAY]);
  await until(() => executable(pid) === file);
  return pid;
}

/** Starts a shell that runs `before`, and then becomes the program. */
async function startAfter(before: string): Promise<number> {
  const pid = begin('sh', ['-c', `${before}; exec "$0" ${STAY}`, program]);
  await until(() => executable(pid) === program);
  return pid;
}

function stateOf(pid: number): string | undefined {
  return /^\d+ \(.*\) (\w)/s.exec(fs.readFileSync(`/proc/${pid}/stat`, 'latin1'))?.[1];
}

describe.skipIf(process.platform === 'win32')('the processes that run a program', () => {
  test('are all of its processes and no others', async () => {
    expect(running(program)).toEqual([]);
    const pids = [await start(), await start()];
    await start(SLEEP);
    expect(running(program).sort()).toEqual(pids.sort());
    expect(running(path.join(folder, 'missing'))).toEqual([]);
  });

  test('do not include this process', () => {
    const own = executable(process.pid) ?? '';
    expect(fs.existsSync(own)).toBe(true);
    expect(running(own)).not.toContain(process.pid);
  });

  test('include those that were started before the program was replaced', async () => {
    const before = await start();
    install(program);
    const after = await start();
    expect(running(program).sort()).toEqual([before, after].sort());
  });

  test('include one whose program was removed', async () => {
    const pid = await start();
    fs.unlinkSync(program);
    expect(running(program)).toEqual([pid]);
    expect(executable(pid)).toBe(program);
  });

  test('include one that was started by another name of the same file', async () => {
    const kept = path.join(folder, 'kept');
    fs.linkSync(program, kept);
    const pid = await start(kept);
    expect(running(program)).toEqual([pid]);
    install(program);
    expect(running(program)).toEqual([]);
    expect(running(kept)).toEqual([pid]);
  });

  test('include one whose file was moved to the path', async () => {
    const pid = await start();
    const away = path.join(folder, 'away');
    fs.renameSync(program, away);
    install(program);
    expect(running(program)).toEqual([]);
    expect(running(away)).toEqual([pid]);
  });

  test('do not include one that has ended', async () => {
    const pid = await start();
    forceEnd(pid);
    await until(() => !isAlive(pid));
    expect(running(program)).toEqual([]);
  });
});

describe.skipIf(process.platform !== 'linux')('the processes that run a program on Linux', () => {
  test('do not include a zombie', async () => {
    const list = path.join(folder, 'pid');
    // The shell becomes a program that never waits for its child, which ends only then: the shell would wait for it.
    const parent = begin('sh', [
      '-c',
      `"$0" ${STAY} & echo $! > "$1"; exec "$2" ${STAY}`,
      program,
      list,
      SLEEP,
    ]);
    await until(() => fs.existsSync(list) && fs.readFileSync(list, 'utf8').endsWith('\n'));
    const pid = Number(fs.readFileSync(list, 'utf8'));
    await until(() => executable(pid) === program && executable(parent) === fs.realpathSync(SLEEP));
    forceEnd(pid);
    await until(() => stateOf(pid) === 'Z');
    expect(running(program)).toEqual([]);
    expect(isAlive(pid)).toBe(false);
    forceEnd(pid);
  });

  test('do not include one whose file really has the name that the kernel gives to a removed one', async () => {
    const odd = `${program} (deleted)`;
    install(odd);
    const pid = await start(odd);
    expect(running(program)).toEqual([]);
    expect(running(odd)).toEqual([pid]);
    fs.unlinkSync(odd);
    expect(running(odd)).toEqual([pid]);
  });

  test.skipIf(!hasOwnMounts)(
    'do not include one in a container, where the path is another file',
    async () => {
      const image = path.join(folder, 'image');
      fs.mkdirSync(image);
      install(path.join(image, 'dgmo'));
      const inside = `mount --bind "$1" "$2" && exec "$0" ${STAY}`;
      const pid = begin('unshare', [...OWN_MOUNTS, inside, program, image, folder]);
      await until(() => executable(pid) === program);
      expect(running(program)).toEqual([]);
      install(path.join(image, 'dgmo'));
      expect(executable(pid)).toBe(program);
      expect(running(program)).toEqual([]);
    },
  );

  test.skipIf(!hasOwnMounts)('include one that has its own mounts, but runs the same file', async () => {
    const pid = begin('unshare', [...OWN_MOUNTS, `exec "$0" ${STAY}`, program]);
    await until(() => executable(pid) === program);
    install(program);
    expect(running(program)).toEqual([pid]);
  });
});

describe.skipIf(process.platform === 'win32')('ending a process', () => {
  test('on request', async () => {
    const pid = await start();
    expect(requestEnd(pid)).toBe(true);
    await until(() => !isAlive(pid));
    expect(running(program)).toEqual([]);
  });

  test.skipIf(process.platform !== 'linux')('on request, even if it was suspended', async () => {
    const pid = await start();
    process.kill(pid, 'SIGSTOP');
    await until(() => stateOf(pid) === 'T');
    expect(requestEnd(pid)).toBe(true);
    await until(() => !isAlive(pid));
  });

  test('by force, if it ignores the request', async () => {
    const pid = await startAfter('trap "" TERM');
    expect(requestEnd(pid)).toBe(true);
    // Once a second process, which is asked later, has ended, the first one has received its signal.
    const other = await start();
    requestEnd(other);
    await until(() => !isAlive(other));
    expect(isAlive(pid)).toBe(true);
    forceEnd(pid);
    await until(() => !isAlive(pid));
  });

  test('that has already ended is no error', () => {
    expect(isAlive(NO_SUCH_PROCESS)).toBe(false);
    expect(requestEnd(NO_SUCH_PROCESS)).toBe(true);
    forceEnd(NO_SUCH_PROCESS);
  });

  test('that belongs to another user is refused', () => {
    using kill = spyOn(process, 'kill').mockImplementation(() => {
      throw Object.assign(new Error('EPERM: operation not permitted, kill'), { code: 'EPERM' });
    });
    expect(requestEnd(NO_SUCH_PROCESS)).toBe(false);
    expect(() => forceEnd(NO_SUCH_PROCESS)).toThrow(MachineError);
    expect(() => forceEnd(NO_SUCH_PROCESS)).toThrow(
      `process ${NO_SUCH_PROCESS} could not be ended: it belongs to another user`,
    );
    expect(kill).toHaveBeenCalledWith(NO_SUCH_PROCESS, 'SIGKILL');
  });

  test('never reaches a group of processes', () => {
    using kill = spyOn(process, 'kill').mockImplementation(() => true);
    for (const id of [0, -1, -process.pid, 1.5, Number.NaN]) {
      expect(() => requestEnd(id)).toThrow(RangeError);
      expect(() => forceEnd(id)).toThrow(RangeError);
    }
    expect(kill).not.toHaveBeenCalled();
  });
});
