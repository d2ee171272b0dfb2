/**
 * Versions and their order, as in Semantic Versioning 2.0.0 (https://semver.org). The npm package `semver` gives the
 * same answers (test/version/semver.test.ts holds the two against each other), but compiles some ninety regular
 * expressions when it is loaded: 2 ms, where an empty program starts in 5.
 */
import { type Decoder, stringOf } from '../format/decoder.ts';

/** Versions are used in file names, too. */
const MAX_LENGTH = 64;

const NUMBER = '(0|[1-9]\\d*)';
const IDENTIFIER = '(?:0|[1-9]\\d*|\\d*[A-Za-z-][0-9A-Za-z-]*)';
const VERSION = new RegExp(`^${NUMBER}\\.${NUMBER}\\.${NUMBER}(?:-(${IDENTIFIER}(?:\\.${IDENTIFIER})*))?$`);

interface ParsedVersion {
  /** Major, minor and patch. */
  numbers: number[];
  /** Identifiers of the pre-release; empty for a release. */
  prerelease: string[];
}

function parse(value: string): ParsedVersion | null {
  if (value.length > MAX_LENGTH) return null;
  const match = VERSION.exec(value);
  if (match === null) return null;
  const numbers = match.slice(1, 4).map(Number);
  return numbers.every(Number.isSafeInteger) ? { numbers, prerelease: match[4]?.split('.') ?? [] } : null;
}

/**
 * `1.2.3` or `1.2.3-beta.4`, at most 64 characters, each of the three numbers below 2^53. Build metadata (`+...`) is
 * not accepted: it does not count in the order of versions, so two different releases would be equal.
 */
export function isVersion(value: string): boolean {
  return parse(value) !== null;
}

/**
 * Negative if `a` is older than `b`, positive if it is newer, 0 if they are equal (SemVer section 11).
 *
 * @throws TypeError unless both are versions
 */
export function compareVersions(a: string, b: string): -1 | 0 | 1 {
  const one = parsed(a);
  const other = parsed(b);
  for (const [index, number] of one.numbers.entries()) {
    const order = compare(number, other.numbers[index] ?? 0);
    if (order !== 0) return order;
  }
  return comparePrereleases(one.prerelease, other.prerelease);
}

export function isNewer(version: string, than: string): boolean {
  return compareVersions(version, than) > 0;
}

function parsed(value: string): ParsedVersion {
  const found = parse(value);
  if (found === null) throw new TypeError(`wanted a semantic version, found ${JSON.stringify(value)}`);
  return found;
}

/** A release comes after its pre-releases; of two pre-releases, one that begins like a shorter one comes after it. */
function comparePrereleases(one: string[], other: string[]): -1 | 0 | 1 {
  if (one.length === 0 || other.length === 0) return compare(other.length, one.length);
  for (const [index, identifier] of one.entries()) {
    const against = other[index];
    const order = against === undefined ? 1 : compareIdentifiers(identifier, against);
    if (order !== 0) return order;
  }
  return compare(one.length, other.length);
}

/** Numbers by value and before words; words by their ASCII codes. Numbers here may be longer than 2^53. */
function compareIdentifiers(one: string, other: string): -1 | 0 | 1 {
  const numeric = isNumeric(one);
  if (numeric !== isNumeric(other)) return numeric ? -1 : 1;
  return (numeric ? compare(one.length, other.length) : 0) || compare(one, other);
}

function isNumeric(identifier: string): boolean {
  return /^\d+$/.test(identifier);
}

function compare<Value extends number | string>(one: Value, other: Value): -1 | 0 | 1 {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}

export const version: Decoder<string> = stringOf('a semantic version such as 1.2.3', isVersion);
