import { oneLine } from './lines.ts';

/** Aligned columns of text, each as wide as its widest cell. Lines have no trailing spaces. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [head, ...rows].map((row) => row.map(oneLine));
  const widths = head.map((_, column) => Math.max(...all.map((row) => Bun.stringWidth(row[column] ?? ''))));
  return all
    .map((row) =>
      row
        .map((cell, column) =>
          column === row.length - 1
            ? cell
            : `${cell}${' '.repeat((widths[column] ?? 0) - Bun.stringWidth(cell))}`,
        )
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
