/** Packages that carry the evolutions of their release. */
import { describe, expect, test } from 'bun:test';
import { DamagedError } from '../../lib/errors.ts';
import {
  joinPackages,
  type PayloadDraft,
  planRoute,
  readPackage,
  verifyPayloads,
} from '../../lib/package/index.ts';
import { digestBytes, memorySource } from '../../lib/platform/files.ts';
import { signBinary } from '../../lib/trust/index.ts';
import { testKey, testRoot } from '../trust/keys.ts';
import {
  digestOf,
  evolutionPayload,
  fullPayload,
  installed,
  pack,
  patchPayload,
  testArchive,
  testDraft,
  testPackage,
} from './fixture.ts';

const archive = await testArchive();
const patch = patchPayload('1.1.0', '1.2.0');

const open = (payloads: PayloadDraft[]) => readPackage(memorySource(testPackage({ payloads })), testRoot());

describe('a package with an evolution', () => {
  test('says which it carries, and gives its files', async () => {
    const contents = open([patch, fullPayload(), evolutionPayload(archive)]);
    await verifyPayloads(contents);
    const { sha256, size } = digestBytes(archive);
    expect(contents.evolutions()).toEqual([
      {
        id: 'faster-search',
        description: 'Searches faster',
        autoApply: true,
        version: '1.2.0',
        sha256,
        size,
      },
    ]);
    const { id, version, files } = await contents.evolution('faster-search');
    expect([id, version, files.map(({ path, mode }) => [path, mode])]).toEqual([
      'faster-search',
      '1.2.0',
      [
        ['bin/run', 0o755],
        ['evolution.json', 0o644],
      ],
    ]);
  });

  test('leaves out what it does not carry', async () => {
    const contents = open([patch]);
    expect(contents.evolutions()).toEqual([]);
    await expect(contents.evolution('faster-search')).rejects.toThrow(RangeError);
    await expect(open([patch, evolutionPayload(archive)]).evolution('other')).rejects.toThrow(RangeError);
  });

  test('tells them in the order of the manifest, wherever their payloads stand', async () => {
    const draft = testDraft({
      payloads: [
        evolutionPayload(await testArchive('zoom'), 'zoom'),
        evolutionPayload(archive),
        patch,
        evolutionPayload(await testArchive('alone'), 'alone'),
      ],
    });
    const described = (id: string) => ({ id, description: `The ${id}`, autoApply: false });
    draft.manifest.evolutions.push(described('alone'), described('unpacked'), described('zoom'));
    const contents = readPackage(memorySource(pack(draft)), testRoot());
    expect(contents.evolutions().map(({ id }) => id)).toEqual(['faster-search', 'alone', 'zoom']);
    expect((await contents.evolution('zoom')).id).toBe('zoom');
    expect(
      planRoute(contents, installed('1.1.0')).map(({ steps }) => steps.map(({ index }) => index)),
    ).toEqual([[2]]);
  });

  test('takes no other route to the binary for it', () => {
    const routes = (payloads: PayloadDraft[]) =>
      planRoute(open(payloads), installed('1.1.0')).map(({ kind, bytes }) => [kind, bytes]);
    expect(routes([evolutionPayload(archive), patch, fullPayload()])).toEqual(routes([patch, fullPayload()]));
  });
});

describe('an evolution that was', () => {
  test('changed is found by its digest, and named', async () => {
    const bytes = testPackage({ payloads: [patch, evolutionPayload(archive)] });
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
    const contents = readPackage(memorySource(bytes), testRoot());
    const message =
      /^package: wanted the evolution faster-search with SHA-256 [0-9a-f]{64}, found [0-9a-f]{64}$/;
    await expect(verifyPayloads(contents)).rejects.toThrow(message);
    await expect(contents.evolution('faster-search')).rejects.toThrow(message);
  });

  const cases: [what: string, content: Uint8Array | Promise<Uint8Array>, message: string][] = [
    [
      'signed, but of another release',
      testArchive('faster-search', '1.1.0'),
      'package: wanted the evolution faster-search of 1.2.0, found an archive of faster-search of 1.1.0',
    ],
    [
      'signed, but of another id',
      testArchive('other'),
      'package: wanted the evolution faster-search of 1.2.0, found an archive of other of 1.2.0',
    ],
    ['signed, but no archive', new Uint8Array(30), 'evolution: wanted DGMOEVO1 in its first 8 bytes'],
  ];
  for (const [what, content, message] of cases) {
    test(what, async () => {
      const contents = open([patch, evolutionPayload(await content)]);
      const opened = contents.evolution('faster-search');
      await expect(opened).rejects.toBeInstanceOf(DamagedError);
      await expect(opened).rejects.toThrow(message);
    });
  }
});

