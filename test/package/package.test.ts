import { describe, expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { InterruptedError, TrustError, UpdaterError, UsageError } from '../../lib/errors.ts';
import { peekPackage, readPackage, verifyPayloads, writePackage } from '../../lib/package/index.ts';
import { memorySource } from '../../lib/platform/files.ts';
import { decodeRoot, type TrustedRoot } from '../../lib/trust/index.ts';
import { STRANGER, TARGETS_KEYS, testKey, testRoot } from '../trust/keys.ts';
import {
  digestOf,
  framedDraft,
  framedPayload,
  fullPayload,
  pack,
  patchPayload,
  testDraft,
  testPackage,
} from './fixture.ts';

const root = testRoot();

/** What reading all of a package comes to: 0, or the exit code of the error. */
async function verdict(bytes: Uint8Array, trusted: TrustedRoot = root): Promise<number> {
  try {
    await verifyPayloads(readPackage(memorySource(bytes), trusted));
    return 0;
  } catch (error) {
    if (error instanceof UpdaterError) return error.exitCode;
    throw error;
  }
}

describe('a package', () => {
  test('gives back what was put in', async () => {
    const bytes = testPackage();
    const contents = readPackage(memorySource(bytes), root);
    await verifyPayloads(contents);
    expect(contents).toMatchObject({ app: 'dgmo', platform: 'linux', arch: 'x64', version: '1.2.0' });
    expect(contents.binary).toEqual(digestOf('1.2.0'));
    expect(contents.signedBy).toEqual([testKey(11).id]);
    expect(contents.size).toBe(bytes.length);
    expect(contents.payloads.map(({ kind, length }) => [kind, length])).toEqual([
      ['patch', 20],
      ['full', 40],
    ]);
    const full = new Uint8Array(40);
    contents.payload(1).read(0, full);
    expect(full).toEqual(new Uint8Array(40).fill(0xf0));
    expect(() => contents.payload(2)).toThrow(RangeError);
    expect(() => contents.payload(0).read(0, new Uint8Array(21))).toThrow('slice ends at byte 20');
  });

  test('comes back whatever its payloads hold, and says its own digest', () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ minLength: 1, maxLength: 3000 }), { minLength: 1, maxLength: 16 }),
        (blobs) => {
          const payloads = blobs.map((blob) => ({ ...fullPayload(), content: memorySource(blob) }));
          const pieces: Uint8Array[] = [];
          const { sha256, size } = writePackage(testDraft({ payloads }), [testKey(11)], (piece) =>
            pieces.push(piece.slice()),
          );
          const bytes = new Uint8Array(Buffer.concat(pieces));
          expect(new Bun.CryptoHasher('sha256').update(bytes).digest('hex')).toBe(sha256);
          expect(bytes.length).toBe(size);
          const contents = readPackage(memorySource(bytes), root);
          for (const [index, blob] of blobs.entries()) {
            const found = new Uint8Array(blob.length);
            contents.payload(index).read(0, found);
            expect(found).toEqual(blob);
          }
        },
      ),
      { numRuns: 30 },
    );
  });

  test('of the frozen vector still reads, and is still written so', async () => {
    const vector = (name: string) => readFileSync(path.join(import.meta.dir, '../vectors/package-v1', name));
    expect(await verdict(vector('tiny.dgmopkg'), decodeRoot(vector('root.json')))).toBe(0);
    expect(vector('tiny.dgmopkg').equals(testPackage())).toBe(true);
  });

  test('of schema 2 still reads as frozen, and is still written so', async () => {
    const vector = (name: string) => readFileSync(path.join(import.meta.dir, '../vectors/package-v2', name));
    expect(await verdict(vector('tiny.dgmopkg'), decodeRoot(vector('root.json')))).toBe(0);
    expect(vector('tiny.dgmopkg').equals(pack(framedDraft()))).toBe(true);
  });

  test('ends with the frames of its binary', () => {
    const bytes = pack(framedDraft());
    const contents = readPackage(memorySource(bytes), root);
    expect(contents.schema).toBe(2);
    expect(contents.payloads.map(({ kind, compression }) => [kind, compression])).toEqual([
      ['patch', 'zstd'],
      ['full', 'frames'],
    ]);
    expect(bytes.subarray(-40)).toEqual(new Uint8Array(40).fill(0xf0));
  });

  test('is not written if its manifest speaks of other frames', () => {
    expect(() => pack(framedDraft([framedPayload(41)]))).toThrow(
      'package.payloads[0].length: wanted 40 as in the manifest, found 41',
    );
  });

  test('is not written for a target that its manifest has no binary for', () => {
    const draft = { ...testDraft(), arch: 'arm64' as const };
    expect(() => pack(draft)).toThrow(UsageError);
  });
});

