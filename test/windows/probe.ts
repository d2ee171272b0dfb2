/**
 * A Windows program that does to files and processes what the updater does, through lib/platform itself. It
 * takes steps as JSON, each `[operation, ...arguments]`, and prints one JSON line for each: what it gave, or
 * the code of what it threw. `hold` and `lock` keep what they opened until it ends, which `stay` puts off.
 */
import fs from 'node:fs';
import { errorCode } from '../../lib/errors.ts';
import { nativeDesktop } from '../../lib/platform/desktop/desktop.ts';
import { isOnBatteryOnWindows, untouchedOnWindows } from '../../lib/platform/desktop/windows.ts';
import { nativeHost } from '../../lib/platform/native.ts';
import { nativeDisk } from '../../lib/platform/native-disk.ts';
import { nativeProcesses } from '../../lib/platform/native-processes.ts';
import { NewFile } from '../../lib/platform/replacement/new-file.ts';
import { digestAhead } from '../../lib/platform/threads/read-ahead.ts';
import { windowsExecutable, windowsIsAlive } from '../../lib/platform/windows/processes.ts';
import { windowsStart } from '../../lib/platform/windows/start.ts';
import { windowsAcquireLock, windowsRename } from '../../lib/platform/windows/system.ts';

export type Step = [operation: keyof typeof operations, ...values: string[]];
export type Answer = { value: unknown } | { code: string; message: string };

const operations = {
  readable: (file: string) => nativeDisk.close(nativeDisk.open(file, 'read')),
  openForWriting: (file: string) => nativeDisk.close(nativeDisk.open(file, 'update')),
  read: (file: string) => fs.readFileSync(file, 'latin1').slice(0, 20),
  create: (file: string, content: string) => {
    const handle = nativeDisk.open(file, 'create', 0o755);
    nativeDisk.write(handle, Buffer.from(content), 0);
    nativeDisk.flush(handle);
    nativeDisk.close(handle);
  },
  writeLarge: async (file: string, size: string) => {
    let isFollowed = false;
    const follow = async (handle: number) => {
      const follower = await nativeDisk.follow(handle);
      if (follower === null) return null;
      const readBack = async () => {
        const found = await follower.readBack();
        isFollowed = found !== null;
        return found;
      };
      return { ...follower, readBack };
    };
    const made = await NewFile.create({ ...nativeDisk, follow }, file, 0o700, Number(size));
    for (const piece = Buffer.alloc(1_000_003, 'piece'); made.size < Number(size); )
      made.write(piece.subarray(0, Number(size) - made.size));
    const found = await made.readBack();
    made.flush();
    made.close();
    return { isFollowed, found, kept: await digestAhead(nativeDisk, file) };
  },
  hold: (file: string) => void nativeDisk.open(file, 'read'),
  holdForWriting: (file: string) => void nativeDisk.open(file, 'update'),
  remove: (file: string) => nativeDisk.remove(file),
  rename: (from: string, to: string) => windowsRename(from, to),
  renameByNode: (from: string, to: string) => fs.renameSync(from, to),
  link: (existing: string, file: string) => nativeDisk.link(existing, file),
  copy: (from: string, to: string) => nativeDisk.copy(from, to),
  setMode: (file: string) => nativeDisk.setMode(file, 0o755),
  status: (file: string) => nativeDisk.status(file),
  resolve: (file: string) => nativeDisk.resolve(file),
  list: (folder: string) => nativeDisk.list(folder).sort(),
  createDirectory: (folder: string) => nativeDisk.createDirectory(folder),
  lock: (file: string) => windowsAcquireLock(file) !== null,
  lockAndRelease: (file: string) => {
    const lock = windowsAcquireLock(file);
    lock?.release();
    return lock !== null;
  },
  pid: () => process.pid,
  parent: () => process.ppid,
  isAlive: (pid: string) => windowsIsAlive(Number(pid)),
  untilGone: async (pid: string) => {
    while (windowsIsAlive(Number(pid))) await Bun.sleep(20);
    return true;
  },
  onBattery: () => isOnBatteryOnWindows(),
  untouched: () => untouchedOnWindows(),
  supply: () => nativeDesktop(nativeHost()).supply(),
  notify: () => nativeDesktop(nativeHost()).notify('title', 'text'),
  executable: (pid: string) => windowsExecutable(Number(pid)),
  ownExecutable: () => windowsExecutable(process.pid),
  running: (file: string) => nativeProcesses.running(file),
  untilRunning: async (file: string) => {
    while (nativeProcesses.running(file).length === 0) await Bun.sleep(20);
    return nativeProcesses.running(file);
  },
  untilNotRunning: async (file: string) => {
    while (nativeProcesses.running(file).length > 0) await Bun.sleep(20);
    return true;
  },
  requestEnd: (pid: string) => nativeProcesses.requestEnd(Number(pid)),
  forceEnd: (pid: string) => nativeProcesses.forceEnd(Number(pid)),
  run: (file: string, workingDirectory: string, timeLimit: string, ...args: string[]) => {
    const environment = process.env as Record<string, string>;
    return nativeProcesses.run(file, args, { workingDirectory, environment, timeLimit: Number(timeLimit) });
  },
  start: (file: string, workingDirectory: string, environment: string, ...args: string[]) => {
    const inherited = process.env as Record<string, string>;
    const options = { workingDirectory, environment: { ...inherited, ...JSON.parse(environment) } };
    windowsStart(file, args, { ...options, outputToError: 'TEST_TO_ERROR' in options.environment });
  },
  say: (text: string) => text,
  stay: (milliseconds: string) => new Promise((resolve) => setTimeout(resolve, Number(milliseconds))),
};

async function answer([operation, ...values]: Step): Promise<Answer> {
  try {
    const effect: (...values: string[]) => unknown = operations[operation];
    return { value: (await effect(...values)) ?? null };
  } catch (error) {
    return { code: errorCode(error) ?? 'none', message: String(error) };
  }
}

if (import.meta.main) {
  for (const step of JSON.parse(process.argv[2] ?? '[]') as Step[]) {
    console.log(JSON.stringify(await answer(step)));
  }
}
