/** What `release inspect` needs for each kind of file. */
import type { Source } from '../../../lib/platform/files.ts';
import type { TrustedRoot } from '../../../lib/trust/index.ts';

/** Records a fact as soon as it is known, so that a damaged file is described as far as possible. */
export type Note = (name: string, value: unknown) => void;

/** Throws at the first fault. */
export type Inspector = (source: Source, note: Note, given: Given) => void | Promise<void>;

/** What is given besides the file. */
export interface Given {
  root: TrustedRoot | null;
  /** The binary that a patch was made from. */
  old: Source | null;
}
