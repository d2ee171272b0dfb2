/** What an update is, with all the releases that it passes over: what they bring comes along. */
import { type ListedRelease, RISK_LEVELS, type RiskLevel, type UpdateType } from '../version/index.ts';

export interface Kind {
  /** `security` if the release itself is; else the highest of them all. */
  type: UpdateType;
  /** Whether one of them closes a hole. */
  isSecurity: boolean;
  /** The highest of them all. */
  riskLevel: RiskLevel;
}

export function kindOf(
  release: Pick<ListedRelease, 'type' | 'riskLevel'>,
  passed: readonly Pick<ListedRelease, 'type' | 'riskLevel'>[],
): Kind {
  const all = [release, ...passed];
  return {
    type:
      release.type === 'security'
        ? release.type
        : highest(
            ['patch', 'minor', 'major'],
            release.type,
            passed.map(({ type }) => type),
          ),
    isSecurity: all.some(({ type }) => type === 'security'),
    riskLevel: highest(
      RISK_LEVELS,
      release.riskLevel,
      passed.map(({ riskLevel }) => riskLevel),
    ),
  };
}

/** @param order from the lowest */
function highest<Level extends string>(order: readonly Level[], own: Level, others: readonly Level[]): Level {
  return others.reduce((high, one) => (order.indexOf(one) > order.indexOf(high) ? one : high), own);
}
