/** The commands about the installation itself: `--apply`, `init`. */
import { type Applied, Installation, UpdateManager } from '../api/index.ts';
import { UsageError } from '../errors.ts';
import { evolutionWish, parsePid } from './arguments.ts';
import { type CommandContext, isGiven, optionOf } from './context.ts';

export async function runApply({ line, report, install }: CommandContext): Promise<void> {
  const path = optionOf(line, 'apply');
  if (path === undefined) throw new UsageError('--apply: wanted the path of a package');
  const pid = optionOf(line, 'wait-pid');
  const noWait = isGiven(line, 'no-wait');
  if (pid !== undefined && noWait) throw new UsageError('--wait-pid and --no-wait exclude each other');
  const manager = new UpdateManager({
    ...install,
    onEvent: report.eventsOf('apply', { updated: (applied) => appliedResult(applied) }),
  });
  const { via } = line.values;
  const applied = await manager.applyPackage([...(Array.isArray(via) ? via : []), path], {
    evolutions: evolutionWish(optionOf(line, 'evolutions')),
    allowDowngrade: isGiven(line, 'allow-downgrade'),
    waitFor: pid === undefined ? undefined : parsePid('--wait-pid', pid),
    noWait,
    relaunch: !isGiven(line, 'no-relaunch'),
    args: line.rest,
    outputToError: isGiven(line, 'json'),
  });
  report.result('apply', ...appliedResult(applied));
}

/** The result as text, and as data. */
export function appliedResult({
  from,
  to,
  changed,
  evolutions,
  before,
}: Applied): [string, Record<string, unknown>] {
  const unchanged = from.sha256 === to.sha256;
  const added = evolutions.length === 0 ? '' : ` Installed evolutions: ${evolutions.join(', ')}.`;
  const text = unchanged
    ? `${to.version} is already installed.${added}`
    : `${to.version} is installed (before: ${from.version}).${added}`;
  return [text, { changed, from: from.version, to: to.version, sha256: to.sha256, evolutions, before }];
}

export async function runInit({ line, report, install }: CommandContext): Promise<void> {
  const installation = new Installation({ ...install, onEvent: (event) => report.event(event) });
  const { app, executable, receipt, changed } = await installation.adopt({
    version: optionOf(line, 'version'),
    feed: optionOf(line, 'feed'),
    root: optionOf(line, 'root'),
  });
  const { version } = receipt.binary;
  report.result(
    'init',
    changed
      ? `Adopted ${executable} as ${app} ${version}.`
      : `${executable} was already adopted as ${app} ${version}.`,
    { changed, version, sha256: receipt.binary.sha256, installId: receipt.installId, executable },
  );
}
