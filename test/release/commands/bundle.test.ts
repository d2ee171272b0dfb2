import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { applyPatch, decompressFull } from '../../../lib/delta/index.ts';
import { planRoute, readPackage, verifyPayloads } from '../../../lib/package/index.ts';
import { digestBytes, memorySource, readSource } from '../../../lib/platform/files.ts';
import { decodeRoot } from '../../../lib/trust/index.ts';
import { CHEAP, type Folder, freshFolder, noise } from '../run.ts';

const OLD = noise(1, 100_000);
const NEW = OLD.slice();
NEW.set(noise(2, 500), 50_000);

let folder: Folder;
beforeAll(async () => {
  folder = freshFolder();
  writeFileSync(folder.at('old'), OLD);
  writeFileSync(folder.at('new'), NEW);
  await folder.release(['keys', 'init', '--dir', 'keys', ...CHEAP]);
});
afterAll(() => folder[Symbol.dispose]());

const bundle = (output: string, ...more: string[]) =>
  folder.release([
    'bundle',
    '1.1.0',
    '--platform',
    'linux-x64',
    '--keys',
    'keys',
    '--new',
    'new',
    '-o',
    output,
    ...more,
  ]);
const OLD_OPTIONS = ['--old', 'old', '--from', '1.0.0'];

async function read(output: string) {
  const root = decodeRoot(readFileSync(folder.at('keys', 'root.json')));
  const contents = readPackage(memorySource(readFileSync(folder.at(output))), root);
  await verifyPayloads(contents);
  return contents;
}

describe('release bundle', () => {
  test('with an old binary makes a package with the patch', async () => {
    const { code, stdout } = await bundle('patch.dgmopkg', ...OLD_OPTIONS);
    expect(code).toBe(0);
    const { size, sha256 } = digestBytes(readFileSync(folder.at('patch.dgmopkg')));
    expect(stdout).toBe(`patch.dgmopkg: ${size.toLocaleString('en-US')} bytes, SHA-256 ${sha256}\n`);
    const contents = await read('patch.dgmopkg');
    expect(contents.payloads.map(({ kind }) => kind)).toEqual(['patch']);
    const [route] = planRoute(contents, { version: '1.0.0', ...digestBytes(OLD) });
    expect(route?.bytes).toBeLessThan(2000);
    const pieces: Uint8Array[] = [];
    await applyPatch({
      patch: contents.payload(0),
      old: memorySource(OLD),
      write: (bytes) => pieces.push(bytes.slice()),
      verifyOld: true,
    });
    expect(Buffer.concat(pieces).equals(NEW)).toBe(true);
    expect(contents.manifest.updates).toMatchObject({
      from: '1.0.0',
      type: 'minor',
      riskLevel: 'low',
      size: route?.bytes,
    });
    expect(contents.manifest.rollback).toEqual({ supported: true, minVersion: '0.0.0', dataVersion: 1 });
    expect(contents.manifest.binaries[0]?.downloadUrl).toBe('dgmo-1.1.0-linux-x64');
  });

  test('without one makes a package with the full binary', async () => {
    expect((await bundle('full.dgmopkg', '--level', '3')).code).toBe(0);
    const contents = await read('full.dgmopkg');
    expect(contents.payloads.map(({ kind }) => kind)).toEqual(['full']);
    const pieces: Uint8Array[] = [];
    await decompressFull({
      form: 'frames',
      source: contents.payload(0),
      size: NEW.length,
      write: (bytes) => pieces.push(bytes.slice()),
    });
    expect(Buffer.concat(pieces).equals(NEW)).toBe(true);
    expect(contents.manifest.updates.from).toBeNull();
  });

  test('carries the updater and the schema of the config, which its manifest names as a feed does', async () => {
    const updater = noise(3, 300_000);
    writeFileSync(folder.at('updater'), updater);
    writeFileSync(folder.at('schema.json'), '{ "type": "object" }\n');
    const more = ['--updater', 'updater', '--updater-version', '0.9.0', '--config-schema', 'schema.json'];
    const { code, stdout } = await bundle('besides.dgmopkg', ...OLD_OPTIONS, ...more);
    expect(code).toBe(0);
    const { size, sha256 } = digestBytes(readFileSync(folder.at('besides.dgmopkg')));
    expect(stdout).toBe(`besides.dgmopkg: ${size.toLocaleString('en-US')} bytes, SHA-256 ${sha256}\n`);
    const { manifest, companions, payloads } = await read('besides.dgmopkg');
    expect(payloads.map(({ kind }) => kind)).toEqual(['patch']);
    const [listed] = manifest.updaters ?? [];
    expect(listed).toMatchObject({ version: '0.9.0', checksum: digestBytes(updater).sha256, size: 300_000 });
    expect(listed?.file.path).toBe(`updaters/linux-x64/${listed?.file.sha256}.updater.frames`);
    const [framed, schema] = companions;
    if (framed === undefined || schema === undefined) throw new Error('it carries less');
    const pieces: Uint8Array[] = [];
    await decompressFull({
      ...{ form: 'frames', source: framed.content, size: updater.length },
      write: (bytes) => pieces.push(bytes.slice()),
    });
    expect(Buffer.concat(pieces).equals(updater)).toBe(true);
    expect(new TextDecoder().decode(readSource(schema.content))).toBe('{"type":"object"}');
    const inspected = await folder.release(['inspect', 'besides.dgmopkg']);
    expect(inspected.stdout).toContain('config schema');
    expect((await bundle('no.dgmopkg', '--alone')).code).toBe(2);
  });

  test('with --with-full carries both', async () => {
    expect((await bundle('both.dgmopkg', ...OLD_OPTIONS, '--with-full', '--level', '3')).code).toBe(0);
    expect((await read('both.dgmopkg')).payloads.map(({ kind }) => kind)).toEqual(['patch', 'full']);
  });

  test('leaves out a patch that saves nothing', async () => {
    writeFileSync(folder.at('unlike'), noise(7, 3000));
    writeFileSync(folder.at('zeros'), new Uint8Array(3000));
    const args = [
      'bundle',
      '1.1.0',
      '--platform',
      'linux-x64',
      '--keys',
      'keys',
      '--new',
      'zeros',
      '--old',
      'unlike',
    ];
    const { code, stderr } = await folder.release([
      ...args,
      '--from',
      '1.0.0',
      '--with-full',
      '-o',
      'zeros.dgmopkg',
    ]);
    expect(code).toBe(0);
    expect(stderr).toContain('saves nothing over the full binary');
    expect((await read('zeros.dgmopkg')).payloads.map(({ kind }) => kind)).toEqual(['full']);
  });

  test('fills the manifest from its options', async () => {
    mkdirSync(folder.at('evolution'));
    const evolution = { id: 'faster-search', description: 'Searches faster', autoApply: true };
    writeFileSync(folder.at('evolution', 'evolution.json'), JSON.stringify(evolution));
    writeFileSync(folder.at('notes.md'), '# 1.1.0\n\n## Security\n\n- Closes a hole\n');
    const options = {
      '--app': 'other',
      '--notes': 'notes.md',
      '--type': 'security',
      '--risk': 'high',
      '--evolution': 'evolution',
      '--data-version': '7',
      '--rollback-min': '0.9.0',
      '--release-date': '2026-05-04T03:02:01Z',
      '--download-url': 'https://example.org/dgmo',
    };
    expect(
      (await bundle('options.dgmopkg', ...Object.entries(options).flat(), '--no-rollback', '--level', '1'))
        .code,
    ).toBe(0);
    const { app, manifest } = await read('options.dgmopkg');
    expect(app).toBe('other');
    expect(manifest).toMatchObject({
      releaseDate: Date.UTC(2026, 4, 4, 3, 2, 1),
      updates: {
        type: 'security',
        riskLevel: 'high',
        changes: {
          notes: '# 1.1.0\n\n## Security\n\n- Closes a hole\n',
          entries: [{ kind: 'security', text: 'Closes a hole' }],
        },
      },
      evolutions: [evolution],
      rollback: { supported: false, minVersion: '0.9.0', dataVersion: 7 },
      binaries: [{ downloadUrl: 'https://example.org/dgmo' }],
    });
  });

  test('makes the same package of the same things', async () => {
    const options = [...OLD_OPTIONS, '--release-date', '2026-05-04'];
    await bundle('one.dgmopkg', ...options);
    await bundle('two.dgmopkg', ...options);
    expect(readFileSync(folder.at('one.dgmopkg')).equals(readFileSync(folder.at('two.dgmopkg')))).toBe(true);
  });
});

