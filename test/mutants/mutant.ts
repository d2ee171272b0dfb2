/**
 * A mutant: one check taken out of the code, or turned round, and the tests that have to notice. The lists of them are in
 * `list/`, a file for each room; `npm run mutants` tries them. What a mutant replaces has to occur exactly once in its
 * file, so that a list can't outlive the code that it is about.
 */

/** What is replaced, by what, and what is particular to this one. */
export type Change = readonly [find: string, replace: string, particular?: Particular];

export interface Particular {
  /** Instead of the tests of the file's other mutants. */
  tests?: readonly string[];
  /** Why no test can notice it. Without a reason a mutant that survives is an error. */
  survives?: string;
}

/** The mutants of one source file, and the tests nearest to it, the quickest first. Paths are relative to the top. */
export interface MutatedFile {
  file: string;
  tests: readonly string[];
  changes: readonly Change[];
}

/** A change of one source file. */
export interface Replacement {
  file: string;
  find: string;
  replace: string;
}

export interface Mutant extends Replacement {
  tests: readonly string[];
  survives: string | null;
}

export function mutantsOf(files: readonly MutatedFile[]): Mutant[] {
  return files.flatMap(({ file, tests, changes }) =>
    changes.map(([find, replace, particular = {}]) => ({
      file,
      find,
      replace,
      tests: particular.tests ?? tests,
      survives: particular.survives ?? null,
    })),
  );
}

/** The source with the change, and the line of it (from 1). Throws if what it replaces is not there, or more than once. */
export function applied(change: Replacement, source: string): { text: string; line: number } {
  const { file, find, replace } = change;
  const parts = source.split(find);
  const found = parts.length - 1;
  if (found !== 1) {
    throw new Error(
      `${file}: wanted exactly one ${JSON.stringify(find)}, found ${found}: mend the list that it is in`,
    );
  }
  if (find === replace) throw new Error(`${file}: the change of ${JSON.stringify(find)} changes nothing`);
  const [before = '', after = ''] = parts;
  return { text: before + replace + after, line: before.split('\n').length };
}

/** One line, as it is printed: what became of what. */
export function describeChange({ find, replace }: Replacement): string {
  const oneLine = (text: string) => text.replaceAll(/\s+/g, ' ').trim();
  return `${oneLine(find)}  ->  ${oneLine(replace) || '(nothing)'}`;
}
