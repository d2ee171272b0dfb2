/** Stores that earlier versions wrote are read for ever. */
import { afterEach, beforeEach, expect, test } from 'bun:test';
import fs from 'node:fs';
import { join } from 'node:path';
import { digestSource } from '../../../lib/platform/files.ts';
import { binaryPath, FOLDER_COMPONENTS, openBinary, type Snapshot } from '../../../lib/snapshot/index.ts';
import { DEFAULT_EXCLUDES } from '../../../lib/snapshot/patterns.ts';
import { openWorkshop, picture, type Workshop } from '../workshop.ts';

let workshop: Workshop;

beforeEach(() => {
  workshop = openWorkshop();
});

afterEach(() => workshop.remove());

function storeOf(vector: string): void {
  fs.cpSync(join(import.meta.dir, '../../vectors', vector), workshop.layout.folder, { recursive: true });
}

/** With its folders where the workshop has them. */
function moved(snapshot: Snapshot): Snapshot {
  const components = { ...snapshot.components };
  for (const component of FOLDER_COMPONENTS) {
    const path = workshop.root(component);
    const [root] = components[component].roots;
    if (root !== undefined)
      components[component] = { ...components[component], roots: [{ ...root, path, resolved: path }] };
  }
  return { ...snapshot, components };
}

test('snapshot-v1: it says what it is', () => {
  storeOf('snapshot-v1');
  const [snapshot] = workshop.snapshots();
  expect(snapshot).toMatchObject({
    schema: 1,
    reason: 'Before updating to 1.3.0',
    kind: 'update',
    version: '1.2.3',
    rollback: { supported: true, minVersion: '1.0.0', dataVersion: 4 },
    patterns: null,
    warnings: [],
    metadata: { platform: 'linux', arch: 'x64', updater: '0.1.0' },
  });
  expect(snapshot?.components.config.roots).toMatchObject([
    { path: '/home/ada/.dgmo/config', files: 5, size: 4354, apart: null, next: null },
  ]);
  expect(snapshot?.components.plugins.roots).toMatchObject([{ tree: null }]);
});

test('snapshot-v1: what the usual patterns leave out stays, the rest of what it does not have goes', async () => {
  storeOf('snapshot-v1');
  const [snapshot] = workshop.snapshots();
  if (snapshot === undefined) throw new Error('there is no snapshot');
  const config = workshop.root('config');
  for (const name of ['some.log', 'new.txt', 'mine']) fs.writeFileSync(join(config, name), 'x');
  const today = openWorkshop({ home: workshop.home, settings: { exclude: ['mine'], include: ['some.log'] } });
  await today.restore(moved(snapshot));
  expect(fs.readdirSync(config).sort()).toEqual([
    'empty',
    'mine',
    'names',
    'packed.txt',
    'raw',
    'settings.json',
    'some.log',
  ]);
});

test('snapshot-v2: it says what was left out, and what the change after it brought', async () => {
  storeOf('snapshot-v2');
  const [first, second] = workshop.snapshots();
  if (first === undefined || second === undefined) throw new Error('there are no two snapshots');
  expect(first.id < second.id).toBe(true);
  expect(first).toMatchObject({
    schema: 2,
    kind: 'update',
    patterns: { exclude: [...DEFAULT_EXCLUDES, 'private/', '*.secret'], include: ['kept.log'] },
    components: { config: { roots: [{ files: 6, apart: ['plugins'], next: null }] } },
  });
  expect(second).toMatchObject({
    schema: 2,
    kind: 'rollback',
    patterns: { exclude: [...DEFAULT_EXCLUDES, 'raw'], include: ['kept.log'] },
    components: { config: { roots: [{ next: first.components.config.roots[0]?.tree }] } },
  });
  const config = workshop.root('config');
  const data = workshop.root('data');
  for (const name of ['config/plugins', 'data/private', 'data/more.secret'])
    fs.mkdirSync(join(workshop.home, name), { recursive: true });
  for (const name of ['config/plugins/tool', 'data/private/secret', 'config/some.log'])
    fs.writeFileSync(join(workshop.home, name), 'it stays');
  await workshop.restore(moved(first));
  expect(fs.readdirSync(config).sort()).toEqual([
    'empty',
    'kept.log',
    'names',
    'packed.txt',
    'plugins',
    'raw',
    'settings.json',
    'some.log',
  ]);
  for (const name of ['config/plugins/tool', 'data/private/secret', 'config/some.log'])
    expect(fs.readFileSync(join(workshop.home, name), 'utf8')).toBe('it stays');
  expect(fs.readdirSync(data)).toContain('more.secret');
  const today = openWorkshop({ home: workshop.home, settings: { exclude: ['*.txt'] } });
  await today.restore(moved(second));
  expect(fs.existsSync(join(config, 'packed.txt'))).toBe(false);
  expect(fs.readFileSync(join(config, 'raw'), 'utf8')).toBe('another content');
  expect(fs.existsSync(join(config, 'some.log'))).toBe(true);
  expect(fs.readFileSync(join(data, 'private/secret'), 'utf8')).toBe('left out then');
});

