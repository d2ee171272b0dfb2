/** A real package for the simulated install: signed, with a real patch or a real full binary. */
import { BlockDigests, compressFramed, generatePatch } from '../../lib/delta/index.ts';
import { encodeEvolution, type PayloadDraft, writePackage } from '../../lib/package/index.ts';
import { digestBytes, memorySource } from '../../lib/platform/files.ts';
import type { Platform } from '../../lib/platform/host.ts';
import { signBinary } from '../../lib/trust/index.ts';
import type { DGMOVersion } from '../../lib/version/index.ts';
import { testKey } from '../trust/keys.ts';
import { testManifest } from '../version/release.ts';
import type { Executable } from './install.ts';

export async function packageFor(
  platform: Platform,
  chain: Executable[],
  kind: 'patch' | 'full',
  evolutions: readonly { id: string; files: Record<string, string> }[] = [],
  /** What the header of each patch says, whatever is signed. */
  header: { fromVersion?: string; toVersion?: string } = {},
  /** More of the manifest. */
  more: Partial<DGMOVersion> = {},
): Promise<Uint8Array> {
  const to = chain.at(-1) as Executable;
  const key = testKey(11);
  const subject = { platform, arch: 'x64', size: to.size, checksum: to.sha256 } as const;
  const signature = signBinary(subject, to.version, key);
  const binary = { ...subject, signature, downloadUrl: 'dgmo' };
  const manifest: DGMOVersion = {
    ...testManifest(),
    ...more,
    version: to.version,
    // Each list that is kept is some more effects, at which every fault is tried: one kind of package is enough.
    ...(kind === 'full'
      ? { schema: 2, binaries: [{ ...binary, blocks: blocksOf(to) }] }
      : { binaries: [binary] }),
  };
  manifest.updates = { ...manifest.updates, from: chain[0]?.version ?? null };
  manifest.rollback = { ...manifest.rollback, minVersion: chain[0]?.version ?? to.version };
  const payloads = kind === 'full' ? [await fullOf(to)] : await patchesOf(chain, header);
  for (const { id, files } of evolutions) payloads.push(await evolutionOf(id, to.version, files));
  const pieces: Uint8Array[] = [];
  writePackage({ app: 'dgmo', platform, arch: 'x64', manifest, payloads }, [key], (bytes) =>
    pieces.push(bytes.slice()),
  );
  return new Uint8Array(Buffer.concat(pieces));
}

function blocksOf({ bytes }: Executable) {
  const list = new BlockDigests();
  list.update(bytes);
  const { sha256, size: length } = digestBytes(list.list());
  return { length, sha256 };
}

async function evolutionOf(
  id: string,
  version: string,
  files: Record<string, string>,
): Promise<PayloadDraft> {
  const archive = await encodeEvolution({
    id,
    version,
    files: Object.entries(files).map(([path, text]) => ({
      path,
      mode: path.startsWith('bin/') ? 0o755 : 0o644,
      bytes: new TextEncoder().encode(text),
    })),
  });
  return { kind: 'evolution', id, compression: 'zstd', content: memorySource(archive) };
}

async function fullOf(to: Executable): Promise<PayloadDraft> {
  const content = memorySource(await compressFramed(to.bytes, { level: 1 }));
  return {
    kind: 'full',
    to: to.version,
    toChecksum: to.sha256,
    toSize: to.size,
    compression: 'frames',
    content,
  };
}

function patchesOf(chain: Executable[], header: object): Promise<PayloadDraft[]> {
  return Promise.all(
    chain.slice(1).map(async (to, index): Promise<PayloadDraft> => {
      const from = chain[index] as Executable;
      const patch = await generatePatch({
        old: from.bytes,
        new: to.bytes,
        fromVersion: from.version,
        toVersion: to.version,
        ...header,
      });
      return {
        kind: 'patch',
        from: from.version,
        fromChecksum: from.sha256,
        to: to.version,
        toChecksum: to.sha256,
        toSize: to.size,
        compression: 'zstd',
        content: memorySource(patch),
      };
    }),
  );
}
