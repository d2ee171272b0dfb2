/** Who signs: the private keys that are here, for the roles that a root gives them. */
import { TrustError } from '../../lib/errors.ts';
import type { Role, RoleName, SigningKey } from '../../lib/trust/index.ts';

/** A root, or the draft of one. */
export interface Roles {
  readonly roles: Readonly<Record<RoleName, Role>>;
}

export interface Signers {
  /** The role's keys in that root that can sign here, at least its threshold of them. TrustError where they are fewer. */
  keys(role: RoleName, root: Roles): SigningKey[];
  /** The same without asking how many. */
  present(role: RoleName, root: Roles): SigningKey[];
  /** Null where it is not here. */
  find(id: string): SigningKey | null;
  /** Where keys sign elsewhere: what they sent, and what they are to send. */
  readonly elsewhere?: Elsewhere;
}

export interface Elsewhere {
  /**
   * Throws SignaturesWanted where anything that was asked for until now has no signature yet. To be called before
   * anything is written that holds signatures, and before anything is signed that holds a digest of what does.
   */
  requireAll(): void;
}

/**
 * @param find the private key of an id; null where it is not here
 * @param where named in the message when too few are
 */
export function signersOf(find: (id: string) => SigningKey | null, where: string): Signers {
  const present: Signers['present'] = (role, root) =>
    root.roles[role].keys.flatMap(({ id }) => find(id) ?? []);
  return { find, present, keys: (role, root) => enough(present(role, root), role, root, where) };
}

export function enough(found: SigningKey[], role: RoleName, root: Roles, where: string): SigningKey[] {
  const { threshold, keys } = root.roles[role];
  if (found.length >= threshold) return found;
  throw new TrustError(
    `${where}: wanted ${threshold} of the root's ${keys.length} ${role} keys to sign with, found ${found.length}`,
  );
}
