import { describe, expect, test } from 'bun:test';
import { DamagedError, TrustError } from '../../lib/errors.ts';
import { decodeRoot, isExpired, makeRoot, type SigningKey, trustRoot } from '../../lib/trust/index.ts';
import {
  EXPIRES,
  ROOT_KEYS,
  SNAPSHOT_KEY,
  STRANGER,
  TARGETS_KEYS,
  TIMESTAMP_KEY,
  testRoot,
  testRootBytes,
} from './keys.ts';

type Json = { signed: Record<string, unknown>; signatures: { keyid: string; sig: string }[] };
const parsed = (): Json => JSON.parse(new TextDecoder().decode(testRootBytes()));

describe('the trusted root', () => {
  test('gives the keys and the threshold of every role', () => {
    const root = testRoot({ targets: TARGETS_KEYS, threshold: 2 });
    expect(root.version).toBe(1);
    expect(root.roles.targets.threshold).toBe(2);
    expect(root.roles.targets.keys.map(({ id }) => id)).toEqual(TARGETS_KEYS.map(({ id }) => id));
    expect(root.roles.root.threshold).toBe(2);
    expect(root.roles.timestamp.keys.map(({ id }) => id)).toEqual([TIMESTAMP_KEY.id]);
  });

  test('may be JSON already', () => {
    expect(trustRoot(parsed()).roles).toEqual(testRoot().roles);
  });

  test('knows when it expires, to the second, and is decoded nonetheless', () => {
    const root = testRoot();
    expect(root.expires).toBe(EXPIRES);
    expect(isExpired(root, EXPIRES - 1)).toBe(false);
    expect(isExpired(root, EXPIRES)).toBe(true);
  });
});

describe('a root is not trusted when', () => {
  test('one of two root keys signed it', () => {
    const json = parsed();
    json.signatures = json.signatures.slice(0, 1);
    expect(() => trustRoot(json)).toThrow(TrustError);
    expect(() => trustRoot(json)).toThrow(
      'root version 1: wanted 2 valid signatures by keys that are trusted here, found 1',
    );
  });

  test('a stranger signed it under the id of a root key', () => {
    const json = parsed();
    const stranger = makeStrangersRoot([STRANGER, ROOT_KEYS[0] as SigningKey]);
    const [signature] = stranger.signatures;
    json.signatures = json.signatures.map(({ keyid }) => ({ keyid, sig: signature?.sig ?? '' }));
    expect(() => trustRoot(json)).toThrow(TrustError);
  });

  test('anything in it was changed', () => {
    const changes: [string, unknown][] = [
      ['version', 2],
      ['expires', '2099-01-01T00:00:00Z'],
      ['more', true],
    ];
    for (const [name, value] of changes) {
      const json = parsed();
      json.signed[name] = value;
      expect(() => trustRoot(json)).toThrow(TrustError);
    }
  });
});

