/** The options of an update. */

import path from 'node:path';
import { PolicyError, UsageError } from '../errors.ts';
import { boolean, oneOf } from '../format/decoder.ts';
import { either, type Fields, processId, wordList } from '../format/inputs.ts';
import type { EvolutionWish } from '../install/index.ts';
import type { UpdateInfo, UpdatePackage } from '../update/check/update-info.ts';
import type { DownloadRoute } from '../update/download/route.ts';
import type { ApplyRequest } from './apply.ts';

export interface ApplyOptions {
  /**
   * Which of the release's evolutions are installed: ids, `all`, `none`, or `auto` (the default): those that apply
   * automatically, and new versions of those that are installed.
   */
  evolutions?: EvolutionWish | undefined;
  /** The user agrees to a version older than the installed one, or below the floor. Default: false. */
  allowDowngrade?: boolean | undefined;
  /** Id of the process that has to exit before the swap, after which DGMO is started again. Default: none. */
  waitFor?: number | undefined;
  /** With `waitFor`: start DGMO again afterwards. Default: true. */
  relaunch?: boolean | undefined;
  /** Arguments for the DGMO that is started. */
  args?: readonly string[] | undefined;
  /** Send what the started DGMO prints to standard error. Default: false. */
  outputToError?: boolean | undefined;
}

export interface ApplyPackageOptions extends ApplyOptions {
  /** Wait for no process and start nothing. By default the update waits for the parent process, if that is DGMO. */
  noWait?: boolean | undefined;
}

export const APPLY_FIELDS: Fields<ApplyOptions> = {
  evolutions: either('ids, all, none, or auto', oneOf('auto', 'all', 'none'), wordList),
  ...{ allowDowngrade: boolean, waitFor: processId, relaunch: boolean, args: wordList },
  outputToError: boolean,
};

/** Only the user may decide to go back, not the publisher of the feed. Throws PolicyError without their consent. */
export function requireConsentToDowngrade(
  { direction, version }: UpdateInfo,
  { allowDowngrade }: ApplyOptions,
): void {
  if (direction === 'forward' || allowDowngrade === true) return;
  throw new PolicyError(`${version} is older than what is installed`, {
    advice: 'Ask the user, then pass `allowDowngrade: true`; or go back to a snapshot.',
  });
}

/**
 * The files must be those of a route in the signed index, each named by its digest, as the cache names them; what is in
 * them is held against that name when they are applied.
 */
export function requireChosen({ files, route, update }: UpdatePackage): void {
  const names = files.map((file) => path.basename(file));
  const isRoute = ({ kind, packages }: DownloadRoute) =>
    kind === route &&
    Bun.deepEquals(
      packages.map(({ sha256 }) => sha256),
      names,
    );
  if (update.routes.some(isRoute)) return;
  throw new UsageError(
    `wanted the packages of ${update.version} as \`downloadUpdate\` returned them, found ${names.join(', ') || 'none'}`,
  );
}

export function requestOf(
  options: ApplyOptions,
): Omit<ApplyRequest, 'packages' | 'route' | 'fallback' | 'baseline' | 'noWait'> {
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
