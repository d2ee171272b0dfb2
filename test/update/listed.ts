/** Releases as an index lists them, for tests of what is decided over them. */

import type { ListedPackage, ListedRelease } from '../../lib/version/index.ts';
import { sha256 } from '../support/servers/content.ts';

function digestOf(text: string): string {
  return sha256(new TextEncoder().encode(text));
}

/** SHA-256 of the binary of a version. */
export function binaryOf(version: string): string {
  return digestOf(`binary of ${version}`);
}

export function full(version: string, length: number): ListedPackage {
  return { kind: 'full', path: `${version}/full`, length, sha256: digestOf(`full of ${version}`) };
}

export function patch(from: string, to: string, length: number): ListedPackage {
  return {
    kind: 'patch',
    from,
    fromChecksum: binaryOf(from),
    path: `${to}/from-${from}`,
    length,
    sha256: digestOf(`${from} to ${to}`),
  };
}

export function listed(version: string, more: Partial<ListedRelease> = {}): ListedRelease {
  return {
    version,
    releaseDate: 1_790_000_000_000,
    type: 'minor',
    riskLevel: 'low',
    binary: { sha256: binaryOf(version), size: 1000 },
    rollout: 100,
    minimumFrom: null,
    manifest: { path: `${version}/manifest`, length: 100, sha256: digestOf(`manifest of ${version}`) },
    packages: [full(version, 1000)],
    ...more,
  };
}
