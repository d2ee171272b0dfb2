/** Storing an executable as a patch with every fault at every effect: at every instant every executable can be restored. */
import { expect, test } from 'bun:test';
import { asUpdaterError } from '../../lib/platform/failures.ts';
import { ANY_SIZE, digestBytes, digestFile } from '../../lib/platform/files.ts';
import type { Host } from '../../lib/platform/host.ts';
import {
  binaryPath,
  compactBinaries,
  isSoundChain,
  listSnapshots,
  profileOf,
  storeLayout,
  takeSnapshot,
  Verifier,
} from '../../lib/snapshot/index.ts';
import { codeLike } from '../delta/pairs.ts';
import { SimulatedDisk } from '../host/disk.ts';
import { exhaust } from '../host/exhaust.ts';
import { FaultInjector } from '../host/faults.ts';
import { simulatedHost } from '../host/host.ts';

const HOME = '/home/.dgmo';
const BINARY = '/opt/dgmo';
const VERSIONS = [1, 2].map((number) => codeLike(800, 3, number));
const DIGESTS = VERSIONS.map((version) => digestBytes(version).sha256);

async function take(host: Host): Promise<void> {
  const layout = storeLayout(host, HOME);
  const digest = digestFile(host.disk, BINARY, ANY_SIZE);
  if (digest === null) throw new Error('there is no executable');
  await takeSnapshot(host, {
    ...{ layout, reason: 'a test', kind: 'manual', app: 'dgmo', installId: 'an-install', version: '1.0.0' },
    ...{ rollback: null, updater: '0.1.0', binary: { path: BINARY, digest, sound: true } },
    profile: profileOf(host, { home: HOME, app: 'dgmo', store: layout.folder }),
    checkpoint: async () => undefined,
  });
}

async function compact(host: Host): Promise<void> {
  try {
    await compactBinaries(host, storeLayout(host, HOME), { worth: 0 });
  } catch (error) {
    throw asUpdaterError(error, HOME);
  }
}

function isHere(disk: SimulatedDisk, sha256: string): boolean {
  const layout = storeLayout({ platform: 'linux' }, HOME);
  const digestOf = (path: string) => digestFile(disk, path, ANY_SIZE)?.sha256;
  if (digestOf(binaryPath(layout, sha256)) === sha256) return true;
  return isSoundChain(disk, layout, sha256, digestOf);
}

test('every fault at every effect of storing an executable as a patch', async () => {
  const tally = await exhaust({
    async prepare() {
      const disk = new SimulatedDisk();
      for (const version of VERSIONS) {
        disk.place(BINARY, version);
        await take(simulatedHost({ disk, faults: new FaultInjector(), versionOf: () => null }));
      }
      return disk;
    },
    host: { versionOf: () => null },
    work: async (host) => {
      try {
        await compact(host);
      } catch (error) {
        if (!(error instanceof Error) || !('exitCode' in error)) throw error;
      }
    },
    recover: compact,
    always(disk) {
      for (const sha256 of DIGESTS) expect(isHere(disk.clone(), sha256)).toBe(true);
    },
    afterwards(disk) {
      const layout = storeLayout({ platform: 'linux' }, HOME);
      expect(disk.list(layout.binaries)).toEqual(DIGESTS.slice(-1));
      expect(disk.list(layout.inverses)).toHaveLength(1);
    },
  });
  console.log(
    `    ${tally.effects} effects, ${tally.points} faults, ${tally.recoveryPoints} stops of recoveries`,
  );
  expect(tally.points).toBeGreaterThan(100);
}, 600_000);

test('what is left is verified as a whole', async () => {
  const disk = new SimulatedDisk();
  const host = simulatedHost({ disk, faults: new FaultInjector(), versionOf: () => null });
  for (const version of VERSIONS) {
    disk.place(BINARY, version);
    await take(host);
  }
  await compact(host);
  const layout = storeLayout(host, HOME);
  const verifier = new Verifier(host, layout, async () => undefined);
  for (const { found } of listSnapshots(disk, layout)) {
    if (found instanceof Error) throw found;
    expect((await verifier.verify(found)).problems).toEqual([]);
  }
  verifier.close();
});
