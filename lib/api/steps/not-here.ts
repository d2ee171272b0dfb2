/** What to say of a program that is not the one that was adopted here. Loaded only if that has to be said. */
import { NotAdoptedError, UsageError } from '../../errors.ts';
import { openTransaction, readJournal, requireSameWriters, type Session } from '../../install/index.ts';
import { UPDATER } from '../../install/layout.ts';

/** Who brought a version that was never adopted updates it as well: that comes before the advice to adopt it. */
export async function withOwner(session: Session, error: NotAdoptedError): Promise<NotAdoptedError> {
  const { ownerOf } = await import('../../install/ownership/owner.ts');
  const owner = await ownerOf(session);
  if (owner === null) return error;
  const { manager, package: name, command } = owner;
  return new NotAdoptedError(error.message, {
    advice: `It was installed by ${manager}, as the package ${name}. Update it with: ${command}`,
    cause: error,
  });
}

/** The records are those of one program: with the name of another one, that would be taken for a damaged executable. */
export function otherProgram({ app, otherApp, layout }: Session): UsageError {
  if (app === UPDATER) {
    return new UsageError(
      `--app: wanted the program that is updated, found ${app}, which is the updater itself`,
      {
        advice: 'Leave out --app.',
      },
    );
  }
  return new UsageError(
    `--app: wanted ${otherApp}, which was adopted in ${layout.installDir}, found ${app}`,
    {
      advice: `Leave out --app. \`dgmo-updater init --app ${app}\` adopts ${app} in its place.`,
    },
  );
}

/** Another program is adopted only if nothing is open: recovering it would look for what was begun in the place of that one. */
export function requireNothingOpen(session: Session): void {
  const { host, layout, app, otherApp } = session;
  if (app === UPDATER) throw otherProgram(session);
  requireSameWriters(host, layout);
  if (openTransaction(readJournal(host.disk, layout).entries) === null) return;
  throw new UsageError(`--app: ${app} can't be adopted while an update of ${otherApp} is open`, {
    advice: 'Run `dgmo-updater recover` first.',
  });
}
