/** An update or a rollback by its versions; one that changes no executable, such as a rollback of data, stays within one. */
export function changeText({ kind, from, to }: { kind: string; from: string; to: string }): string {
  return from === to ? `${kind} within ${to}` : `${kind} from ${from} to ${to}`;
}
