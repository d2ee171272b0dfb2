/** Which evolutions of a release the user wants. */
import type { UpdateInfo } from '../../api/index.ts';
import { evolutionWish } from '../arguments.ts';
import { type CommandContext, optionOf } from '../context.ts';
import { evolutionText } from '../text/update.ts';

/** As given, else as chosen; undefined leaves it to the release. */
export async function evolutionsOf(
  { line, questions }: CommandContext,
  { evolutions }: UpdateInfo,
): Promise<ReturnType<typeof evolutionWish>> {
  const given = evolutionWish(optionOf(line, 'evolutions'));
  if (given !== undefined || questions === null || evolutions.length === 0) return given;
  return questions.chooseSome(
    'Which evolutions do you want with it?',
    evolutions.map((one) => ({ value: one.id, label: evolutionText(one) })),
    evolutions.filter(({ autoApply, installed }) => autoApply || installed !== null).map(({ id }) => id),
  );
}

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
