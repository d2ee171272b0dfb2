import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { compressFramed } from '../../../lib/delta/index.ts';
import { memorySource } from '../../../lib/platform/files.ts';
import { elf } from '../../delta/mixing/executables.ts';
import { BINARIES, framedDraft, framedPayload, pack } from '../../package/fixture.ts';
import { CHEAP, type Folder, freshFolder, noise } from '../run.ts';

let folder: Folder;
beforeAll(async () => {
  folder = freshFolder();
  writeFileSync(folder.at('old'), noise(1, 5000));
  writeFileSync(folder.at('new'), noise(2, 5000));
  await folder.release(['keys', 'init', '--dir', 'keys', ...CHEAP]);
  await folder.release(['keys', 'init', '--dir', 'strangers', ...CHEAP]);
  await folder.release(['diff', 'old', 'new', '-o', 'p', '--from', '1.0.0', '--to', '1.1.0']);
  const args = [
    'bundle',
    '1.1.0',
    '--platform',
    'win32-arm64',
    '--keys',
    'keys',
    '--new',
    'new',
    '--old',
    'old',
  ];
  await folder.release([...args, '--from', '1.0.0', '-o', 'package.dgmopkg']);
});
afterAll(() => folder[Symbol.dispose]());

async function inspect(...args: string[]) {
  const { code, stdout, stderr } = await folder.release(['inspect', '--json', ...args]);
  return { code, stderr, facts: JSON.parse(stdout) };
}

