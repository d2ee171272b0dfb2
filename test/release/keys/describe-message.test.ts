/** What the owner of a key is shown: all that would be signed, and nothing that the requester could make up. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { existsSync, writeFileSync } from 'node:fs';
import { bytesToHex } from '@noble/hashes/utils.js';
import { DamagedError, UsageError } from '../../../lib/errors.ts';
import { preAuthEncoding } from '../../../lib/trust/envelope.ts';
import { decodeRoot, makeRoot, type SigningKey, signBinary } from '../../../lib/trust/index.ts';
import { describeMessage } from '../../../release/keys/describe-message.ts';
import { delegationsTo, makeTargets } from '../../../release/repository/documents.ts';
import { framedDraft, pack } from '../../package/fixture.ts';
import { EXPIRES, ROOT_KEYS, STRANGER, TARGETS_KEYS, testKey, testRootBytes } from '../../trust/keys.ts';
import { CHEAP, type Folder, freshFolder } from '../run.ts';

const CURRENT = { root: decodeRoot(testRootBytes()), file: 'keys/root.json', next: 2 };
const OTHER_ROOT = testKey(4);

/** What `make` has signed. */
function signedBy(make: (key: SigningKey) => unknown, key: SigningKey): Uint8Array {
  const messages: Uint8Array[] = [];
  make({
    ...key,
    sign(message) {
      messages.push(new Uint8Array(message));
      return key.sign(message);
    },
  });
  return messages[0] ?? new Uint8Array();
}

const NEXT_ROOT = signedBy(
  (key) =>
    makeRoot(
      {
        version: 3,
        expires: EXPIRES + 86_400_000,
        roles: {
          ...CURRENT.root.roles,
          root: { keys: [ROOT_KEYS[0] ?? key, OTHER_ROOT], threshold: 1 },
          targets: { keys: [STRANGER], threshold: 1 },
        },
      },
      [key],
    ),
  ROOT_KEYS[0] ?? STRANGER,
);

/** The canonical JSON of TUF, for values of ASCII strings and whole numbers. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const fields = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${fields.map(([name, item]) => `${JSON.stringify(name)}:${canonical(item)}`).join(',')}}`;
}

const bytes = (text: string) => new TextEncoder().encode(text);
const parsed = (message: Uint8Array) => JSON.parse(new TextDecoder().decode(message));

describe('a root', () => {
  test('is shown as a difference to the current one, with whole ids', () => {
    const { lines, role } = describeMessage(NEXT_ROOT, CURRENT);
    expect(role).toBe('root');
    const [first, second, third] = ROOT_KEYS.map(({ id }) => id);
    expect(lines.slice(0, 10)).toEqual([
      'ROOT version 3, valid until 2035-01-02T00:00:00Z',
      'compared with root version 1 of keys/root.json, valid until 2035-01-01T00:00:00Z: NOT the next version, which is 2',
      'root: 1 of 2 keys must sign (before: 2 of 3)',
      `  keeps   ${first}`,
      `  ADDS    ${OTHER_ROOT.id}`,
      `  REMOVES ${second}`,
      `  REMOVES ${third}`,
      'targets: 1 of 1 keys must sign',
      `  ADDS    ${STRANGER.id}`,
      `  REMOVES ${TARGETS_KEYS[0]?.id}`,
    ]);
  });

  test('is not shown at all without one', () => {
    expect(() => describeMessage(NEXT_ROOT, null)).toThrow(UsageError);
  });
});

test('delegations are shown whole: keys, thresholds, paths, and whether they end the search', () => {
  const keys = TARGETS_KEYS.slice(0, 2);
  const [key = STRANGER] = keys;
  const delegations = delegationsTo(['linux-x64'], { keys, threshold: 2 });
  const message = signedBy(
    (signer) => makeTargets({ version: 2, expires: EXPIRES }, {}, delegations, [signer]),
    key,
  );
  expect(describeMessage(message, null)).toEqual({
    role: 'targets',
    lines: [
      'targets version 2, valid until 2035-01-01T00:00:00Z',
      'delegates to linux-x64, terminating: 2 of 2 keys must sign',
      ...keys.map(({ id }) => `  key ${id}`),
      '  paths channels/*/linux-x64.json',
    ],
  });
});

test('a package is shown with its frames, the updater that comes with it, and the confirmation that it waits for', () => {
  const message = signedBy((key) => pack(framedDraft(), [key]), TARGETS_KEYS[0] ?? STRANGER);
  const { lines, role } = describeMessage(message, null);
  expect(role).toBe('targets');
  expect(lines).toContain(`  in blocks with the list ${'02'.repeat(32)}`);
  expect(lines).toContain(`  in frames with the index ${'03'.repeat(32)}`);
  expect(lines).toContain(
    `installs the linux-x64 updater 2.0.0 with SHA-256 ${'04'.repeat(32)} from updaters/2.0.0/linux-x64.frames`,
  );
  expect(lines).toContain('is taken back if it does not confirm its health within 90 s');
});

