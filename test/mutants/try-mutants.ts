/**
 * Tries mutants, one at a time: the change is made in a copy of the tree, the tests that have to notice it are run, and the
 * source is put back. Tests that fail without any change say nothing, so each set of tests is run once like that first.
 */
import type { CopyOfTree, TestRun } from './copy-of-tree.ts';
import { applied, type Mutant } from './mutant.ts';

/**
 * `allowed`: it survived, and the list says why. `needless`: the list says so, and a test noticed it all the same. `untried`:
 * its tests fail without it.
 */
export type Verdict = 'noticed' | 'survived' | 'allowed' | 'needless' | 'untried';

export interface Tried {
  mutant: Mutant;
  line: number;
  verdict: Verdict;
  /** The test that failed first, or that the time was up. */
  by: string;
  milliseconds: number;
}

/** Milliseconds: the time without a change, so many times, and so much more, is a hang. A hang is noticed. */
const PATIENCE = 10;
const LEAST_LIMIT = 30_000;
const FIRST_LIMIT = 600_000;

/** Calls `onTried` after each. Throws, before any is tried, if a mutant does not match its source. */
export async function tryMutants(
  tree: CopyOfTree,
  mutants: readonly Mutant[],
  onTried: (tried: Tried) => void = () => undefined,
): Promise<Tried[]> {
  for (const mutant of mutants) applied(mutant, tree.read(mutant.file));
  const limits = new Map<string, number | string>();
  const results: Tried[] = [];
  for (const mutant of mutants) {
    const key = mutant.tests.join(' ');
    const limit = limits.get(key) ?? (await limitOf(tree, mutant.tests));
    limits.set(key, limit);
    const tried =
      typeof limit === 'string' ? untried(tree, mutant, limit) : await tryOne(tree, mutant, limit);
    results.push(tried);
    onTried(tried);
  }
  return results;
}

/** Milliseconds, or why the tests say nothing: they fail without a mutant. */
async function limitOf(tree: CopyOfTree, tests: readonly string[]): Promise<number | string> {
  const run = await tree.test(tests, FIRST_LIMIT);
  if (run.code === 0) return LEAST_LIMIT + PATIENCE * run.milliseconds;
  return `fails without it: ${firstFailure(run)}`;
}

function untried(tree: CopyOfTree, mutant: Mutant, by: string): Tried {
  const { line } = applied(mutant, tree.read(mutant.file));
  return { mutant, line, verdict: 'untried', by, milliseconds: 0 };
}

async function tryOne(tree: CopyOfTree, mutant: Mutant, limit: number): Promise<Tried> {
  const source = tree.read(mutant.file);
  const { text, line } = applied(mutant, source);
  tree.write(mutant.file, text);
  try {
    const run = await tree.test(mutant.tests, limit);
    return {
      mutant,
      line,
      verdict: verdictOn(mutant, run),
      by: firstFailure(run),
      milliseconds: run.milliseconds,
    };
  } finally {
    tree.write(mutant.file, source);
  }
}

function verdictOn({ survives }: Mutant, { code }: TestRun): Verdict {
  if (code === 0) return survives === null ? 'survived' : 'allowed';
  return survives === null ? 'noticed' : 'needless';
}

function firstFailure({ code, output }: TestRun): string {
  if (code === null) return 'it did not end in time';
  if (code === 0) return '';
  const name = /^\(fail\) (.*?)(?: \[[\d.]+m?s\])?$/m.exec(output)?.[1];
  return name ?? 'the tests could not be loaded';
}
