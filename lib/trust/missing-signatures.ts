import { errorMessage } from '../errors.ts';

/**
 * What is missing, if that is what the library means by its error: it says `<role> was signed by <found>/<wanted> keys`. Null if
 * it means something else.
 */
export function missingSignatures(error: unknown): string | null {
  const [, found, wanted] = / was signed by (\d+)\/(\d+) keys$/.exec(errorMessage(error)) ?? [];
  if (found === undefined) return null;
  const [signatures, keys] =
    wanted === '1' ? ['signature', 'a key that is'] : ['signatures', 'keys that are'];
  return `wanted ${wanted} valid ${signatures} by ${keys} trusted here, found ${found}`;
}