describe('a package that was', () => {
  const bytes = testPackage();

  test('cut at any byte is damaged', async () => {
    for (let size = 0; size < bytes.length; size += 1) {
      expect([size, await verdict(bytes.subarray(0, size))]).toEqual([size, 11]);
    }
  });

  test('lengthened is damaged', async () => {
    for (const more of [1, 2, 100]) {
      const longer = new Uint8Array(bytes.length + more);
      longer.set(bytes);
      expect(await verdict(longer)).toBe(11);
    }
  });

  test('changed in any one bit is damaged or not trusted', async () => {
    const counts = new Map<number, number>();
    const source = bytes.slice();
    for (let bit = 0; bit < bytes.length * 8; bit += 1) {
      const at = bit >> 3;
      const original = source[at] ?? 0;
      source[at] = original ^ (1 << (bit & 7));
      const found = await verdict(source);
      source[at] = original;
      counts.set(found, (counts.get(found) ?? 0) + 1);
    }
    expect([...counts.keys()].toSorted()).toEqual([11]);
    expect(counts.get(11)).toBe(bytes.length * 8);
  });

  test('of which the header says that the envelope is longer than it may be: damaged, before any of it is read', () => {
    const header = testPackage().slice(0, 44);
    const view = new DataView(header.buffer);
    for (const [length, accepted] of [
      [2 << 20, true],
      [(2 << 20) + 1, false],
      [0xffff_ffff, false],
    ] as const) {
      view.setUint32(8, length, true);
      let read = 0;
      const source = {
        size: 2 ** 40,
        read(position: number, into: Uint8Array) {
          read = Math.max(read, position + into.length);
          into.set(header.subarray(position, position + into.length));
        },
      };
      const message = accepted
        ? /wanted an envelope with SHA-256/
        : /wanted an envelope of at most 2097152 bytes/;
      expect(() => peekPackage(source)).toThrow(message);
      expect(read).toBe(accepted ? 44 + length : 44);
    }
  });

  test('changed in its envelope, digest put right, in any one bit is damaged or not trusted', async () => {
    const source = bytes.slice();
    const length = new DataView(source.buffer).getUint32(8, true);
    const envelope = source.subarray(44, 44 + length);
    const codes = new Set<number>();
    for (let bit = 0; bit < length * 8; bit += 7) {
      const original = envelope[bit >> 3] ?? 0;
      envelope[bit >> 3] = original ^ (1 << (bit & 7));
      source.set(new Bun.CryptoHasher('sha256').update(envelope).digest(), 12);
      codes.add(await verdict(source));
      envelope[bit >> 3] = original;
    }
    expect([...codes].toSorted()).toEqual([10, 11]);
  });

  test('changed in its payloads is found by their digests, and named', async () => {
    const changed = bytes.slice();
    changed[bytes.length - 41] = 1;
    const contents = readPackage(memorySource(changed), root);
    await expect(verifyPayloads(contents)).rejects.toThrow(
      /^package: wanted the patch from 1.1.0 to 1.2.0 with SHA-256 [0-9a-f]{64}, found [0-9a-f]{64}$/,
    );
  });

  test('filled with zeros, or is another file, is damaged', async () => {
    expect(await verdict(new Uint8Array(1000))).toBe(11);
    expect(await verdict(new TextEncoder().encode('#!/bin/sh\n'.repeat(10)))).toBe(11);
    const huge = bytes.slice();
    huge.set([255, 255, 255, 255], 8);
    expect(await verdict(huge)).toBe(11);
  });
});

describe('trust in a package:', () => {
  const two = testRoot({ targets: TARGETS_KEYS, threshold: 2 });
  const [a, b] = [testKey(11), testKey(12)];
  const cases: [who: string, keys: typeof TARGETS_KEYS, trusted: TrustedRoot, code: number][] = [
    ['the one key', [a], root, 0],
    ['a stranger', [STRANGER], root, 10],
    ['nobody', [], root, 10],
    ['a key of another role', [testKey(21)], root, 10],
    ['the key and a stranger', [a, STRANGER], root, 0],
    ['two of three', [a, b], two, 0],
    ['one of three', [a], two, 10],
    ['one of three, twice', [a, a], two, 10],
    ['one of three and a stranger', [a, STRANGER], two, 10],
  ];
  for (const [who, keys, trusted, code] of cases) {
    test(`signed by ${who}`, async () => {
      expect(await verdict(testPackage({ keys }), trusted)).toBe(code);
    });
  }

  test('expires with nothing: an old root still opens it', async () => {
    expect(await verdict(testPackage(), testRoot({ expires: Date.UTC(2001, 0, 1) }))).toBe(0);
  });

  test('the binary is signed by a trusted key as well', () => {
    const draft = testDraft({ keys: [STRANGER] });
    expect(() => readPackage(memorySource(pack(draft)), root)).toThrow(TrustError);
    expect(() => readPackage(memorySource(pack(draft)), root)).toThrow(
      'not trusted: wanted the linux-x64 binary',
    );
  });

  test('is not asked by a peek, which names who claims to have signed', () => {
    const peeked = peekPackage(memorySource(testPackage({ keys: [STRANGER] })));
    expect(peeked.version).toBe('1.2.0');
    expect(peeked.signedBy).toEqual([]);
    expect(peeked.claimedSigners).toEqual([STRANGER.id]);
  });
});

test('a checkpoint hears of every piece and may stop the reading', async () => {
  const length = 2_500_000;
  const bytes = testPackage({ payloads: [patchPayload('1.1.0', '1.2.0', length), fullPayload()] });
  const contents = readPackage(memorySource(bytes), root);
  const heard: number[] = [];
  await verifyPayloads(contents, (done) => {
    heard.push(done);
  });
  expect(heard).toEqual([1 << 20, 2 << 20, length, length + 40]);
  const stopped = verifyPayloads(contents, () => {
    throw new InterruptedError('stopped');
  });
  await expect(stopped).rejects.toThrow(InterruptedError);
});
