/** Stores that earlier versions wrote are read for ever. */
import { afterEach, beforeEach, expect, test } from 'bun:test';
import fs from 'node:fs';
import { join } from 'node:path';
import { binaryPath, FOLDER_COMPONENTS, type Snapshot } from '../../../lib/snapshot/index.ts';
import { openWorkshop, picture, type Workshop } from '../workshop.ts';

const VECTOR = join(import.meta.dir, '../../vectors/snapshot-v1');

let workshop: Workshop;

beforeEach(() => {
  workshop = openWorkshop();
  fs.cpSync(VECTOR, workshop.layout.folder, { recursive: true });
});

afterEach(() => workshop.remove());

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
  const [snapshot] = workshop.snapshots();
  expect(snapshot).toMatchObject({
    schema: 1,
    reason: 'Before updating to 1.3.0',
    kind: 'update',
    version: '1.2.3',
    rollback: { supported: true, minVersion: '1.0.0', dataVersion: 4 },
    warnings: [],
    metadata: { platform: 'linux', arch: 'x64', updater: '0.1.0' },
  });
  expect(snapshot?.components.config.roots).toMatchObject([
    { path: '/home/ada/.dgmo/config', files: 5, size: 4354 },
  ]);
  expect(snapshot?.components.plugins.roots).toMatchObject([{ tree: null }]);
});

test('snapshot-v1: it is sound, and comes back as it was', async () => {
  expect(await workshop.problems()).toEqual([]);
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
  expect(fs.existsSync(plugins)).toBe(false);
  const { binary } = snapshot.components;
  expect(text(binaryPath(workshop.layout, binary?.checksum ?? ''))).toBe('#!/bin/sh\necho 1.2.3\n');
});
