/** An evolution among the others that may be chosen. */
import type { OfferedEvolution } from '../../update/index.ts';

export function evolutionText(
  { id, description, riskLevel, installed }: OfferedEvolution,
  more: readonly string[] = [],
): string {
  const about = [
    ...(installed === null ? [] : ['installed']),
    ...(riskLevel === undefined ? [] : [`risk ${riskLevel}`]),
    ...more,
  ];
  return `${id}: ${description}${about.length === 0 ? '' : ` (${about.join('; ')})`}`;
}
