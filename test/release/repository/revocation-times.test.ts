/** When a release was revoked: known to whoever reads the repository, kept by whatever is signed later, and no matter to clients. */
import { describe, expect, test } from 'bun:test';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { nativeHost } from '../../../lib/platform/native.ts';
import { openFeed } from '../../../lib/trust/index.ts';
import { decodeIndex, indexPath } from '../../../lib/version/index.ts';
import { describeMessage } from '../../../release/keys/describe-message.ts';
import { atomFeed } from '../../../release/page/atom.ts';
import { pageHtml } from '../../../release/page/page.ts';
import { shownReleases } from '../../../release/page/releases.ts';
import { initialize } from '../../../release/repository/initialize.ts';
import { type Published, readPublished } from '../../../release/repository/published.ts';
import { addRelease } from '../../../release/repository/releases/add-release.ts';
import { revoke } from '../../../release/repository/releases/change-listing.ts';
import { readChannels } from '../../../release/repository/releases/channel.ts';
import { refresh } from '../../../release/repository/signing/renew.ts';
import { rotate } from '../../../release/repository/signing/replace-key.ts';
import { SimulatedDisk } from '../../host/disk.ts';
import { testKey } from '../../trust/keys.ts';
import { folderSource } from '../feed.ts';
import { freshFolder, noise } from '../run.ts';
import { hostOn, KEYS, look, meansOf, REPO, ROOT, requestFor, SIGNERS, signersWith } from './simulated.ts';

const LINUX = { platform: 'linux', arch: 'x64' } as const;
const WRITTEN = 1_700_000_000_000;
const HOUR = 3_600_000;

describe('a feed that was written', () => {
  const vector = (name: string) => path.join(import.meta.dir, '../../vectors', name);

  for (const [name, at] of [
    ['channel-v1', null],
    ['channel-v2', WRITTEN],
  ] as const) {
    test(`${name}: says ${at === null ? 'not when' : 'when'} its release was revoked, and is trusted by a client`, async () => {
      const [channel] = readChannels(readPublished(nativeHost(), vector(name)));
      expect(channel?.revoked).toEqual([{ version: '1.1.0', reason: 'It lost data.', at }]);
      const { disk, locks, platform } = nativeHost();
      const folder = mkdtempSync(path.join(os.tmpdir(), 'dgmo-client-'));
      try {
        const feed = openFeed({
          ...{ disk, locks, platform, folder },
          source: folderSource(vector(name)),
          baseUrl: 'https://feed.test/metadata/',
          compiledInRoot: JSON.parse(readFileSync(path.join(vector(name), 'metadata/1.root.json'), 'utf8')),
          now: () => WRITTEN + HOUR,
        });
        const found = await feed.target(indexPath('stable', LINUX));
        const index = readFileSync(path.join(vector(name), 'targets', found?.location ?? 'none'));
        expect(decodeIndex(index).revoked).toEqual([{ version: '1.1.0', reason: 'It lost data.' }]);
      } finally {
        rmSync(folder, { recursive: true });
      }
    });
  }

  test('has the same index, byte by byte, whether it says it or not: clients refuse one with other fields', () => {
    const index = (name: string) => {
      const folder = path.join(vector(name), 'targets/channels/stable');
      return readdirSync(folder).map((file) => [file, readFileSync(path.join(folder, file), 'utf8')]);
    };
    expect(index('channel-v2')).toEqual(index('channel-v1'));
  });

  test('is told by inspect, with the time on a clock here', async () => {
    const file = path.join(vector('channel-v2'), 'metadata/3.linux-x64.json');
    using folder = freshFolder();
    const { code, stdout } = await folder.release(['inspect', file], { TZ: 'UTC' });
    expect([code, stdout]).toEqual([
      0,
      expect.stringMatching(
        /revoked\n {2}channels\/stable\/linux-x64\.json\n {4}1\.1\.0 {2}2023-11-14 22:13/,
      ),
    ]);
  });
});

/** A clock that shows this time. */
const at = (disk: SimulatedDisk, now: number) => {
  const host = hostOn(disk);
  return { ...host, clock: { ...host.clock, now: () => now } };
};

async function repository(): Promise<SimulatedDisk> {
  const disk = new SimulatedDisk();
  await initialize(hostOn(disk), REPO, { app: 'dgmo', root: ROOT }, SIGNERS);
  for (const [version, channel] of [
    ['1.0.0', 'stable'],
    ['1.1.0', 'beta'],
    ['1.1.0', 'stable'],
  ] as const) {
    await add(disk, version, channel);
  }
  return disk;
}

