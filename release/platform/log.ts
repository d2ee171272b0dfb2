/** A log that is appended to: a file, or standard error. */
import { closeSync, openSync, writeSync } from 'node:fs';
import { asUpdaterError } from '../../lib/platform/failures.ts';

const STANDARD_ERROR = 2;

export interface Log {
  /** One write at the end of the file, so that several processes can share it. Throws as node:fs does. */
  append(text: string): void;
  close(): void;
}

/** `file`: null is standard error. MachineError if it can't be opened. */
export function openLog(file: string | null): Log {
  const descriptor = file === null ? STANDARD_ERROR : open(file);
  return {
    append: (text) => {
      writeSync(descriptor, text);
    },
    close: () => {
      if (file !== null) closeSync(descriptor);
    },
  };
}

function open(file: string): number {
  try {
    return openSync(file, 'a', 0o640);
  } catch (error) {
    throw asUpdaterError(error, file);
  }
}
