/**
 * Packages of the feed. Each carries one patch or full binary and the evolutions of the release, is complete and signed,
 * and is read back before anything names it.
 */
import path from 'node:path';
import { DamagedError } from '../../../lib/errors.ts';
import { type PackageDraft, readPackage, verifyPayloads, writePackage } from '../../../lib/package/index.ts';
import {
  type Digest,
  digestBytes,
  digestFile,
  foundText,
  openSource,
  type Source,
} from '../../../lib/platform/files.ts';
import type { SigningKey } from '../../../lib/trust/index.ts';
import { blockListPath } from '../../../lib/version/binary.ts';
import {
  type DGMOVersion,
  decodeManifest,
  encodeManifest,
  type ListedFile,
  type ListedPackage,
  type ListedRelease,
  type Target,
} from '../../../lib/version/index.ts';
import { manifestPath, packagePath } from '../layout.ts';
import { placeBytes, settleDraft, writeDraft } from '../place.ts';
import type { Published } from '../published.ts';
import { readListed } from './channel.ts';

/** Requests the signatures that `placePackage` will need, and writes nothing. */
export function askForPackage(draft: PackageDraft, keys: SigningKey[]): void {
  writePackage(draft, keys, () => undefined);
}

/** The manifest as a file of the feed, not written yet. */
export function listManifest(manifest: DGMOVersion): { file: ListedFile; bytes: Uint8Array } {
  const bytes = encodeManifest(manifest);
  const { sha256 } = digestBytes(bytes);
  return {
    file: { path: manifestPath(manifest.version, sha256), length: bytes.length, sha256 },
    bytes,
  };
}

export function placeManifest({ host, layout }: Published, manifest: DGMOVersion): ListedFile {
  const { file, bytes } = listManifest(manifest);
  placeBytes({ disk: host.disk, layout }, path.join(layout.targets, file.path), bytes);
  return file;
}

/** The list of the digests of a binary's blocks, as a file of the feed. */
export function placeBlockList(
  { host, layout }: Published,
  version: string,
  { target, blocks }: { target: Target; blocks: Uint8Array },
): void {
  const at = blockListPath(version, target, digestBytes(blocks).sha256);
  placeBytes({ disk: host.disk, layout }, path.join(layout.targets, at), blocks);
}

/**
 * The files of the feed that belong to a release for one target: manifest, packages, and what the manifest names as long
 * as there are packages that it is of use with.
 */
export function filesOfRelease(published: Published, release: ListedRelease): ListedFile[] {
  const { manifest, packages, binary } = release;
  if (packages.length === 0) return [manifest];
  const { version, binaries, updaters = [], configSchema } = decodeManifest(readListed(published, manifest));
  const lists = binaries.flatMap(({ blocks, checksum, ...target }) =>
    blocks === undefined || checksum !== binary.sha256 || fullPackage(release) === undefined
      ? []
      : [{ path: blockListPath(version, target, blocks.sha256), ...blocks }],
  );
  return [
    manifest,
    ...packages,
    ...lists,
    ...updaters.map(({ file }) => file),
    ...(configSchema === undefined ? [] : [configSchema]),
  ];
}

/** The kind of package follows from the draft's one patch or full binary. */
export async function placePackage(
  { host, layout, root }: Published,
  draft: PackageDraft,
  keys: SigningKey[],
): Promise<ListedPackage> {
  const place = { disk: host.disk, layout };
  const binaries = draft.payloads.flatMap((found) => (found.kind === 'evolution' ? [] : [found]));
  const [payload] = binaries;
  if (payload === undefined || binaries.length !== 1) throw new Error('wanted one patch or full binary');
  let digest: Digest = { sha256: '', size: 0 };
  const file = writeDraft(place, (write) => {
    digest = writePackage(draft, keys, write);
  });
  const source = openSource(host.disk, file);
  try {
    await verifyPayloads(readPackage(source, root));
  } finally {
    source.close();
  }
  const from = payload.kind === 'patch' ? payload.from : null;
  const { sha256, size: length } = digest;
  const at = packagePath(draft.manifest.version, draft, sha256, from);
  settleDraft(place, file, path.join(layout.targets, at));
  const common = { path: at, length, sha256 };
  return payload.kind === 'patch'
    ? { kind: 'patch', from: payload.from, fromChecksum: payload.fromChecksum, ...common }
    : { kind: 'full', ...common };
}

export function fullPackage({ packages }: ListedRelease): ListedPackage | undefined {
  return packages.find(({ kind }) => kind === 'full');
}

function packageFile({ layout }: Published, listed: ListedPackage): string {
  return path.join(layout.targets, listed.path);
}

/** The path of the file. DamagedError if it is not the file that the feed names. */
export function requireListed(published: Published, listed: ListedPackage): string {
  const file = packageFile(published, listed);
  const found = digestFile(published.host.disk, file, listed.length);
  if (found?.sha256 === listed.sha256) return file;
  throw new DamagedError(`${file}: wanted SHA-256 ${listed.sha256}, found ${foundText(found)}`, {
    advice: 'Copy the folder again from where it is published.',
  });
}

/** Hands the patch or full binary of a listed package to `use`. Its file is open until `use` is done. */
export async function withPayload<Result>(
  published: Published,
  listed: ListedPackage,
  use: (payload: Source) => Promise<Result>,
): Promise<Result> {
  const source = openSource(published.host.disk, requireListed(published, listed));
  try {
    const contents = readPackage(source, published.root);
    return await use(contents.payload(contents.payloads.findIndex(({ kind }) => kind !== 'evolution')));
  } finally {
    source.close();
  }
}
