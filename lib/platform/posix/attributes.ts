/**
 * What an executable has besides its content: owner, group, mode; on Linux also capabilities, access list and SELinux label.
 * A file that replaces it takes them over, as far as this process may give them.
 */
import { ptr } from 'bun:ffi';
import fs from 'node:fs';
import { errorCode } from '../../errors.ts';
import { attributeCalls } from './libc.ts';
import { systemPath } from './raw-names.ts';

/** Not `security.ima` and `security.evm`: those are signatures of the content. */
const ATTRIBUTES = ['security.selinux', 'system.posix_acl_access', 'security.capability'];

/** Throws only if the mode can't be set. */
export function posixImitate(path: string, model: string): void {
  const { uid, gid, mode } = fs.statSync(systemPath(model));
  const now = fs.statSync(systemPath(path));
  if (now.uid !== uid || now.gid !== gid) {
    // Who may not give it away may still share it with the same group.
    if (!mayChown(path, uid, gid)) mayChown(path, -1, gid);
  }
  fs.chmodSync(systemPath(path), mode & 0o7777);
  // After the owner: a change of owner takes the capabilities away.
  for (const name of ATTRIBUTES) copyAttribute(name, path, model);
}

function mayChown(path: string, uid: number, gid: number): boolean {
  try {
    fs.chownSync(systemPath(path), uid, gid);
    return true;
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
    return false;
  }
}

const MOST = 64 * 1024;

function copyAttribute(name: string, path: string, model: string): void {
  const calls = process.platform === 'linux' ? attributeCalls() : null;
  if (calls === null) return;
  const value = new Uint8Array(MOST);
  const length = Number(calls.getxattr(text(model), text(name), ptr(value), MOST));
  if (length > 0) calls.setxattr(text(path), text(name), ptr(value), length, 0);
}

/** Bytes of a C string. */
function text(value: string): Uint8Array {
  const bytes = systemPath(value);
  return Buffer.concat([typeof bytes === 'string' ? Buffer.from(bytes) : bytes, Buffer.of(0)]);
}