describe('release bundle fails and leaves what stood there', () => {
  const cases: [
    why: string,
    code: number,
    message: string,
    more: string[],
    environment?: Record<string, string>,
  ][] = [
    [
      'another passphrase',
      10,
      'wanted its passphrase, found another',
      [],
      { DGMO_KEY_PASSPHRASE: 'another one' },
    ],
    ['the same binary twice', 2, 'wanted two different binaries', ['--old', 'new', '--from', '1.0.0']],
    [
      'a download address that is none',
      2,
      '--download-url: wanted an https address, or a path inside the feed, found "ftp://x"',
      ['--download-url', 'ftp://x'],
    ],
    [
      'a version to roll back to that is newer',
      2,
      '--rollback-min: wanted at most 1.1.0, found 2.0.0',
      ['--rollback-min', '2.0.0'],
    ],
  ];
  for (const [why, code, message, more, environment] of cases) {
    test(why, async () => {
      writeFileSync(folder.at('standing.dgmopkg'), 'as before');
      const before = readdirSync(folder.at()).toSorted();
      const args = [
        'bundle',
        '1.1.0',
        '--platform',
        'linux-x64',
        '--keys',
        'keys',
        '--new',
        'new',
        '--level',
        '1',
      ];
      const outcome = await folder.release([...args, ...more, '-o', 'standing.dgmopkg'], environment);
      expect(outcome.stderr).toContain(message);
      expect(outcome.code).toBe(code);
      expect(readFileSync(folder.at('standing.dgmopkg'), 'utf8')).toBe('as before');
      expect(readdirSync(folder.at()).toSorted()).toEqual(before);
    });
  }

  test('fewer keys than must sign', async () => {
    using other = freshFolder();
    await other.release([
      'keys',
      'init',
      '--dir',
      'all',
      '--targets-keys',
      '2',
      '--targets-threshold',
      '2',
      ...CHEAP,
    ]);
    mkdirSync(other.at('some'));
    for (const name of ['root.json', 'targets-1.key'])
      copyFileSync(other.at('all', name), other.at('some', name));
    writeFileSync(other.at('new'), NEW);
    const args = [
      'bundle',
      '1.1.0',
      '--platform',
      'linux-x64',
      '--new',
      'new',
      '--level',
      '1',
      '-o',
      'x.dgmopkg',
    ];
    const { code, stderr } = await other.release([...args, '--keys', 'some']);
    expect([code, existsSync(other.at('x.dgmopkg'))]).toEqual([10, false]);
    expect(stderr).toContain("wanted 2 of the root's 2 targets keys to sign with, found 1");
    expect((await other.release([...args, '--keys', 'all'])).code).toBe(0);
  });
});