describe('release inspect tells', () => {
  test('a package', async () => {
    const { code, facts } = await inspect('package.dgmopkg');
    expect(code).toBe(0);
    expect(facts).toMatchObject({
      file: 'package.dgmopkg',
      kind: 'package',
      app: 'dgmo',
      target: 'win32-arm64',
      version: '1.1.0',
      from: '1.0.0',
      trusted: 'not checked, no root given',
      sound: true,
    });
  });

  test('whether its signatures count', async () => {
    const { code, facts } = await inspect('package.dgmopkg', '--root', 'keys/root.json');
    expect(code).toBe(0);
    expect(facts.trusted).toEqual(facts.signatures);
    const stranger = await inspect('package.dgmopkg', '--root', 'strangers/root.json');
    expect(stranger.code).toBe(10);
    expect(stranger.facts).toMatchObject({ version: '1.1.0', sound: false, exitCode: 10 });
    expect(stranger.facts.problem).toStartWith('not trusted: wanted signatures by 1 of the 1 targets keys');
  });

  test('a patch, a root, a key file', async () => {
    const patch = await inspect('p');
    expect([patch.code, patch.facts.kind, patch.facts.header.toVersion]).toEqual([0, 'patch', '1.1.0']);
    const root = await inspect('keys/root.json');
    expect([root.code, root.facts.kind, root.facts.root.threshold]).toEqual([0, 'root', 2]);
    const key = await inspect('keys/targets-1.key');
    expect([key.code, key.facts.kind, key.facts.role]).toEqual([0, 'key file', 'targets']);
    expect(root.facts.targets.keys).toEqual([key.facts.keyid]);
  });

  test('what each part of a patch costs, by either algorithm', async () => {
    writeFileSync(folder.at('elf-old'), elf('x86', false));
    writeFileSync(folder.at('elf-new'), elf('x86', true));
    const [model, bulk] = [
      'where the pieces come from, and all that their prediction got wrong',
      'new bytes in bulk',
    ];
    for (const [limit, from, wanted, missing] of [
      ['1000000', 'elf-old', model, bulk],
      ['1000', 'old', bulk, 'differences of one byte'],
      ['0', 'elf-old', 'differences of one byte', model],
    ] as const) {
      const options = ['--apply-limit', limit, '--from', '1.0.0', '--to', '1.1.0'];
      await folder.release(['diff', from, 'elf-new', '-o', `elf-${limit}`, ...options]);
      const { code, facts } = await inspect(`elf-${limit}`);
      const parts: { part: string; bytes: number; share: string }[] = facts.parts;
      expect(code).toBe(0);
      expect(parts.map(({ part }) => part)).toContain(wanted);
      expect(parts.map(({ part }) => part)).not.toContain(missing);
      expect(parts[0]?.part).toBe('which files it is for, and their digests');
      expect(parts.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(facts.size);
      const shares = parts.map(({ share }) => Number(share.replace(' %', '')));
      expect(Math.round(shares.reduce((sum, share) => sum + share, 0))).toBe(100);
    }
  });

  test('beside the old binary, what each part of the model costs', async () => {
    writeFileSync(folder.at('elf-old'), elf('x86', false));
    writeFileSync(folder.at('elf-new'), elf('x86', true));
    await folder.release(['diff', 'elf-old', 'elf-new', '-o', 'elf', '--from', '1.0.0', '--to', '1.1.0']);
    const { code, facts } = await inspect('elf', '--old', folder.at('elf-old'));
    const parts: { part: string; bytes: number }[] = facts.modelled;
    expect(code).toBe(0);
    expect(parts.map(({ part }) => part)).toContain('steps');
    const sum = parts.reduce((total, { bytes }) => total + bytes, 0);
    const [model] = facts.header.streams;
    // Each part is rounded down, and the code ends with up to four bytes.
    expect(sum).toBeWithin(model.rawSize - 20, model.rawSize + 1);
    expect((await inspect('elf', '--old', folder.at('old'))).code).toBe(11);
    expect((await folder.release(['inspect', 'package.dgmopkg', '--old', 'old'])).code).toBe(2);
  });

  test('damage, and what is known nonetheless', async () => {
    const bytes = readFileSync(folder.at('package.dgmopkg'));
    bytes.writeUInt8(bytes.readUInt8(bytes.length - 1) ^ 1, bytes.length - 1);
    writeFileSync(folder.at('flipped.dgmopkg'), bytes);
    const flipped = await inspect('flipped.dgmopkg');
    expect([flipped.code, flipped.facts.version, flipped.facts.sound]).toEqual([11, '1.1.0', false]);
    writeFileSync(folder.at('cut.dgmopkg'), bytes.subarray(0, -1));
    expect((await inspect('cut.dgmopkg')).code).toBe(11);
    const patch = readFileSync(folder.at('p'));
    patch.writeUInt8(patch.readUInt8(patch.length - 1) ^ 1, patch.length - 1);
    writeFileSync(folder.at('flipped'), patch);
    const flippedPatch = await inspect('flipped');
    // A short header is only known to be right together with what follows it.
    expect([flippedPatch.code, flippedPatch.facts.kind]).toEqual([11, 'patch']);
    expect(flippedPatch.facts.problem).toStartWith('the patch is damaged: the check of all its bytes is');
    const unknown = await inspect('old');
    expect([unknown.code, unknown.facts.kind]).toEqual([11, 'unknown']);
  });

  test('frames that are not those of the manifest', async () => {
    const framed = await compressFramed(BINARIES['1.2.0'], { level: 1 });
    const draft = framedDraft([{ ...framedPayload(), content: memorySource(framed) }]);
    const index = { length: 54, sha256: '03'.repeat(32) };
    for (const binary of draft.manifest.binaries) binary.frames = { length: framed.length, index };
    writeFileSync(folder.at('frames.dgmopkg'), pack(draft));
    const { code, facts } = await inspect('frames.dgmopkg');
    expect([code, facts.sound]).toEqual([11, false]);
    expect(facts.problem).toStartWith(`package: wanted frames with the index ${'03'.repeat(32)}`);
  });

  test('people the same as a table', async () => {
    const { code, stdout } = await folder.release(['inspect', 'package.dgmopkg']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^version {5}1\.1\.0$/m);
    expect(stdout).toMatch(/^sound {7}true$/m);
  });
});

test('release inspect tells the files of a repository', async () => {
  const repo = ['--repo', 'repo', '--keys', 'keys'];
  await folder.release(['init', ...repo]);
  const added = [
    'add',
    '1.1.0',
    ...repo,
    '--binary',
    'linux-x64=new',
    '--no-trial',
    '--level',
    '1',
    '--rollout',
    '7',
  ];
  await folder.release(added);
  const kinds: Record<string, string> = {};
  for (const name of readdirSync(folder.at('repo'), { recursive: true }).map(String)) {
    if (!/^(metadata|targets)\/.*\.json$/.test(name)) continue;
    const { code, facts } = await inspect(path.join('repo', name), '--root', 'keys/root.json');
    kinds[name.replaceAll(/[0-9a-f]{64}/g, '#')] = `${code} ${facts.kind}`;
    if (facts.kind === 'index') {
      expect(facts.releases).toEqual({ '1.1.0': 'major, 7 %, 1 package' });
    }
  }
  expect(kinds).toEqual({
    'metadata/1.root.json': '0 root',
    'metadata/1.targets.json': '0 targets',
    'metadata/2.targets.json': '0 targets',
    'metadata/1.linux-x64.json': '0 targets',
    'metadata/1.snapshot.json': '0 snapshot',
    'metadata/2.snapshot.json': '0 snapshot',
    'metadata/timestamp.json': '0 timestamp',
    'targets/channels/stable/#.linux-x64.json': '0 index',
    'targets/releases/1.1.0/#.manifest.json': '0 manifest',
  });
  const stranger = await inspect('repo/metadata/timestamp.json', '--root', 'strangers/root.json');
  expect([stranger.code, stranger.facts.version]).toEqual([10, 2]);
});

test('release inspect still reads the frozen package', async () => {
  const vector = (name: string) => path.join(import.meta.dir, '../../vectors/package-v1', name);
  const { facts } = await inspect(vector('tiny.dgmopkg'), '--root', vector('root.json'));
  expect(facts).toMatchObject({ kind: 'package', version: '1.2.0' });
});
