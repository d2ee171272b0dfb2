/**
 * Writes a store of snapshots with one of everything: `bun test/snapshot/store/make-vector.ts <folder>`. What it once wrote is
 * in test/vectors/, and is read there for ever; it is run again only for a format with another number.
 */
import fs from 'node:fs';
import { dirname, join } from 'node:path';
import { digestBytes } from '../../../lib/platform/files.ts';
import {
  type Covering,
  profileOf,
  type Snapshot,
  storeLayout,
  takeSnapshot,
  Verifier,
} from '../../../lib/snapshot/index.ts';
import { SimulatedDisk } from '../../host/disk.ts';
import { simulatedHost } from '../../host/host.ts';

const HOME = '/home/ada/.dgmo';
const BINARY = '/home/ada/.dgmo/bin/dgmo';

const disk = new SimulatedDisk();
const host = simulatedHost({ disk, versionOf: () => null });
// As on a filesystem that shares blocks, of large files alone: so that both kinds of content are there.
host.disk.reflink = (from, to) => disk.copy(from, to);

const executable = new TextEncoder().encode('#!/bin/sh\necho 1.2.3\n');
disk.place(BINARY, executable, 0o755);
const write = (path: string, content: string | Uint8Array, mode = 0o644) =>
  disk.place(
    `${HOME}/${path}`,
    typeof content === 'string' ? new TextEncoder().encode(content) : content,
    mode,
  );
write('config/settings.json', '{ "theme": "dark" }\n', 0o600);
write('config/empty', '');
write('config/packed.txt', 'over and over again, '.repeat(200));
write(
  'config/raw',
  Uint8Array.from({ length: 100 }, (_, index) => (index * 151) & 255),
  0o755,
);
write('config/names/\u00fc \ud83d\ude80 \udcff', 'a name that is no UTF-8 at its end');
write('data/large', 'y'.repeat(300_000));
disk.createDirectory(`${HOME}/data/nothing in it`, 0o711);
disk.symlink('../config/settings.json', `${HOME}/data/link`);
disk.setModified(`${HOME}/data/large`, 1_234_567_890_123_456);

// Patterns, a folder that belongs to something else, and a change that brings back what they leave out.
write('data/private/secret', 'left out then');
write('config/kept.log', 'taken all the same');
write('config/plugins/tool', 'a plugin');

const layout = storeLayout(host, HOME);
const checkpoint = async () => undefined;
const take = async (kind: Snapshot['kind'], exclude: string[], covering?: Covering) => {
  const settings = { plugins: `${HOME}/config/plugins`, exclude, include: ['kept.log'] };
  const { snapshot } = await takeSnapshot(host, {
    layout,
    profile: profileOf(host, { home: HOME, app: 'dgmo', store: layout.folder }, settings),
    reason: 'Before updating to 1.3.0',
    kind,
    app: 'dgmo',
    installId: '00112233445566778899aabbccddeeff',
    version: '1.2.3',
    rollback: { supported: true, minVersion: '1.0.0', dataVersion: 4 },
    binary: { path: BINARY, digest: digestBytes(executable), sound: true },
    updater: '0.1.0',
    checkpoint,
    ...(covering === undefined ? {} : { covering }),
  });
  await new Verifier(host, layout, checkpoint).verify(snapshot);
  return snapshot;
};
const first = await take('update', ['private/', '*.secret']);
disk.remove(`${HOME}/config/packed.txt`);
write('config/raw', 'another content');
await take('rollback', ['raw'], { snapshot: first, components: ['config'] });

const target = process.argv[2] ?? '';
for (const path of Object.keys(disk.picture())) {
  const inside = path.slice(layout.folder.length + 1);
  if (
    !path.startsWith(`${layout.folder}/`) ||
    /^(cache|lock)/.test(inside) ||
    disk.status(path)?.kind !== 'file'
  )
    continue;
  fs.mkdirSync(dirname(join(target, inside)), { recursive: true });
  fs.writeFileSync(join(target, inside), disk.contentOf(path) ?? '');
}
