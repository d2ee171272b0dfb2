/** Names of targets, as they are typed. */
import { type Target, targetName } from '../../lib/version/index.ts';
import { unknownWord } from '../command.ts';

/** What others call what Node calls `win32-x64` and so on. */
const OTHER_NAMES: readonly [RegExp, string][] = [
  [/^(windows|win64|win)(?=-|$)/, 'win32'],
  [/^(macos|mac|osx)(?=-|$)/, 'darwin'],
  [/-(amd64|x86_64|x86-64)(?=-|$)/, '-x64'],
  [/-aarch64(?=-|$)/, '-arm64'],
];

/**
 * The target with that name. Throws UsageError, with the one that may have been meant.
 *
 * @param typed what was given, for the message; begins with what was wanted besides
 */
export function readTarget(name: string, targets: readonly Target[], option: string, typed: string): Target {
  const names = targets.map(targetName);
  const found = targets[names.indexOf(name)];
  if (found !== undefined) return found;
  const ours = OTHER_NAMES.reduce((text, [other, own]) => text.replace(other, own), name.toLowerCase());
  throw unknownWord(`${option}: wanted ${names.join(', ')}${typed}`, ours, names);
}
