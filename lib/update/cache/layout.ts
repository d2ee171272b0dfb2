/** The files of the cache folder. A whole file is named by its digest; a file that is not whole never has that name. */
import path from 'node:path';

/** SHA-256 in lower-case hex. */
export const DIGEST = /^[0-9a-f]{64}$/;

export interface CachePaths {
  /** Whole and checked. */
  file: string;
  /** The bytes received so far. */
  partial: string;
  /** Where they came from, as JSON. */
  record: string;
  /**
   * Held by the process that downloads. Files with the same first digit share it, so there are 16 of them and none has
   * to be removed.
   */
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

/** The digest that a name in the cache folder belongs to; null for locks and for files of others. */
export function digestOfName(name: string): string | null {
  return /^([0-9a-f]{64})(\.partial|\.json(\.tmp)?)?$/.exec(name)?.[1] ?? null;
}
