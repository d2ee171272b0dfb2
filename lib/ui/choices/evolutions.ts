/** What there is to say of evolutions that are wanted. */
import type { UpdateInfo } from '../../api/index.ts';

/** That the installed version has all evolutions that are wanted; null if it has not, or one of them is not of that version. */
export function nothingToAddText(
  { version, evolutions }: UpdateInfo,
  wish: 'all' | readonly string[],
): string | null {
  if (wish === 'all' && evolutions.length === 0) return `${version} has no evolutions.`;
  const ids = wish === 'all' ? evolutions.map(({ id }) => id) : wish;
  const isInstalled = (wanted: string) =>
    evolutions.some(({ id, installed }) => id === wanted && installed === version);
  if (ids.length === 0 || !ids.every(isInstalled)) return null;
  if (wish === 'all') return `All evolutions of ${version} are installed already: ${ids.join(', ')}.`;
  return `Installed already, as ${version} has ${ids.length === 1 ? 'it' : 'them'}: ${ids.join(', ')}.`;
}
