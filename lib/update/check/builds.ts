/**
 * Which of the two builds for x64 is taken here: a pure decision over what is known of the processor, of the feed's releases that
 * were tried here, and of what the user or the administrator wants.
 */
import type { Preferences } from '../../home/preferences.ts';
import { baselineOf, type Target } from '../../version/index.ts';

export interface Builds {
  /** Of this machine, whatever its processor is. */
  machine: Target;
  /** `Host.hasModernInstructions`. */
  modern: boolean | null;
  wanted: Preferences['build'];
  /** The build for newer processors was ended here by an instruction that this one lacks. */
  hasFailed: boolean;
  /** The installed executable is known to be the build for older processors. */
  installedBaseline: boolean;
}

/**
 * The targets to look for in the feed, the best first: it need not have all of them.
 *
 * A publisher with one build for x64 says that it is for every processor, and on an old one it is offered as long as nothing speaks
 * against that: the trial start is the proof. It is not offered in the place of a baseline build that was needed.
 */
export function targetsFor({ machine, modern, wanted, hasFailed, installedBaseline }: Builds): Target[] {
  const baseline = baselineOf(machine);
  if (baseline === null) return [machine];
  if (wanted === 'modern') return [machine, baseline];
  const isOld = modern === false || hasFailed;
  if (wanted === 'auto' && !isOld) return [machine, baseline];
  return isOld && installedBaseline ? [baseline] : [baseline, machine];
}
