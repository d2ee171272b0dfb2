/**
 *     npm run mutants                                everything; takes long
 *     npm run mutants -- trust/feed                  those whose file, or what they replace, contains the text
 *     npm run mutants -- --shard 2/4                 the second quarter of them
 *     npm run mutants -- --list                      only what would be tried
 *
 * Prints a line for each, then those that survived. Exit code 1 if one survived for which the list gives no reason, if it
 * gives a reason for one that was noticed, or if tests fail without any.
 */
import { parseArgs } from 'node:util';
import { copyTree } from './copy-of-tree.ts';
import { MUTANTS } from './list/index.ts';
import { describeChange, type Mutant } from './mutant.ts';
import { type Tried, tryMutants, type Verdict } from './try-mutants.ts';

const { values, positionals } = parseArgs({
  args: Bun.argv.slice(2),
  allowPositionals: true,
  options: { shard: { type: 'string' }, list: { type: 'boolean', default: false } },
});

/** Every n-th one, so that the slow rooms are spread over all parts. */
function part(mutants: readonly Mutant[], shard: string | undefined): Mutant[] {
  if (shard === undefined) return [...mutants];
  const [, which, count] = (/^([1-9]\d*)\/([1-9]\d*)$/.exec(shard) ?? []).map(Number);
  if (which === undefined || count === undefined || which > count) {
    throw new Error(`--shard: wanted a part such as 2/4, found ${shard}`);
  }
  return mutants.filter((_, index) => index % count === which - 1);
}

function isWanted({ file, find }: Mutant): boolean {
  return positionals.length === 0 || positionals.some((text) => file.includes(text) || find.includes(text));
}

function print({ mutant, line, verdict, by, milliseconds }: Tried): void {
  const seconds = (milliseconds / 1000).toFixed(1).padStart(6);
  const why = verdict === 'allowed' ? mutant.survives : by;
  console.log(`${verdict.padEnd(8)} ${seconds} s  ${mutant.file}:${line}  ${describeChange(mutant)}`);
  if (why) console.log(`${' '.repeat(19)}${why}`);
}

const wanted = part(MUTANTS.filter(isWanted), values.shard);
if (values.list) {
  for (const mutant of wanted) console.log(`${mutant.file}  ${describeChange(mutant)}`);
  process.exit();
}

const tree = copyTree();
// The tests are in a group of their own, which Ctrl-C does not reach.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => {
    tree.remove();
    process.exit(130);
  });
}
if (!tree.isolated)
  console.log('There is no `unshare -n` here: the tests run with the network of this machine.');
try {
  const results = await tryMutants(tree, wanted, print);
  const of = (verdict: Verdict) => results.filter((result) => result.verdict === verdict);
  const unexplained = [...of('survived'), ...of('needless'), ...of('untried')];
  console.log(
    `\n${results.length} mutants: ${of('noticed').length} noticed, ${of('allowed').length} survive for a reason, ` +
      `${of('survived').length} survived, ${of('needless').length} noticed although the list gives a reason, ` +
      `${of('untried').length} untried because their tests fail without them`,
  );
  unexplained.forEach(print);
  process.exitCode = unexplained.length === 0 ? 0 : 1;
} finally {
  tree.remove();
}
