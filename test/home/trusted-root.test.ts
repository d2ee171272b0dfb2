/** Which root is trusted: the compiled-in one, and what it leads to in a home of one's own. */
import { describe, expect, test } from 'bun:test';
import { DamagedError, TrustError } from '../../lib/errors.ts';
import { acceptRoot, keepTrustedRoot, loadRootDocument, rootsFolder } from '../../lib/home/trusted-root.ts';
import { makeRoot, type SigningKey } from '../../lib/trust/index.ts';
import { SimulatedDisk, USER } from '../host/disk.ts';
import { type SimulatedHostOptions, simulatedHost } from '../host/host.ts';
import { EXPIRES, ROOT_KEYS, SNAPSHOT_KEY, TARGETS_KEYS, TIMESTAMP_KEY, testKey } from '../trust/keys.ts';

const HOME = '/home/.dgmo';
const TRUST = `${HOME}/trust`;
const OTHER = USER + 1;

/** Three generations of root keys; `by` are those who sign. */
const keysOf = (generation: number) => [testKey(100 + generation * 2), testKey(101 + generation * 2)];
function root(version: number, keys: SigningKey[], by: SigningKey[]): Uint8Array {
  const draft = {
    version,
    expires: EXPIRES,
    roles: {
      root: { keys, threshold: 2 },
      targets: { keys: TARGETS_KEYS.slice(0, 1), threshold: 1 },
      snapshot: { keys: [SNAPSHOT_KEY], threshold: 1 },
      timestamp: { keys: [TIMESTAMP_KEY], threshold: 1 },
    },
  };
  return makeRoot(draft, by);
}

const ONE = root(1, keysOf(1), keysOf(1));
const TWO = root(2, keysOf(2), [...keysOf(1), ...keysOf(2)]);
const THREE = root(3, keysOf(3), [...keysOf(2), ...keysOf(3)]);
/** Self-signed, as anybody can make them. */
const forged = (version: number) => root(version, keysOf(9), keysOf(9));
const json = (bytes: Uint8Array): unknown => JSON.parse(new TextDecoder().decode(bytes));
const COMPILED_IN = json(ONE);

function home(files: Record<string, Uint8Array>): SimulatedDisk {
  const disk = new SimulatedDisk();
  for (const [name, bytes] of Object.entries(files)) disk.place(`${TRUST}/${name}`, bytes, 0o600);
  return disk;
}

function hostOn(disk: SimulatedDisk, more: Partial<SimulatedHostOptions> = {}) {
  return simulatedHost({ disk, versionOf: () => null, ...more });
}

const load = (disk: SimulatedDisk, compiledIn: unknown = COMPILED_IN, user = USER) =>
  loadRootDocument(hostOn(disk, { user }), HOME, compiledIn).root;

function flipped(bytes: Uint8Array): Uint8Array {
  return bytes.map((byte, index) => (index === bytes.length >> 1 ? byte ^ 1 : byte));
}

describe('where a root is compiled in', () => {
  test('it counts, and a home adds nothing that it does not lead to', () => {
    expect(load(new SimulatedDisk()).version).toBe(1);
    for (const version of [1, 2, 3, 9]) {
      const found = load(home({ 'root.json': forged(version), [`${version}.root.json`]: forged(version) }));
      expect(found.roles.root.keys.map(({ id }) => id)).toEqual(keysOf(1).map(({ id }) => id));
    }
  });

  test('every step of the chain is signed by the root before it and by itself', () => {
    expect(load(home({ '2.root.json': TWO, '3.root.json': THREE, 'root.json': THREE })).version).toBe(3);
    expect(load(home({ '3.root.json': THREE, 'root.json': THREE })).version).toBe(1);
    const half = root(2, keysOf(2), [keysOf(1)[0] ?? testKey(0), ...keysOf(2)]);
    expect(load(home({ '2.root.json': half })).version).toBe(1);
    const skipping = root(3, keysOf(2), [...keysOf(1), ...keysOf(2)]);
    expect(
      load(home({ '2.root.json': skipping, '3.root.json': skipping, 'root.json': skipping })).version,
    ).toBe(1);
    expect(load(home({ '2.root.json': TWO, '3.root.json': forged(3), 'root.json': forged(3) })).version).toBe(
      2,
    );
  });

  test('a kept root that is older is not preferred', () => {
    const newer = json(root(5, ROOT_KEYS, ROOT_KEYS));
    expect(load(home({ '2.root.json': TWO, 'root.json': TWO }), newer).version).toBe(5);
  });

  test('a home of an earlier updater, with the newest root alone, is completed from the folders of the feeds', () => {
    expect(load(home({ 'root.json': TWO })).version).toBe(2);
    expect(load(home({ 'root.json': THREE, 'feed/0123456789abcdef/root.json': TWO })).version).toBe(3);
    expect(load(home({ 'root.json': TWO, 'feed/0123456789abcdef/root.json': THREE })).version).toBe(3);
  });

  test('a flipped bit in one copy changes nothing, in both it leads back, and removes neither', () => {
    const files = { '2.root.json': TWO, '3.root.json': THREE, 'root.json': THREE };
    for (const name of ['root.json', '3.root.json'])
      expect(load(home({ ...files, [name]: flipped(THREE) })).version).toBe(3);
    const disk = home({ ...files, '3.root.json': flipped(THREE), 'root.json': flipped(THREE) });
    const before = disk.picture();
    expect(load(disk).version).toBe(2);
    expect(disk.picture()).toEqual(before);
  });
});