describe('nothing is described, and so signed, that has', () => {
  const DECOY = '\u001b[2J\u001b[Hpackage of dgmo 1.2.2';
  const forged: [what: string, change: (root: ReturnType<typeof parsed>) => void][] = [
    ['a field that nobody reads', (root) => Object.assign(root, { decoy: DECOY })],
    ['a field in a role', (root) => Object.assign(root.roles.root, { decoy: DECOY })],
    ['another role', (root) => Object.assign(root.roles, { [DECOY]: root.roles.root })],
    ['a text in the place of a number', (root) => Object.assign(root, { version: DECOY })],
    ['a text in the place of a time', (root) => Object.assign(root, { expires: DECOY })],
    ['a key that has no role', (root) => Object.assign(root.keys, keyOf(testKey(7)))],
    [
      'a key under another id',
      (root) => Object.assign(root.keys, { [STRANGER.id]: root.keys[OTHER_ROOT.id] }),
    ],
    ['one key twice in a role', (root) => root.roles.root.keyids.push(root.roles.root.keyids[0])],
    ['a threshold that nobody can reach', (root) => Object.assign(root.roles.root, { threshold: 3 })],
  ];
  test.each(forged)('%s', (_, change) => {
    const root = parsed(NEXT_ROOT);
    expect(canonical(root)).toBe(new TextDecoder().decode(NEXT_ROOT));
    change(root);
    expect(() => describeMessage(bytes(canonical(root)), CURRENT)).toThrow(DamagedError);
  });

  test('another form than the one that clients verify', () => {
    for (const text of [` ${canonical(parsed(NEXT_ROOT))}`, JSON.stringify(parsed(NEXT_ROOT), null, 1)]) {
      expect(() => describeMessage(bytes(text), CURRENT)).toThrow(DamagedError);
    }
  });
});

describe('a binary and a package', () => {
  const subject = { platform: 'linux', arch: 'x64', size: 1_234_567, checksum: 'ab'.repeat(32) } as const;
  const ofBinary = signedBy((key) => signBinary(subject, '1.2.0', key), STRANGER);
  const ofPackage = signedBy((key) => pack(framedDraft(), [key]), STRANGER);
  const changed = (message: Uint8Array, from: string, to: string) =>
    Buffer.from(Buffer.from(message).toString('latin1').replace(from, to), 'latin1');

  test('are shown by what they bring, and from what', () => {
    expect(describeMessage(ofBinary, null)).toEqual({
      role: 'targets',
      lines: [`binary of 1.2.0 for linux-x64, 1,234,567 bytes, SHA-256 ${subject.checksum}`],
    });
    const { role, lines } = describeMessage(ofPackage, null);
    expect(role).toBe('targets');
    expect(lines[4]).toMatch(/^full binary, 40 bytes, SHA-256 [0-9a-f]{64}$/);
    expect(lines[3]).toMatch(/^patch from 1\.1\.0 \([0-9a-f]{64}\), 20 bytes, SHA-256 [0-9a-f]{64}$/);
  });

  test('are refused with another length than they have, of the type or of the document, or of another type', () => {
    for (const message of [ofBinary, ofPackage]) {
      const [, ofType = '', ofDocument = ''] =
        /^DSSEv1 (\d+) \S+ (\d+) /.exec(Buffer.from(message).toString('latin1')) ?? [];
      for (const other of [
        changed(message, `DSSEv1 ${ofType} `, `DSSEv1 ${Number(ofType) + 1} `),
        changed(message, `DSSEv1 ${ofType} `, `DSSEv1 0${ofType} `),
        changed(message, ` ${ofDocument} `, ` ${Number(ofDocument) - 1} `),
        Buffer.concat([message, Buffer.from('\n')]),
      ]) {
        expect(() => describeMessage(other, null)).toThrow('wanted a document with its type and its length');
      }
    }
    const unknown = preAuthEncoding('application/unknown', bytes('{}'));
    expect(() => describeMessage(unknown, null)).toThrow('found another type of document');
  });
});

function keyOf({ id, bytes: key }: SigningKey) {
  return { [id]: { keytype: 'ed25519', scheme: 'ed25519', keyval: { public: bytesToHex(key) } } };
}

describe('release keys sign', () => {
  let folder: Folder;
  beforeAll(async () => {
    folder = freshFolder();
    await folder.release(['keys', 'init', '--dir', 'keys', ...CHEAP]);
  });
  afterAll(() => folder[Symbol.dispose]());

  const sign = async (title: string, message: Uint8Array) => {
    const inspected = await folder.release(['inspect', 'keys/root.json', '--json']);
    const [keyid] = JSON.parse(inspected.stdout).root.keys;
    const wanted = [{ role: 'root', keyid, message: Buffer.from(message).toString('base64') }];
    writeFileSync(
      folder.at('request'),
      JSON.stringify({ _type: 'dgmo-sign-request', schema: 1, title, wanted }),
    );
    return await folder.release(['keys', 'sign', 'request', '--keys', 'keys', '-o', 'signatures']);
  };

  test('signs no root behind a decoy, and prints none of it', async () => {
    const root = { ...parsed(NEXT_ROOT), aaa: '\u001b[2J\u001b[Hpackage of dgmo 1.2.2' };
    const { code, stderr } = await sign('a release', bytes(canonical(root)));
    expect([code, stderr.includes('\u001b'), existsSync(folder.at('signatures'))]).toEqual([
      10,
      false,
      false,
    ]);
    expect(stderr).toContain('metadata: wanted no fields but');
  });

  test('prints a title that reverses the text as characters', async () => {
    const { code, stderr } = await sign('a \u202etoor\u202c', NEXT_ROOT);
    expect(code).toBe(0);
    expect(stderr).toContain('request says that it is for: a \\u202etoor\\u202c\n');
    expect(stderr).toContain(`ADDS    ${STRANGER.id}\n`);
  });
});
