/** The table of an ablation, as Markdown. */

/** Bytes of the patch of each pair. */
export type Sizes = readonly number[];

/** `whole`: with all steps; the rows of `steps` have by how much more the patches are without each, the most in any pair first. Those that change none are left out. */
export function ablationTable(
  pairs: readonly string[],
  whole: Sizes,
  bsdiff: Sizes,
  steps: readonly (readonly [name: string, sizes: Sizes])[],
): string {
  const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const bytes = (sizes: Sizes) => sizes.map((size) => size.toLocaleString('en'));
  const most = (sizes: Sizes) => Math.max(...sizes.map((size, index) => size / (whole[index] ?? 1)));
  return [
    row(['without', ...pairs]),
    `|${'---|'.repeat(pairs.length + 1)}`,
    row(['nothing: the whole patch', ...bytes(whole)]),
    row(['all of it: the whole patch by `bsdiff`', ...bytes(bsdiff)]),
    ...steps
      .filter(([, sizes]) => sizes.some((size, index) => size !== whole[index]))
      .toSorted(([, a], [, b]) => most(b) - most(a))
      .map(([name, sizes]) =>
        row([name, ...sizes.map((size, index) => difference(size, whole[index] ?? 1))]),
      ),
  ].join('\n');
}

/** By how much more a size is, as the cell of a table. */
export function difference(size: number, whole: number): string {
  if (size === whole) return '0';
  const share = (100 * (size - whole)) / whole;
  const more = (size - whole).toLocaleString('en', { signDisplay: 'always' });
  return `${more} (${share.toFixed(Math.abs(share) >= 1 ? 1 : 2).replace('-0.00', '0.00')} %)`;
}