describe('a statement is refused', () => {
  const cases: [why: string, payloads: PayloadDraft[], message: string][] = [
    [
      'with an evolution that is not in the manifest',
      [patch, evolutionPayload(archive, 'other')],
      'package.payloads[1].id: wanted an evolution of the manifest, each once, found "other"',
    ],
    [
      'with the same evolution twice',
      [evolutionPayload(archive), patch, evolutionPayload(archive)],
      'package.payloads[2].id: wanted an evolution of the manifest, each once, found "faster-search"',
    ],
    [
      'with an id that leads out of its folder',
      [patch, evolutionPayload(archive, '../x')],
      'package.payloads[1].id: wanted a name of a-z, 0-9, dot, dash and underscore',
    ],
    [
      'with evolutions alone',
      [evolutionPayload(archive)],
      'package.payloads: wanted one that makes the binary',
    ],
    [
      'with an evolution that is too long',
      [patch, { ...evolutionPayload(archive), content: memorySource(new Uint8Array((65 << 20) + 1)) }],
      'package.payloads[1].length: wanted a whole number of bytes from 1 to 68157440, found 68157441',
    ],
    [
      'with more ways to the binary than are looked through',
      [...Array(17).fill(fullPayload()), evolutionPayload(archive)],
      'package.payloads: wanted at most 16 patches and full binaries, found 17',
    ],
  ];
  for (const [why, payloads, message] of cases) {
    test(why, () => {
      expect(() => testPackage({ payloads })).toThrow(DamagedError);
      expect(() => testPackage({ payloads })).toThrow(message);
    });
  }

  test('and the most that there can be are taken', async () => {
    const ids = Array.from({ length: 256 }, (_, number) => `e${number}`);
    const draft = testDraft({
      payloads: [...Array(16).fill(fullPayload()), ...ids.map((id) => evolutionPayload(archive, id))],
    });
    draft.manifest.evolutions = ids.map((id) => ({ id, description: id, autoApply: true }));
    const contents = readPackage(memorySource(pack(draft)), testRoot());
    await verifyPayloads(contents);
    expect(contents.evolutions()).toHaveLength(256);
  });
});

describe('of several packages', () => {
  test('the last one brings the evolutions', async () => {
    const draft = testDraft();
    const { sha256: checksum, size } = digestOf('1.1.0');
    const subject = { platform: 'linux', arch: 'x64', size, checksum } as const;
    const signature = signBinary(subject, '1.1.0', testKey(11));
    const before = pack({
      ...draft,
      manifest: {
        ...draft.manifest,
        version: '1.1.0',
        updates: { ...draft.manifest.updates, from: '1.0.0' },
        binaries: [{ ...subject, signature, downloadUrl: 'dgmo' }],
      },
      payloads: [
        evolutionPayload(await testArchive('faster-search', '1.1.0')),
        patchPayload('1.0.0', '1.1.0'),
      ],
    });
    const last = open([patch, evolutionPayload(archive)]);
    const joined = joinPackages([readPackage(memorySource(before), testRoot()), last]);
    expect(joined.payloads.map(({ kind }) => kind)).toEqual(['patch', 'patch', 'evolution']);
    await verifyPayloads(joined);
    expect(joined.evolutions()).toEqual(last.evolutions());
    expect((await joined.evolution('faster-search')).files).toHaveLength(2);
    const [route] = planRoute(joined, installed('1.0.0'));
    expect(route?.steps.map(({ index }) => index)).toEqual([0, 1]);
  });
});

test('evolutions that hold too much together are refused before one is opened', async () => {
  const archives = await Promise.all(['a', 'b', 'c', 'd', 'e'].map((id) => testArchive(id)));
  const claim = (size: number) => archives.map((bytes) => withClaim(bytes, size));
  const payloads = (size: number) =>
    claim(size).map((bytes, at) => evolutionPayload(bytes, ['a', 'b', 'c', 'd', 'e'][at]));
  const manifest = testDraft({ payloads: [fullPayload()] }).manifest;
  const evolutions = ['a', 'b', 'c', 'd', 'e'].map((id) => ({ id, description: id, autoApply: false }));
  const contentsOf = (size: number) => {
    const draft = { ...testDraft({ payloads: [fullPayload(), ...payloads(size)] }) };
    return readPackage(memorySource(pack({ ...draft, manifest: { ...manifest, evolutions } })), testRoot());
  };
  const large = contentsOf(60 << 20);
  await expect(large.openEvolutions(['a', 'b', 'c', 'd', 'e'])).rejects.toThrow(
    `wanted evolutions of at most ${256 << 20} bytes together, found ${300 << 20}`,
  );
  // Each by itself is allowed to say so; that it is not true is found when it is opened.
  await expect(large.openEvolutions(['a', 'b'])).rejects.toThrow(/evolution/);
});

/** The archive, with another number of bytes that are said to come out of it. */
function withClaim(archive: Uint8Array, size: number): Uint8Array {
  const changed = Uint8Array.from(archive);
  new DataView(changed.buffer).setUint32(8, size, true);
  return changed;
}