const VECTORS = [
  ['snapshot-v1', 1],
  ['snapshot-v2', 2],
] as const;
test.each(VECTORS)('%s: it is sound, and comes back as it was', async (vector, count) => {
  storeOf(vector);
  expect(await workshop.problems()).toEqual([]);
  expect(workshop.snapshots()).toHaveLength(count);
  const [snapshot] = workshop.snapshots();
  if (snapshot === undefined) throw new Error('there is no snapshot');
  await workshop.restore(moved(snapshot));
  const { data, config, plugins } = {
    data: workshop.root('data'),
    config: workshop.root('config'),
    plugins: workshop.root('plugins'),
  };
  const text = (path: string) => fs.readFileSync(path, 'utf8');
  expect(text(join(config, 'settings.json'))).toBe('{ "theme": "dark" }\n');
  expect(text(join(config, 'packed.txt'))).toBe('over and over again, '.repeat(200));
  expect([...fs.readFileSync(join(config, 'raw'))]).toEqual(
    Array.from({ length: 100 }, (_, index) => (index * 151) & 255),
  );
  expect(text(join(config, 'empty'))).toBe('');
  const odd = Buffer.concat([Buffer.from(`${config}/names/\u00fc \u{1f680} `), Buffer.from([0xff])]);
  if (process.platform === 'linux')
    expect(fs.readFileSync(odd, 'utf8')).toBe('a name that is no UTF-8 at its end');
  expect(text(join(data, 'large'))).toBe('y'.repeat(300_000));
  expect(picture(data).get('large')).toStartWith('file 644 1234567890123456 300000 ');
  expect(picture(data).get('nothing in it')).toStartWith('folder 711 ');
  expect(fs.readlinkSync(join(data, 'link'))).toBe('../config/settings.json');
  expect(picture(config).get('settings.json')).toStartWith('file 600 ');
  expect(picture(config).get('raw')).toStartWith('file 755 ');
  expect(fs.existsSync(join(plugins, 'tool'))).toBe(vector !== 'snapshot-v1');
  const { binary } = snapshot.components;
  expect(text(binaryPath(workshop.layout, binary?.checksum ?? ''))).toBe('#!/bin/sh\necho 1.2.3\n');
});

test('snapshot-v3: executables that are patches are read through the newest one, and the data comes back', async () => {
  storeOf('snapshot-v3');
  expect(await workshop.problems()).toEqual([]);
  const snapshots = workshop.snapshots();
  expect(snapshots.map(({ schema, version }) => [schema, version])).toEqual([
    [3, '1.2.3'],
    [3, '1.3.0'],
    [2, '1.4.0'],
  ]);
  const { disk } = workshop.host;
  for (const [index, snapshot] of snapshots.entries()) {
    const checksum = snapshot.components.binary?.checksum ?? '';
    expect(fs.existsSync(binaryPath(workshop.layout, checksum))).toBe(index === 2);
    const source = await openBinary(disk, workshop.layout, checksum);
    expect(await digestSource(source, () => undefined)).toBe(checksum);
    source.close();
    await workshop.restore(moved(snapshot));
    const restored = fs.readFileSync(join(workshop.root('data'), 'sessions.json'), 'utf8');
    expect(restored).toBe(`["${snapshot.version}"]\n`);
  }
});
