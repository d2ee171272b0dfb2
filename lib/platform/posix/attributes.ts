/**
 * What an executable has besides its content: owner, group, mode; on Linux also capabilities, access list and SELinux label.
 * A file that replaces it takes them over, as far as this process may give them.
 */
import { ptr } from 'bun:ffi';
import fs from 'node:fs';
import { errorCode } from '../../errors.ts';
import { withItself } from './itself.ts';
import { attributeCalls } from './libc.ts';
import { systemPath } from './raw-names.ts';

/** Not `security.ima` and `security.evm`: those are signatures of the content. */
const ATTRIBUTES = ['security.selinux', 'system.posix_acl_access', 'security.capability'];

/** Throws if the mode can't be set, or one of them is a symlink. Returns false if the capabilities can't be. */
export function posixImitate(path: string, model: string): boolean {
  const done = withItself(path, (handle) => {
    // An executable that may be run and not read: its attributes can't be had, its owner and mode can.
    const like = withItself(model, (of) => [fs.fstatSync(of), attributesOf(of)] as const);
    const [{ uid, gid, mode }, attributes] = like ?? [fs.lstatSync(systemPath(model)), []];
    const now = fs.fstatSync(handle);
    if (now.uid !== uid || now.gid !== gid) {
      // Who may not give it away may still share it with the same group.
      if (!mayChown(handle, uid, gid)) mayChown(handle, now.uid, gid);
    }
    fs.fchmodSync(handle, mode & 0o7777);
    // After the owner: a change of owner takes the capabilities away.
    return !setAttributes(handle, attributes).includes('security.capability');
  });
  if (done === null) throw Object.assign(new Error(`EACCES: open ${path}`), { code: 'EACCES', path });
  return done;
}

function mayChown(handle: number, uid: number, gid: number): boolean {
  try {
    fs.fchownSync(handle, uid, gid);
    return true;
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
    return false;
  }
}

type Attribute = [name: string, value: Uint8Array];

const MOST = 64 * 1024;

function attributesOf(handle: number): Attribute[] {
  const calls = process.platform === 'linux' ? attributeCalls() : null;
  if (calls === null) return [];
  return ATTRIBUTES.flatMap((name): Attribute[] => {
    const value = new Uint8Array(MOST);
    const length = Number(calls.fgetxattr(handle, text(name), ptr(value), MOST));
    return length > 0 ? [[name, value.subarray(0, length)]] : [];
  });
}

/** Returns the names of those that this process may not give, or the filesystem does not have. */
function setAttributes(handle: number, attributes: Attribute[]): string[] {
  const failed = attributes.filter(
    ([name, value]) => attributeCalls()?.fsetxattr(handle, text(name), ptr(value), value.length, 0) !== 0,
  );
  return failed.map(([name]) => name);
}

/** Bytes of a C string. */
function text(value: string): Uint8Array {
  return Buffer.from(`${value}\0`);
}
