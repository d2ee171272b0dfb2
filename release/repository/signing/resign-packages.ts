/** Signs the packages of listed releases for another root: new manifests and envelopes around the same payloads. */
import { TrustError } from '../../../lib/errors.ts';
import { type PackageContents, type PayloadDraft, readPackage } from '../../../lib/package/index.ts';
import { openSource, type Source } from '../../../lib/platform/files.ts';
import { signBinary, type TrustedRoot, verifyBinarySignature } from '../../../lib/trust/index.ts';
import {
  type Binary,
  type DGMOVersion,
  decodeManifest,
  type ListedFile,
  type ListedPackage,
  type ListedRelease,
} from '../../../lib/version/index.ts';
import type { Signers } from '../../keys/signers.ts';
import type { Published } from '../published.ts';
import { type Channel, readChannels, readListed } from '../releases/channel.ts';
import {
  askForPackage,
  listManifest,
  placeManifest,
  placePackage,
  requireListed,
} from '../releases/packages.ts';

/** The channels that list anything not signed by the keys of `goal`, with that signed again. */
export async function resignedChannels(
  published: Published,
  goal: TrustedRoot,
  signers: Signers,
): Promise<Channel[]> {
  if (signers.remote !== undefined) {
    await resign(published, new Resigner(published, goal, signers, true));
    signers.remote.requireAll();
  }
  return await resign(published, new Resigner(published, goal, signers, false));
}

async function resign(published: Published, resigner: Resigner): Promise<Channel[]> {
  const changed: Channel[] = [];
  for (const channel of readChannels(published)) {
    const releases: ListedRelease[] = [];
    for (const release of channel.releases) releases.push(await resigner.release(release));
    const same = releases.every((release, index) => release === channel.releases[index]);
    if (!same) changed.push({ ...channel, releases });
  }
  return changed;
}

class Resigner {
  readonly #published: Published;
  readonly #goal: TrustedRoot;
  readonly #signers: Signers;
  readonly #asksOnly: boolean;
  /** By the path of the old package: two channels may list the same one. */
  readonly #packages = new Map<string, ListedPackage>();

  /** `asksOnly`: signatures are requested, and nothing is written. */
  constructor(published: Published, goal: TrustedRoot, signers: Signers, asksOnly: boolean) {
    this.#asksOnly = asksOnly;
    this.#published = published;
    this.#goal = goal;
    this.#signers = signers;
  }

  async release(release: ListedRelease): Promise<ListedRelease> {
    const old = decodeManifest(readListed(this.#published, release.manifest));
    const manifest = this.#manifest(old);
    const packages: ListedPackage[] = [];
    for (const listed of release.packages) packages.push(await this.#package(listed, manifest, old));
    const same = packages.every((entry, index) => entry === release.packages[index]);
    if (same && manifest === old) return release;
    return {
      ...release,
      packages,
      manifest: manifest === old ? release.manifest : this.#placeManifest(manifest),
    };
  }

  /** The same manifest if every binary in it has a valid signature. */
  #manifest(old: DGMOVersion): DGMOVersion {
    const binaries = old.binaries.map((binary) => this.#binary(binary, old.version));
    const same = binaries.every((binary, index) => binary === old.binaries[index]);
    return same ? old : { ...old, binaries };
  }

  #binary(binary: Binary, version: string): Binary {
    if (ifTrusted(() => verifyBinarySignature(binary, version, this.#goal)) !== null) return binary;
    const [key] = this.#signers.keys('targets', this.#goal);
    if (key === undefined) throw new Error('no key to sign with');
    return { ...binary, signature: signBinary(binary, version, key) };
  }

  #placeManifest(manifest: DGMOVersion): ListedFile {
    if (this.#asksOnly) return listManifest(manifest).file;
    return placeManifest(this.#published, manifest);
  }

  async #package(listed: ListedPackage, manifest: DGMOVersion, old: DGMOVersion): Promise<ListedPackage> {
    const before = this.#packages.get(listed.path);
    if (before !== undefined) return before;
    const source = openSource(this.#published.host.disk, requireListed(this.#published, listed));
    try {
      const counts = manifest === old && ifTrusted(() => readPackage(source, this.#goal)) !== null;
      const next = counts ? listed : await this.#rewrite(listed, source, manifest);
      this.#packages.set(listed.path, next);
      return next;
    } finally {
      source.close();
    }
  }

  /** The package as it is must be valid under the current root. */
  async #rewrite(listed: ListedPackage, source: Source, manifest: DGMOVersion): Promise<ListedPackage> {
    const contents = readPackage(source, this.#published.root);
    const { app, platform, arch } = contents;
    const draft = { app, platform, arch, manifest, payloads: payloadsOf(contents) };
    const keys = this.#signers.keys('targets', this.#goal);
    if (this.#asksOnly) {
      askForPackage(draft, keys);
      return listed;
    }
    return await placePackage({ ...this.#published, root: this.#goal }, draft, keys);
  }
}

function payloadsOf(contents: PackageContents): PayloadDraft[] {
  return contents.payloads.map(({ length: _, sha256: __, ...rest }, index) => ({
    ...rest,
    content: contents.payload(index),
  }));
}

/** Null if `look` fails because it is not trusted. */
function ifTrusted<Result>(look: () => Result): { result: Result } | null {
  try {
    return { result: look() };
  } catch (error) {
    if (error instanceof TrustError) return null;
    throw error;
  }
}
