/** Variables of the environment that were meant to decide a setting, and are none. */
import { didYouMean } from '../../format/nearest.ts';
import { printable } from '../../format/printable.ts';
import { variableOf } from '../../home/decided.ts';
import { PREFERENCE_KEYS } from '../../home/preference-text.ts';
import type { Host } from '../../platform/host.ts';

const PREFIX = 'DGMO_UPDATER_';
const VARIABLES = PREFERENCE_KEYS.map(variableOf);

/** In the order of the environment. */
function unknownVariables({ environment }: Pick<Host, 'environment'>): string[] {
  return Object.keys(environment).filter((name) => name.startsWith(PREFIX) && !VARIABLES.includes(name));
}

/** What is wrong, and what was probably meant; null if there is no such variable. */
export function unknownVariablesText(
  host: Pick<Host, 'environment'>,
): { what: string; advice: string } | null {
  const [first, ...more] = unknownVariables(host);
  if (first === undefined) return null;
  const name = printable(first);
  const what =
    more.length === 0
      ? `${name} in the environment is no setting, and decides nothing`
      : `${name} and ${more.length} more in the environment are no settings, and decide nothing`;
  // What all of them begin with is no likeness.
  const ownName = (variable: string) => variable.slice(PREFIX.length);
  const near = didYouMean(ownName(first), VARIABLES.map(ownName));
  return {
    what,
    advice: near?.replace('mean ', `mean ${PREFIX}`) ?? '`dgmo-updater config explain` lists the variables.',
  };
}
