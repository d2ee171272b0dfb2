/** Whose the files are that this process makes. */
import fs from 'node:fs';
import { errorCode } from '../../errors.ts';
import { pathsOf } from '../path-flavour.ts';
import { withItself } from './itself.ts';
import { systemPath } from './raw-names.ts';

let keepsFiles = false;

/** From now on, what is made belongs to whoever runs this, in every folder: private keys are nobody else's. */
export function keepFiles(): void {
  keepsFiles = true;
}

/**
 * Everything that is created is told to this function. Run as root in somebody's folder, what is made there is theirs: else
 * one `sudo` would lock them out of it. A courtesy: in a container or a user namespace it may not be possible, and then
 * what was made stays ours. Symlinks stay ours too: nobody is locked out by one, and they have no handle.
 *
 * @param handle of the new file, if it is open
 */
export function createdByUs(path: string, handle?: number): void {
  if (keepsFiles || process.geteuid?.() !== 0) return;
  try {
    const { uid, gid } = fs.statSync(systemPath(pathsOf('linux').dirname(path)));
    if (uid === 0) return;
    if (handle === undefined) withItself(path, (made) => giveAway(made, uid, gid));
    else giveAway(handle, uid, gid);
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
  }
}

/** Not what somebody has put in its place meanwhile: that has another owner, or is a second name of another file. */
function giveAway(handle: number, uid: number, gid: number): void {
  const made = fs.fstatSync(handle);
  if (made.uid === 0 && (made.isDirectory() || made.nlink === 1)) fs.fchownSync(handle, uid, gid);
}
