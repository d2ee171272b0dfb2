/** Versions and their order: Semantic Versioning 2.0.0, precedence by the npm package `semver`. */
import compare from 'semver/functions/compare.js';
import valid from 'semver/functions/valid.js';
import { type Decoder, stringOf } from '../format/decoder.ts';

/** Versions are used in file names, too. */
const MAX_LENGTH = 64;

/**
 * `1.2.3` or `1.2.3-beta.4`, at most 64 characters. Build metadata (`+...`) is not accepted: it does not count in the
 * order of versions, so two different releases would be equal.
 */
export function isVersion(value: string): boolean {
  return value.length <= MAX_LENGTH && valid(value) === value;
}

/** Negative if `a` is older than `b`, positive if it is newer, 0 if they are equal (SemVer section 11). */
export function compareVersions(a: string, b: string): -1 | 0 | 1 {
  return compare(a, b);
}

export function isNewer(version: string, than: string): boolean {
  return compareVersions(version, than) > 0;
}

export const version: Decoder<string> = stringOf('a semantic version such as 1.2.3', isVersion);
