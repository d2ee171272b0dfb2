/**
 * What Windows offers and node:fs does not: a durable rename, and a lock that dies with its process. Callable on
 * Windows alone. How Windows behaves around held and running files is written down as tests in
 * test/windows/files.test.ts.
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
 * Replaces what stands at `to`, through to the drive. With POSIX semantics (Windows 10, NTFS) the name `to` is
 * there at every instant and may be held with delete sharing; where the system or the filesystem knows no such
 * rename it is MoveFileEx's. Throws EBUSY or EPERM where the file at either name is held.
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

/** False where it was refused, for whatever reason: nothing has changed then, and MoveFileEx says why. */
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

/** FILE_RENAME_INFO of 64-bit Windows: flags, padding, root directory (none), length of the name in bytes, name. */
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
 * The file is open for writing and shared with readers alone, so a second writer is refused. The handle is not
 * inherited by what we start, and the system closes it when we end, however that happens.
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
