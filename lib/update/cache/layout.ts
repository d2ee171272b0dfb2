/**
 * What stands in the cache folder. A file is named by its digest, so that whoever wants it finds it, and nothing
 * half-written ever has that name.
 */
import path from 'node:path';

/** SHA-256 in lower-case hex. */
export const DIGEST = /^[0-9a-f]{64}$/;

export interface CachePaths {
  /** Whole and checked. */
  file: string;
  /** What has come so far. */
  partial: string;
  /** Where that came from, as JSON. */
  record: string;
  /** Held by the process that downloads. Shared by the files with the same first digit, so that it never needs to be removed. */
  lock: string;
}

export function cachePaths(folder: string, sha256: string): CachePaths {
  const file = path.join(folder, sha256);
  return {
    file,
    partial: `${file}.partial`,
    record: `${file}.json`,
    lock: path.join(folder, `lock-${sha256.slice(0, 1)}`),
  };
}

/** The digest that a name in the cache folder belongs to; null for locks and for what is not ours. */
export function digestOfName(name: string): string | null {
  return /^([0-9a-f]{64})(\.partial|\.json(\.tmp)?)?$/.exec(name)?.[1] ?? null;
}
