/** Whose the files are that this process makes. */
import fs from 'node:fs';
import { dirname } from 'node:path';
import { errorCode } from '../../errors.ts';
import { systemPath } from './raw-names.ts';

let keepsFiles = false;

/** From now on, what is made belongs to whoever runs this, in every folder: private keys are nobody else's. */
export function keepFiles(): void {
  keepsFiles = true;
}

/**
 * Everything that is created is told to this function. Run as root in somebody's folder, what is made there is theirs: else
 * one `sudo` would lock them out of it. A courtesy: in a container or a user namespace it may not be possible, and then
 * what was made stays ours.
 *
 * @param handle of the new file, if it is open
 */
export function createdByUs(path: string, handle?: number): void {
  if (keepsFiles || process.geteuid?.() !== 0) return;
  try {
    const { uid, gid } = fs.statSync(systemPath(dirname(path)));
    if (uid === 0) return;
    if (handle === undefined) fs.lchownSync(systemPath(path), uid, gid);
    else fs.fchownSync(handle, uid, gid);
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
  }
}
