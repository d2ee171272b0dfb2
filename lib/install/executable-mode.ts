import type { Session } from './session.ts';

/**
 * The mode of an executable that replaces one with this mode: the same, if anybody may run it. It may have capabilities or a group
 * that not everybody who may read it is to have. If the permission to run it was removed by mistake, whoever may read it gets that,
 * and if nobody may read it either (chmod 000), it has the mode of a new one. Its owner may read and run it.
 */
export function executableMode(mode: number): number {
  const runnable = (mode & 0o111) === 0 ? mode | ((mode & 0o444) >> 2) : mode;
  return (runnable & 0o111) === 0 ? mode | NEW_EXECUTABLE : runnable | 0o500;
}

export const NEW_EXECUTABLE = 0o755;

/** Gives the executable that is there the mode that one in its place would have. */
export function makeRunnable({ host, layout }: Session): void {
  const status = host.disk.status(layout.target);
  if (host.platform === 'win32' || status?.kind !== 'file') return;
  const mode = executableMode(status.mode);
  if (mode !== status.mode) host.disk.setMode(layout.target, mode);
}

/**
 * Gives a new executable what the one that it replaces has besides its content, and says so if it can't have all of it.
 *
 * @param model the one that it replaces, or one of before if that is gone
 */
export function takeOver(session: Session, path: string, model: string): void {
  const { host, layout } = session;
  if (host.disk.imitate(path, model)) return;
  session.emit({
    event: 'warning',
    text: `The new ${layout.target} has not the capabilities of the old one, which only root may give: \`getcap -r ${layout.workDir}\` shows them, \`sudo setcap\` gives them to it once it is installed.`,
  });
}