async function add(disk: SimulatedDisk, version: string, channel: string, signers = SIGNERS) {
  const host = hostOn(disk);
  const content = noise(Number(version.replaceAll('.', '')), 300);
  const request = requestFor(disk, version, { 'linux-x64': content }, { channel });
  await addRelease(host, REPO, request, signers, meansOf(host));
}

const publishedOn = (disk: SimulatedDisk): Published => readPublished(hostOn(disk), REPO);
const content = (published: Published) => ({
  ...{ name: 'DGMO', address: 'https://example.org/', installers: [], targets: 'targets/' },
  releases: shownReleases(published, [], 50),
});

test('a release that one channel still offers is not revoked on the page, nor where it is offered', async () => {
  const disk = await repository();
  await revoke(at(disk, WRITTEN + HOUR), REPO, { version: '1.1.0', reason: 'No.', channel: 'beta' }, SIGNERS);
  const [release] = shownReleases(publishedOn(disk), [], 50);
  expect(release).toMatchObject({
    version: '1.1.0',
    revoked: null,
    channels: [{ name: 'stable', rollout: 100 }],
  });
  expect(shownReleases(publishedOn(disk), ['beta'], 50)[0]?.revoked).toMatchObject({ reason: 'No.' });
});

test('the page and the Atom feed tell the first time, and no later work loses or changes it', async () => {
  const disk = await repository();
  const [first, second] = [WRITTEN + HOUR, WRITTEN + 2 * HOUR];
  await revoke(at(disk, first), REPO, { version: '1.1.0', reason: 'No.', channel: 'stable' }, SIGNERS);
  const everywhere = { version: '1.1.0', reason: 'Not any more.', channel: null };
  await revoke(at(disk, second), REPO, everywhere, SIGNERS);

  const times = () => readChannels(publishedOn(disk)).map(({ name, revoked }) => [name, revoked[0]?.at]);
  const known = [
    ['beta', second],
    ['stable', first],
  ];
  expect(times().sort()).toEqual(known);
  await add(disk, '1.2.0', 'stable');
  await refresh(at(disk, WRITTEN + 3 * HOUR), REPO, SIGNERS, { all: true });
  const fresh = testKey(77);
  const signers = signersWith([...KEYS, fresh]);
  await rotate(hostOn(disk), REPO, { role: 'targets', replaced: [testKey(11).id], added: [fresh] }, signers);
  await add(disk, '1.3.0', 'beta', signers);
  expect(times().sort()).toEqual(known);

  const page = pageHtml(content(publishedOn(disk)));
  const iso = new Date(first).toISOString();
  expect(page).toContain(
    `Revoked on <time datetime="${iso}">${iso.slice(0, 10)}</time>, and no installation takes it any more: No.`,
  );
  const atom = atomFeed(content(publishedOn(disk)));
  const entry = atom.split('<entry>').find((one) => one.includes('#1.1.0-revoked</id>'));
  expect(entry).toContain(`<updated>${iso}</updated>`);
  expect(entry).toContain(`<published>${new Date(WRITTEN).toISOString()}</published>`);
  expect(atom.slice(0, atom.indexOf('<entry>'))).toContain(`<updated>${iso}</updated>`);

  const indexes: [string, string][] = [
    ['stable', 'linux-x64'],
    ['beta', 'linux-x64'],
  ];
  expect((await look(disk, new SimulatedDisk(), indexes)).revoked.sort()).toEqual([
    'beta 1.1.0',
    'stable 1.1.0',
  ]);
});

test('who signs it elsewhere is shown it', async () => {
  const disk = await repository();
  const messages: Uint8Array[] = [];
  const watched = signersWith(
    KEYS.map((key) => ({
      ...key,
      sign(message) {
        messages.push(new Uint8Array(message));
        return key.sign(message);
      },
    })),
  );
  await revoke(at(disk, WRITTEN), REPO, { version: '1.1.0', reason: 'No.', channel: 'beta' }, watched);
  const lines = messages.flatMap((message) => describeMessage(message, null).lines);
  expect(lines).toContain(`  says that 1.1.0 was revoked at ${new Date(WRITTEN).toISOString()}`);
});
