/** TUF metadata in words, whole: every key, threshold, path and digest that the signature would vouch for. */
import { ROLES, type TrustedRoot } from '../../lib/trust/index.ts';
import type { SignedMetadata, SignedRoot, SignedTargets } from './signed-metadata.ts';

export interface KnownRoot {
  root: TrustedRoot;
  /** Where it was read from, for the description. */
  file: string;
  /** The version that the root to be signed should have. */
  next: number;
}

/** Lines: what it is, then its parts. */
export function describeMetadata(signed: Exclude<SignedMetadata, SignedRoot>): string[] {
  return [`${signed._type} version ${signed.version}, valid until ${signed.expires}`, ...partsOf(signed)];
}

function partsOf(signed: Exclude<SignedMetadata, SignedRoot>): string[] {
  if (signed._type === 'targets') return describeTargets(signed);
  return Object.entries(signed.meta).map(
    ([name, { version, length, hashes }]) => `${name} version ${version}, ${length} bytes, ${hashes.sha256}`,
  );
}

function describeTargets({ targets, delegations }: SignedTargets): string[] {
  const files = Object.entries(targets).flatMap(([name, { length, hashes, custom }]) => [
    `file ${name}, ${length} bytes, ${hashes.sha256}`,
    ...(custom?.revoked ?? []).map(
      ({ version, at }) => `  says that ${version} was revoked at ${new Date(at).toISOString()}`,
    ),
  ]);
  const roles = delegations?.roles ?? [];
  const delegated = roles.flatMap(({ name, threshold, keyids, paths, terminating }) => [
    `delegates to ${name}${terminating ? ', terminating' : ''}: ${threshold} of ${keyids.length} keys must sign`,
    ...keyids.map((id) => `  key ${id}`),
    ...paths.map((path) => `  paths ${path}`),
  ]);
  return files.length + delegated.length === 0 ? ['no files and no delegations'] : [...files, ...delegated];
}

/** The same for a root, as a difference to the current one. */
export function describeRoot(signed: SignedRoot, { root: current, file, next }: KnownRoot): string[] {
  const before = `${new Date(current.expires).toISOString().slice(0, 19)}Z`;
  return [
    `ROOT version ${signed.version}, valid until ${signed.expires}`,
    `compared with root version ${current.version} of ${file}, valid until ${before}` +
      (signed.version === next ? '' : `: NOT the next version, which is ${next}`),
    ...ROLES.flatMap((name) => describeRole(name, signed.roles[name], current.roles[name])),
  ];
}

function describeRole(
  name: string,
  { keyids, threshold }: SignedRoot['roles']['root'],
  current: TrustedRoot['roles']['root'],
): string[] {
  const before = current.keys.map(({ id }) => id);
  const changed = threshold !== current.threshold || keyids.length !== before.length;
  const was = changed ? ` (before: ${current.threshold} of ${before.length})` : '';
  return [
    `${name}: ${threshold} of ${keyids.length} keys must sign${was}`,
    ...keyids.map((id) => (before.includes(id) ? `  keeps   ${id}` : `  ADDS    ${id}`)),
    ...before.filter((id) => !keyids.includes(id)).map((id) => `  REMOVES ${id}`),
  ];
}
