/**
 * An update, a rollback or a repair by its versions; one that changes no executable, such as a rollback of data, stays within
 * one. A version that is not known is null.
 */
export function changeText(change: { kind: string; from: string | null; to: string | null }): string {
  const { kind, from, to } = change;
  if (isInstall(change)) return `install of ${to ?? '?'}`;
  if (kind === 'repair' && from === to) return `repair of ${to ?? '?'}`;
  return from === to ? `${kind} within ${to ?? '?'}` : `${kind} from ${from ?? '?'} to ${to ?? '?'}`;
}

/** A first install is a repair of a folder with nothing in it. */
export function isInstall({ kind, from }: { kind: string; from: string | null }): boolean {
  return kind === 'repair' && from === null;
}
