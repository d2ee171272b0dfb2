/** Who signs: the private keys that are present, for the roles that a root gives them. */
import { TrustError } from '../../lib/errors.ts';
import type { Role, RoleName, SigningKey } from '../../lib/trust/index.ts';

/** A root, or the draft of one. */
export interface Roles {
  readonly roles: Readonly<Record<RoleName, Role>>;
}

export interface Signers {
  /** The keys of the role in that root that can sign. TrustError if they are fewer than its threshold. */
  keys(role: RoleName, root: Roles): SigningKey[];
  /** The same, however few they are. */
  present(role: RoleName, root: Roles): SigningKey[];
  /** Null if the key is not present. */
  find(id: string): SigningKey | null;
  /** Set if keys on another machine sign. */
  readonly remote?: RemoteKeys;
}

export interface RemoteKeys {
  /**
   * Throws SignaturesWanted if anything requested so far has no signature yet. Call it before writing anything that
   * contains signatures, and before signing anything that contains a digest of such a thing.
   */
  requireAll(): void;
}

/**
 * @param find returns the private key with that id; null if it is not present
 * @param where where the keys were looked for, for the message if there are too few
 */
export function signersOf(find: (id: string) => SigningKey | null, where: string): Signers {
  const present: Signers['present'] = (role, root) =>
    root.roles[role].keys.flatMap(({ id }) => find(id) ?? []);
  return { find, present, keys: (role, root) => enough(present(role, root), role, root, where) };
}

const WHERE_KEYS_ARE =
  'Name the folder with them with --keys. Keys of another repository, or replaced ones, do not count.';

export function enough(found: SigningKey[], role: RoleName, root: Roles, where: string): SigningKey[] {
  const { threshold, keys } = root.roles[role];
  if (found.length >= threshold) return found;
  throw new TrustError(
    `${where}: wanted ${threshold} of the root's ${keys.length} ${role} keys to sign with, found ${found.length}`,
    {
      advice:
        role === 'root'
          ? WHERE_KEYS_ARE
          : `${WHERE_KEYS_ARE} One that is lost is replaced with the root keys: \`release rotate ${role}\`.`,
    },
  );
}

/** TrustError if the keys of a role are too few, or if one can't be opened: before the work that ends in signing. */
export function requireKeys(signers: Signers, root: Roles, roles: readonly RoleName[]): void {
  for (const role of roles) signers.keys(role, root);
}
