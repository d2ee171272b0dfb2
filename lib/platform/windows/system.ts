/**
 * What Windows has and node:fs does not: a durable rename, and a lock that is released when its process ends. To be called
 * only on Windows. test/windows/files.test.ts shows how Windows treats held and running files.
 */
import type { Lock } from '../host.ts';
import { ERROR_SHARING_VIOLATION, INVALID_HANDLE, kernel, systemError, widePath } from './kernel.ts';

const DELETE = 0x0001_0000;
const SYNCHRONIZE = 0x0010_0000;
const GENERIC_WRITE = 0x4000_0000;
const SHARE_READ = 1;
const SHARE_ALL = 1 | 2 | 4;
const OPEN_EXISTING = 3;
const OPEN_ALWAYS = 4;
const ATTRIBUTE_NORMAL = 0x80;
const FLAG_OPEN_REPARSE_POINT = 0x0020_0000;
const FLAG_BACKUP_SEMANTICS = 0x0200_0000;
const FLAG_WRITE_THROUGH = 0x8000_0000;
const MOVE_REPLACE_EXISTING = 1;
const MOVE_WRITE_THROUGH = 8;

/**
 * Renames a file durably, and replaces an existing file at `to`. With POSIX semantics (Windows 10, NTFS) the name `to`
 * exists at every instant, and its file may be open with delete sharing. If the system or the filesystem does not support
 * them, this is MoveFileEx. Throws EBUSY or EPERM if another process holds one of the files.
 */
export function windowsRename(from: string, to: string): void {
  if (renameWithPosixSemantics(from, to)) return;
  const { MoveFileExW, GetLastError } = kernel();
  if (MoveFileExW(widePath(from), widePath(to), MOVE_REPLACE_EXISTING | MOVE_WRITE_THROUGH) === 0) {
    throw systemError(GetLastError(), 'rename', from, to);
  }
}

const FILE_RENAME_INFO_EX = 22;
const RENAME_REPLACE_IF_EXISTS = 1;
const RENAME_POSIX_SEMANTICS = 2;

/** False if it was refused for any reason. Nothing has changed then, and MoveFileEx fails with the reason. */
function renameWithPosixSemantics(from: string, to: string): boolean {
  const { CloseHandle, CreateFileW, SetFileInformationByHandle } = kernel();
  const flags = FLAG_OPEN_REPARSE_POINT | FLAG_BACKUP_SEMANTICS | FLAG_WRITE_THROUGH;
  const handle = CreateFileW(
    widePath(from),
    DELETE | SYNCHRONIZE,
    SHARE_ALL,
    null,
    OPEN_EXISTING,
    flags >>> 0,
    0n,
  );
  if (handle === INVALID_HANDLE) return false;
  try {
    const information = renameInformation(to);
    return SetFileInformationByHandle(handle, FILE_RENAME_INFO_EX, information, information.length) !== 0;
  } finally {
    CloseHandle(handle);
  }
}

/** A FILE_RENAME_INFO of 64-bit Windows: flags, padding, root directory (none), length of the name in bytes, name. */
function renameInformation(to: string): Uint8Array {
  const name = new Uint8Array(widePath(to).buffer);
  const information = new Uint8Array(20 + name.length);
  const view = new DataView(information.buffer);
  view.setUint32(0, RENAME_REPLACE_IF_EXISTS | RENAME_POSIX_SEMANTICS, true);
  view.setUint32(16, name.length - 2, true);
  information.set(name, 20);
  return information;
}

/**
 * Opens the file for writing, shared only with readers, so a second writer is refused. The processes that we start don't
 * inherit the handle, and the system closes it when this process ends, even if it is killed. Null if the lock is held.
 */
export function windowsAcquireLock(file: string): Lock | null {
  const { CloseHandle, CreateFileW, GetLastError } = kernel();
  const handle = CreateFileW(
    widePath(file),
    GENERIC_WRITE,
    SHARE_READ,
    null,
    OPEN_ALWAYS,
    ATTRIBUTE_NORMAL,
    0n,
  );
  if (handle !== INVALID_HANDLE) return { release: () => void CloseHandle(handle) };
  const status = GetLastError();
  if (status === ERROR_SHARING_VIOLATION) return null;
  throw systemError(status, 'lock', file);
}
