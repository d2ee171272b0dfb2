/** A repository on a simulated disk, the work of its commands, and a client that looks at all that it can come to. */
import path from 'node:path';
import { readPackage, verifyPayloads } from '../../../lib/package/index.ts';
import { digestBytes, openSource, readSource, replaceDurably } from '../../../lib/platform/files.ts';
import type { Host } from '../../../lib/platform/host.ts';
import { decodeRoot, type MetadataSource, openFeed, type SigningKey } from '../../../lib/trust/index.ts';
import {
  decodeIndex,
  decodeManifest,
  decodePage,
  indexPath,
  type ListedFile,
  type ListedRelease,
  parseTarget,
} from '../../../lib/version/index.ts';
import { type Signers, signersOf } from '../../../release/keys/signers.ts';
import { readDescription } from '../../../release/manifest/options.ts';
import type { AddRequest, AddTools } from '../../../release/repository/releases/add-request.ts';
import type { Job } from '../../../release/work/job.ts';
import { jobKey } from '../../../release/work/job.ts';
import { inProcessWorkers, type Workers } from '../../../release/work/workers.ts';
import type { SimulatedDisk } from '../../host/disk.ts';
import type { FaultInjector } from '../../host/faults.ts';
import { type SimulatedHost, simulatedHost } from '../../host/host.ts';
import { ROOT_KEYS, SNAPSHOT_KEY, TARGETS_KEYS, TIMESTAMP_KEY, testRootBytes } from '../../trust/keys.ts';

export const REPO = '/repo';
export const ROOT = testRootBytes();
const CLIENT = '/client';
const BASE_URL = 'https://feed.test/metadata/';

export const KEYS: SigningKey[] = [...ROOT_KEYS, ...TARGETS_KEYS, SNAPSHOT_KEY, TIMESTAMP_KEY];
export const signersWith = (keys: SigningKey[]): Signers =>
  signersOf((id) => keys.find((key) => key.id === id) ?? null, 'keys');
export const SIGNERS = signersWith(KEYS);

export function hostOn(disk: SimulatedDisk, faults?: FaultInjector): SimulatedHost {
  return simulatedHost({ disk, versionOf: () => null, ...(faults && { faults }) });
}

/** The request to add these binaries, put on the disk. */
export function requestFor(
  disk: SimulatedDisk,
  version: string,
  binaries: Record<string, Uint8Array>,
  more: Partial<AddRequest> = {},
): AddRequest {
  const list = Object.entries(binaries).map(([name, content]) => {
    const target = parseTarget(name);
    if (target === null) throw new Error(`no target ${name}`);
    const file = `/drop/${version}-${name}`;
    disk.place(file, content);
    return { target, file };
  });
  return {
    version,
    channel: 'stable',
    binaries: list,
    description: readDescription(version, { evolution: [], 'no-rollback': false }),
    updaters: [],
    configSchema: null,
    deltas: 5,
    from: [],
    rollout: null,
    applyLimit: null,
    minimum: null,
    minimumFrom: null,
    level: 1,
    ...more,
  };
}

const products = new Map<string, Uint8Array>();

/** The real work, the first time; after that the same bytes are written with the same effects on the disk. */
function rememberingWorkers(host: Host): Workers {
  return {
    async run(job: Job, output, onProgress, signal) {
      const made = products.get(jobKey(job));
      if (made === undefined) {
        const tried = await inProcessWorkers(host.disk).run(job, output, onProgress, signal);
        const source = openSource(host.disk, output);
        const bytes = readSource(source);
        source.close();
        products.set(jobKey(job), bytes);
        return tried;
      }
      replaceDurably(host.disk, output, path.dirname(output), made, 0o644);
      return 0;
    },
  };
}

export function meansOf(host: Host): AddTools {
  return {
    workers: rememberingWorkers(host),
    limits: { slots: 1, memory: 1 << 30 },
    report: { made: () => undefined, progress: () => undefined, say: () => undefined },
    trial: null,
    stop: new AbortController().signal,
  };
}

/** What a client keeps between its visits. */
export type Memory = SimulatedDisk;

export interface Sight {
  /** Every release of every channel, as the feed lists it. */
  releases: Record<string, ListedRelease[]>;
  revoked: string[];
  rootVersion: number;
}

/**
 * Reads everything that a client can come to, as the updater does: metadata with its own trust code, then indexes,
 * pages, manifests and packages by digest and signature. Throws where anything is missing, damaged or not trusted.
 */
export async function look(
  repository: SimulatedDisk,
  memory: Memory,
  indexes: readonly [channel: string, target: string][],
  compiledIn: Uint8Array = ROOT,
): Promise<Sight> {
  const host = hostOn(memory);
  const source: MetadataSource = {
    get: async (url) => repository.contentOf(`${REPO}/metadata/${url.slice(BASE_URL.length)}`),
  };
  const feed = openFeed({
    disk: host.disk,
    locks: host.locks,
    platform: host.platform,
    folder: CLIENT,
    source,
    baseUrl: BASE_URL,
    compiledInRoot: JSON.parse(new TextDecoder().decode(compiledIn)),
    now: () => host.clock.now(),
  });
  await feed.refresh();
  const read = (file: ListedFile): Uint8Array => {
    const bytes = repository.contentOf(`${REPO}/targets/${file.path}`);
    if (bytes === null || bytes.length !== file.length || digestBytes(bytes).sha256 !== file.sha256) {
      throw new Error(`${file.path} is not as it is listed`);
    }
    return bytes;
  };
  const kept = memory.contentOf(`${CLIENT}/root.json`);
  const root = kept === null ? decodeRoot(compiledIn) : decodeRoot(kept);
  const sight: Sight = { releases: {}, revoked: [], rootVersion: root.version };
  for (const [channel, name] of indexes) {
    const target = parseTarget(name);
    if (target === null) throw new Error(`no target ${name}`);
    const found = await feed.target(indexPath(channel, target));
    if (found === null) continue;
    const file = { path: found.location, length: found.length, sha256: found.hashes.sha256 ?? '' };
    const index = decodeIndex(read(file));
    const releases = [...index.releases];
    for (let { older } = index; older !== null; ) {
      const page = decodePage(read(older));
      releases.push(...page.releases);
      older = page.older;
    }
    for (const release of releases) {
      const manifest = decodeManifest(read(release.manifest));
      if (manifest.version !== release.version) throw new Error(`${release.version}: another manifest`);
      for (const listed of release.packages) {
        read(listed);
        const opened = openSource(repository, `${REPO}/targets/${listed.path}`);
        const contents = readPackage(opened, root);
        await verifyPayloads(contents);
        opened.close();
        if (!Bun.deepEquals(contents.manifest, manifest)) throw new Error(`${listed.path}: another manifest`);
      }
    }
    sight.releases[`${channel} ${name}`] = releases;
    sight.revoked.push(...index.revoked.map(({ version }) => `${channel} ${version}`));
  }
  return sight;
}
