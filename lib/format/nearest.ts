/** "Did you mean": the known word that a mistyped one is closest to. */

/**
 * Returns the sentence for the advice of an error; undefined if no known word is close: at most a third of the letters
 * differ, or one begins with the other.
 */
export function didYouMean(typed: string, known: readonly string[]): string | undefined {
  const word = typed.toLowerCase();
  if (word === '' || word.length > 64) return undefined;
  let best: string | undefined;
  let least = Math.max(1, Math.floor(word.length / 3)) + 1;
  for (const candidate of known) {
    const away = distance(word, candidate.toLowerCase());
    if (away >= least) continue;
    least = away;
    best = candidate;
  }
  best ??= word.length < 3 ? undefined : known.find((candidate) => candidate.toLowerCase().startsWith(word));
  return best === undefined ? undefined : `Did you mean ${best}?`;
}

/** Letters to add, remove, change, or swap with their neighbour (optimal string alignment). */
function distance(a: string, b: string): number {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let row = 1; row <= a.length; row++) {
    const next = [row];
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1];
      let cost = Math.min(
        (last[column] ?? 0) + 1,
        (next[column - 1] ?? 0) + 1,
        (last[column - 1] ?? 0) + (same ? 0 : 1),
      );
      if (row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1])
        cost = Math.min(cost, (before[column - 2] ?? 0) + 1);
      next.push(cost);
    }
    before = last;
    last = next;
  }
  return last[b.length] ?? 0;
}
