/**
 * A step of `mixing` that can be taken away: the changes of the source that do so, for the encoder and the decoder alike. What a
 * change replaces has to occur exactly once in its file, so that a list can't outlive the code that it is about.
 */
import { applied, type Replacement } from '../../mutants/mutant.ts';

export interface Step {
  /** In the table; in brackets, what takes its place. */
  name: string;
  changes: readonly Replacement[];
  /** Whether other alignments are found without it. */
  aligns?: true;
}

/** The sources, by path, that the changes make of those that `read` returns, one after the other. */
export function changed(
  changes: readonly Replacement[],
  read: (file: string) => string,
): Map<string, string> {
  const sources = new Map<string, string>();
  for (const change of changes) {
    const source = sources.get(change.file) ?? read(change.file);
    sources.set(change.file, applied(change, source).text);
  }
  return sources;
}

/** Changes of one file below `lib/delta/`. */
export function changesOf(file: string, ...pairs: readonly (readonly [string, string])[]): Replacement[] {
  return pairs.map(([find, replace]) => ({ file: `lib/delta/${file}`, find, replace }));
}