describe('where none is compiled in', () => {
  test('the kept one counts, and what it leads to', () => {
    expect(load(home({ 'root.json': TWO }), null).version).toBe(2);
    expect(load(home({ 'root.json': TWO, '3.root.json': THREE }), null).version).toBe(3);
    expect(() => load(home({ '2.root.json': TWO }), null)).toThrow('there is no trusted root');
    expect(() => load(home({ 'root.json': flipped(TWO) }), null)).toThrow();
  });
});

describe('the home of somebody else', () => {
  const files = { 'root.json': TWO, '2.root.json': TWO };
  const paths = [HOME, TRUST, `${TRUST}/root.json`];

  test.each(paths)('with another owner of %s is not read', (path) => {
    const disk = home(files);
    disk.own(path, OTHER);
    expect(load(disk).version).toBe(1);
    expect(() => load(disk, null)).toThrow(TrustError);
    expect(() => load(disk, null)).toThrow(`not trusted: ${path} belongs to another user`);
    expect(rootsFolder(hostOn(disk), HOME)).toBeNull();
  });

  test('nor by the superuser, whose programs a user must not choose', () => {
    expect(load(home(files), COMPILED_IN, 0).version).toBe(1);
    expect(() => load(home(files), null, 0)).toThrow('belongs to another user');
  });

  test('but what the superuser owns is an administrator’s', () => {
    const disk = home(files);
    for (const path of paths) disk.own(path, 0);
    expect(load(disk).version).toBe(2);
    expect(load(disk, null).version).toBe(2);
  });

  test.each(paths)('with %s writable by everybody is not read', (path) => {
    const disk = home(files);
    disk.setMode(path, 0o777);
    expect(load(disk).version).toBe(1);
    // As a tmpfs is mounted: nobody else can replace what is in it.
    disk.setMode(path, 0o1777);
    expect(load(disk).version).toBe(2);
  });

  test('nor through a symlink of one’s own', () => {
    const disk = new SimulatedDisk();
    disk.place('/elsewhere/root.json', TWO, 0o600);
    disk.own('/elsewhere', OTHER);
    disk.place(`${HOME}/x`, ONE);
    disk.symlink('/elsewhere', TRUST);
    expect(() => load(disk, null)).toThrow(`not trusted: ${TRUST} belongs`);
  });

  test('but one that a symlink of one’s own leads to is one’s own, if it is', () => {
    const disk = new SimulatedDisk();
    disk.place('/elsewhere/root.json', TWO, 0o600);
    disk.place(`${HOME}/x`, ONE);
    disk.symlink('/elsewhere', TRUST);
    expect(load(disk, null).version).toBe(2);
  });

  test('on Windows there are no owners, so the chain alone decides', () => {
    const disk = new SimulatedDisk();
    disk.place('/win/trust/root.json', TWO);
    const host = hostOn(disk, { platform: 'win32' });
    expect(loadRootDocument(host, '\\win', COMPILED_IN).root.version).toBe(2);
    disk.place('/win/trust/root.json', forged(2));
    expect(loadRootDocument(host, '\\win', COMPILED_IN).root.version).toBe(1);
  });
});

describe('a root that the user gives', () => {
  const keep = (disk: SimulatedDisk, bytes: Uint8Array, compiledIn: unknown) =>
    keepTrustedRoot(hostOn(disk), HOME, bytes, compiledIn);

  test('is any root where none is compiled in', () => {
    const disk = new SimulatedDisk();
    keep(disk, forged(7), null);
    expect(load(disk, null).version).toBe(7);
    keep(disk, ONE, null);
    expect(load(disk, null).version).toBe(1);
  });

  test('has to be one that the compiled-in one leads to', () => {
    const disk = new SimulatedDisk();
    for (const bytes of [forged(1), forged(2), THREE]) {
      expect(() => keep(disk, bytes, COMPILED_IN)).toThrow(TrustError);
      expect(() => keep(disk, bytes, COMPILED_IN)).toThrow('the compiled-in one (version 1) leads to');
    }
    expect(disk.contentOf(`${TRUST}/root.json`)).toBeNull();
    for (const bytes of [ONE, TWO, THREE]) keep(disk, bytes, COMPILED_IN);
    expect(load(disk).version).toBe(3);
    // An older one of the same chain takes nothing away.
    keep(disk, TWO, COMPILED_IN);
    expect(disk.contentOf(`${TRUST}/root.json`)).toEqual(THREE);
    expect(() => keep(disk, TWO, json(root(5, ROOT_KEYS, ROOT_KEYS)))).toThrow('(version 5) leads to');
  });

  test('is checked before it is kept, and not kept in the home of somebody else', () => {
    const disk = home({ 'root.json': TWO });
    disk.own(TRUST, OTHER);
    expect(() => acceptRoot(hostOn(disk), HOME, TWO, null)).toThrow('belongs to another user');
    expect(() => acceptRoot(hostOn(new SimulatedDisk()), HOME, TWO.slice(9), null)).toThrow(DamagedError);
  });
});
