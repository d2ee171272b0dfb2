/** What a caller may ask of an update. */
import { PolicyError } from '../errors.ts';
import type { EvolutionWish } from '../install/index.ts';
import type { UpdateInfo } from '../update/check/update-info.ts';
import type { ApplyRequest } from './apply.ts';

export interface ApplyOptions {
  /**
   * Which of the release's evolutions are installed: ids, `all`, `none`, or `auto` (the default): those that apply by
   * themselves and those that are installed already.
   */
  evolutions?: EvolutionWish | undefined;
  /** The user's word that an older version, or one below the floor, is wanted. */
  allowDowngrade?: boolean | undefined;
  /** The process that has to exit before the swap, after which DGMO is started again; by default nobody is waited for. */
  waitFor?: number | undefined;
  /** With `waitFor`: start DGMO again afterwards. Default: true. */
  relaunch?: boolean | undefined;
  /** Arguments for the DGMO that is started. */
  args?: readonly string[] | undefined;
  /** What the started DGMO prints goes to standard error. */
  outputToError?: boolean | undefined;
}

export interface ApplyPackageOptions extends ApplyOptions {
  /** Wait for nobody and start nothing. By default the parent process is waited for, if it is DGMO. */
  noWait?: boolean | undefined;
}

/** To go back is for a person to decide, not for whoever signs the list of releases. */
export function requireWordForDowngrade(
  { direction, version }: UpdateInfo,
  { allowDowngrade }: ApplyOptions,
): void {
  if (direction === 'forward' || allowDowngrade === true) return;
  throw new PolicyError(`${version} is older than what is installed`, {
    advice: 'Ask the user, then pass `allowDowngrade: true`; or go back to a snapshot.',
  });
}

export function requestOf(
  options: ApplyOptions,
): Omit<ApplyRequest, 'packages' | 'route' | 'fallback' | 'noWait'> {
  return {
    evolutions: options.evolutions ?? 'auto',
    allowDowngrade: options.allowDowngrade === true,
    root: null,
    waitFor: options.waitFor,
    relaunch: options.relaunch !== false,
    args: options.args ?? [],
    outputToError: options.outputToError === true,
  };
}
