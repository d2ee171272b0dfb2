/** What `release inspect` asks of the part that knows one kind of file. */
import type { Source } from '../../../lib/platform/files.ts';
import type { TrustedRoot } from '../../../lib/trust/index.ts';

/** Tells one fact as soon as it is known, so that what is known of a damaged file is told. */
export type Note = (name: string, value: unknown) => void;

/** Throws at the first thing that is wrong. */
export type Inspector = (source: Source, note: Note, root: TrustedRoot | null) => void | Promise<void>;
