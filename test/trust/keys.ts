/** Keys and a root for tests, made from fixed seeds: nobody's secrets, and the same in every run. */
import {
  decodeRoot,
  makeRoot,
  type SigningKey,
  signingKey,
  type TrustedRoot,
} from '../../lib/trust/index.ts';

/** The key whose 32 seed bytes are all `number`. */
export function testKey(number: number): SigningKey {
  return signingKey(new Uint8Array(32).fill(number));
}

export const ROOT_KEYS = [testKey(1), testKey(2), testKey(3)];
export const TARGETS_KEYS = [testKey(11), testKey(12), testKey(13)];
export const SNAPSHOT_KEY = testKey(21);
export const TIMESTAMP_KEY = testKey(31);
/** In no root. */
export const STRANGER = testKey(99);

/** 2035-01-01. */
export const EXPIRES = Date.UTC(2035, 0, 1);

export interface TestRootOptions {
  targets?: SigningKey[];
  threshold?: number;
  expires?: number;
}

export function testRootBytes({
  targets = TARGETS_KEYS.slice(0, 1),
  threshold = 1,
  expires = EXPIRES,
}: TestRootOptions = {}): Uint8Array {
  const draft = {
    version: 1,
    expires,
    roles: {
      root: { keys: ROOT_KEYS, threshold: 2 },
      targets: { keys: targets, threshold },
      snapshot: { keys: [SNAPSHOT_KEY], threshold: 1 },
      timestamp: { keys: [TIMESTAMP_KEY], threshold: 1 },
    },
  };
  return makeRoot(draft, ROOT_KEYS.slice(0, 2));
}

export function testRoot(options?: TestRootOptions): TrustedRoot {
  return decodeRoot(testRootBytes(options));
}