describe('a malformed root is damaged:', () => {
  const key = ROOT_KEYS[0]?.id ?? '';
  const cases: [what: string, change: (json: Json) => void, message: string | RegExp][] = [
    [
      'no object',
      (json) => Object.assign(json, { signed: null }),
      'wanted TUF root metadata, found something else',
    ],
    ['another role', ({ signed }) => Object.assign(signed, { _type: 'targets' }), 'wanted TUF root metadata'],
    [
      'another spec',
      ({ signed }) => Object.assign(signed, { spec_version: '2.0.0' }),
      'wanted TUF root metadata',
    ],
    [
      'version 0',
      ({ signed }) => Object.assign(signed, { version: 0 }),
      'root.signed.version: wanted a whole number from 1, found 0',
    ],
    [
      'inconsistent',
      ({ signed }) => Object.assign(signed, { consistent_snapshot: false }),
      'root.signed.consistent_snapshot: wanted true, found false',
    ],
    [
      'no keys',
      ({ signed }) => Object.assign(signed, { keys: {} }),
      /^root.signed.keys.[0-9a-f]{64}: wanted an object, found nothing$/,
    ],
    [
      'threshold above the keys',
      (json) => Object.assign(role(json, 'targets'), { threshold: 2 }),
      'root.signed.roles.targets.threshold: wanted a whole number from 1 to 1, found 2',
    ],
    [
      'threshold 0',
      (json) => Object.assign(role(json, 'targets'), { threshold: 0 }),
      'threshold must be at least 1',
    ],
    [
      'threshold 1.5',
      (json) => Object.assign(role(json, 'root'), { threshold: 1.5 }),
      'root.signed.roles.root.threshold: wanted a whole number from 1 to 3, found 1.5',
    ],
    ['a key twice', (json) => role(json, 'root').keyids.push(key), 'duplicate key IDs found'],
    [
      'a key under two ids',
      (json) => alias(json, key),
      /^root.signed.keys.ffff.*: wanted its key under the id [0-9a-f]{64}, found "ffff/,
    ],
    [
      'another kind of key',
      (json) => Object.assign(keyOf(json, key), { keytype: 'rsa' }),
      `root.signed.keys.${key}.keytype: wanted "ed25519", found "rsa"`,
    ],
    [
      'another scheme',
      (json) => Object.assign(keyOf(json, key), { scheme: 'x' }),
      `root.signed.keys.${key}.scheme: wanted "ed25519", found "x"`,
    ],
    [
      'a key that is no key',
      (json) => Object.assign(keyOf(json, key), { keyval: { public: 'zz' } }),
      `root.signed.keys.${key}.keyval.public: wanted 64 lower-case hex digits, found "zz"`,
    ],
    [
      'a signature twice',
      ({ signatures }) => signatures.push(...signatures),
      'multiple signatures found for keyid',
    ],
  ];
  for (const [what, change, message] of cases) {
    test(what, () => {
      const json = parsed();
      change(json);
      expect(() => trustRoot(json)).toThrow(DamagedError);
      expect(() => trustRoot(json)).toThrow(message);
    });
  }

  test('no JSON, or JSON of another shape', () => {
    expect(() => decodeRoot(new Uint8Array())).toThrow(DamagedError);
    for (const json of [null, [], 1, 'root', {}]) expect(() => trustRoot(json)).toThrow(DamagedError);
  });

  test('an expiry in another form', () => {
    const draft = {
      version: 1,
      expires: EXPIRES,
      roles: {
        root: { keys: ROOT_KEYS, threshold: 1 },
        targets: { keys: TARGETS_KEYS, threshold: 4 },
        snapshot: { keys: [SNAPSHOT_KEY], threshold: 1 },
        timestamp: { keys: [TIMESTAMP_KEY], threshold: 1 },
      },
    };
    expect(() => makeRoot(draft, ROOT_KEYS)).toThrow('root.signed.roles.targets.threshold');
    const json = parsed();
    json.signed.expires = 'never';
    expect(() => trustRoot(json)).toThrow(DamagedError);
  });
});

function makeStrangersRoot(keys: SigningKey[]): Json {
  const [own = STRANGER] = keys;
  const role = { keys: [own], threshold: 1 };
  const draft = {
    version: 1,
    expires: EXPIRES,
    roles: { root: role, targets: role, snapshot: role, timestamp: role },
  };
  return JSON.parse(new TextDecoder().decode(makeRoot(draft, keys)));
}

function role(json: Json, name: string): { keyids: string[]; threshold: number } {
  return (
    (json.signed.roles as Record<string, { keyids: string[]; threshold: number }>)[name] ?? {
      keyids: [],
      threshold: 0,
    }
  );
}

function keyOf(json: Json, id: string): object {
  return (json.signed.keys as Record<string, object>)[id] ?? {};
}

function alias(json: Json, id: string): void {
  const other = 'f'.repeat(64);
  Object.assign(json.signed.keys as object, { [other]: keyOf(json, id) });
  role(json, 'root').keyids.push(other);
}
