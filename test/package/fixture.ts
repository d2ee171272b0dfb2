/**
 * A small package for tests. Its payloads are not real patches: this room carries them and does not look inside.
 * Three binaries stand in a row, 1.0.0, 1.1.0 and 1.2.0; the package brings 1.2.0.
 */

import {
  type EvolutionFile,
  encodeEvolution,
  type PackageDraft,
  type PayloadDraft,
  writePackage,
} from '../../lib/package/index.ts';
import { digestBytes, memorySource } from '../../lib/platform/files.ts';
import { type SigningKey, signBinary } from '../../lib/trust/index.ts';
import type { BinaryArch } from '../../lib/version/index.ts';
import { testKey } from '../trust/keys.ts';
import { secondManifest, testManifest } from '../version/release.ts';

const text = (value: string) => new TextEncoder().encode(value);

export const BINARIES = {
  '1.0.0': text('binary of 1.0.0'),
  '1.1.0': text('binary of 1.1.0'),
  '1.2.0': text('the binary of 1.2.0'),
};
export type TestVersion = keyof typeof BINARIES;

export function digestOf(version: TestVersion) {
  return digestBytes(BINARIES[version]);
}

export function installed(version: TestVersion) {
  return { version, ...digestOf(version) };
}

/** A patch of that many bytes. */
export function patchPayload(from: TestVersion, to: TestVersion, length = 20): PayloadDraft {
  return {
    kind: 'patch',
    from,
    fromChecksum: digestOf(from).sha256,
    to,
    toChecksum: digestOf(to).sha256,
    toSize: digestOf(to).size,
    compression: 'zstd',
    content: memorySource(new Uint8Array(length).fill(from.charCodeAt(2))),
  };
}

export function fullPayload(length = 40): PayloadDraft {
  const { sha256, size } = digestOf('1.2.0');
  const content = memorySource(new Uint8Array(length).fill(0xf0));
  return { kind: 'full', to: '1.2.0', toChecksum: sha256, toSize: size, compression: 'zstd', content };
}

/** The same as independent frames, for a package of schema 2. */
export function framedPayload(length = 40): PayloadDraft {
  return { ...fullPayload(length), compression: 'frames' } as PayloadDraft;
}

/** The manifest of a package of schema 2: what it says of the frames fits `framedPayload()`. */
export function framedDraft(payloads = [framedPayload(), patchPayload('1.1.0', '1.2.0')]): PackageDraft {
  const draft = testDraft({ payloads });
  const { binaries, confirm, updaters } = secondManifest();
  const { blocks } = binaries[0] ?? {};
  const frames = { length: 40, index: { length: 30, sha256: '03'.repeat(32) } };
  const [binary] = draft.manifest.binaries;
  if (binary === undefined) throw new Error('the test manifest has no binary');
  draft.manifest = {
    ...draft.manifest,
    schema: 2,
    binaries: [{ ...binary, blocks, frames }],
    confirm,
    updaters,
  };
  return draft;
}

/** An archive, whatever it holds. The release of the fixture has the evolution `faster-search`. */
export function evolutionPayload(archive: Uint8Array, id = 'faster-search'): PayloadDraft {
  return { kind: 'evolution', id, compression: 'zstd', content: memorySource(archive) };
}

/** A well-made archive of it. */
export function testArchive(id = 'faster-search', version = '1.2.0'): Promise<Uint8Array> {
  const files: EvolutionFile[] = [
    { path: 'evolution.json', mode: 0o644, bytes: text(`{"id":"${id}"}`) },
    { path: 'bin/run', mode: 0o755, bytes: text('#!/bin/sh\n') },
  ];
  return encodeEvolution({ id, version, files });
}

export interface TestPackageOptions {
  payloads?: PayloadDraft[];
  keys?: SigningKey[];
  app?: string;
  arch?: BinaryArch;
}

export function testDraft({
  payloads,
  keys = [testKey(11)],
  app = 'dgmo',
  arch = 'x64',
}: TestPackageOptions = {}): PackageDraft {
  const manifest = testManifest();
  const { sha256: checksum, size } = digestOf('1.2.0');
  const subject = { platform: 'linux', arch, size, checksum } as const;
  const signature = signBinary(subject, '1.2.0', keys[0] ?? testKey(11));
  manifest.binaries = [{ ...subject, signature, downloadUrl: 'dgmo' }];
  return {
    app,
    platform: 'linux',
    arch,
    manifest,
    payloads: payloads ?? [patchPayload('1.1.0', '1.2.0'), fullPayload()],
  };
}

export function pack(draft: PackageDraft, keys: SigningKey[] = [testKey(11)]): Uint8Array {
  const pieces: Uint8Array[] = [];
  writePackage(draft, keys, (bytes) => pieces.push(bytes.slice()));
  return new Uint8Array(Buffer.concat(pieces));
}

export function testPackage(options: TestPackageOptions = {}): Uint8Array {
  return pack(testDraft(options), options.keys);
}
