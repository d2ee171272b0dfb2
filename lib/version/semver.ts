/**
 * Versions and their order, as in Semantic Versioning 2.0.0 (https://semver.org); the order is Bun's.
 * test/version/semver.test.ts holds both against the npm package `semver`.
 */
import { DamagedError } from '../errors.ts';
import { type Decoder, stringOf } from '../format/decoder.ts';

/** Versions are used in file names, too. */
const MAX_LENGTH = 64;

const NUMBER = '(?:0|[1-9]\\d*)';
const IDENTIFIER = `(?:${NUMBER}|\\d*[A-Za-z-][0-9A-Za-z-]*)`;
const VERSION = new RegExp(`^${NUMBER}\\.${NUMBER}\\.${NUMBER}(?:-${IDENTIFIER}(?:\\.${IDENTIFIER})*)?$`);

/**
 * `1.2.3` or `1.2.3-beta.4`, at most 64 characters, each number below 2^53. Build metadata (`+...`) is not accepted: it
 * does not count in the order of versions, so two different releases would be equal.
 */
export function isVersion(value: string): boolean {
  if (value.length > MAX_LENGTH || !VERSION.test(value)) return false;
  return value.split(/[.-]/).every((part) => !/^\d+$/.test(part) || Number.isSafeInteger(Number(part)));
}

/**
 * Negative if `a` is older than `b`, positive if it is newer, 0 if they are equal (SemVer section 11).
 *
 * @throws TypeError unless both are versions
 */
export function compareVersions(a: string, b: string): -1 | 0 | 1 {
  for (const value of [a, b])
    if (!isVersion(value)) throw new TypeError(`wanted a semantic version, found ${JSON.stringify(value)}`);
  return Bun.semver.order(a, b);
}

export function isNewer(version: string, than: string): boolean {
  return compareVersions(version, than) > 0;
}

const plainVersion = stringOf('a semantic version such as 1.2.3', isVersion);

export const version: Decoder<string> = (value, path) => {
  try {
    return plainVersion(value, path);
  } catch (error) {
    if (!(error instanceof DamagedError) || typeof value !== 'string') throw error;
    throw new DamagedError(`${error.message}${buildMetadataText(value)}${prefixText(value)}`);
  }
};

/** What is wrong with a version that was given as text and is none. */
export function versionFault(value: string): string {
  return `wanted a semantic version such as 1.2.3, found ${JSON.stringify(value)}${buildMetadataText(value)}${prefixText(value)}`;
}

/** Why the name of a tag is refused, to be added to a message; empty for any other. */
function prefixText(value: string): string {
  return /^v/i.test(value) && isVersion(value.slice(1)) ? `; leave out the ${value.charAt(0)}` : '';
}

/** Why a version with build metadata is refused, to be added to a message; empty for any other. */
export function buildMetadataText(value: string): string {
  const [plain = '', ...metadata] = value.split('+');
  if (metadata.length === 0 || !isVersion(plain)) return '';
  return `; leave out the build metadata (+...): it does not count in the order of versions, so ${plain} would be two releases`;
}
