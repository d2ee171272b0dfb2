/** Bytes are looked at before they are used: the payloads of a package before anything else, and what was staged before the swap. */
import { expect, test } from 'bun:test';
import { DamagedError } from '../../lib/errors.ts';
import { simulatedHost } from '../host/host.ts';
import { executable, installedDisk, targetPath, versionOf } from '../host/install.ts';
import { applyOn } from '../host/operations.ts';
import { packageFor } from '../host/package.ts';
import { testRoot } from '../trust/keys.ts';
import { sessionOn } from './transaction/folders-stage.ts';

const [ONE, TWO] = [executable('1.0.0'), executable('2.0.0')];
const PACKAGE = '/downloads/dgmo.dgmopkg';

test.each(['full', 'patch'] as const)(
  'a payload that was changed is refused before anything is written: %s',
  async (kind) => {
    const disk = installedDisk('linux', ONE);
    const bytes = await packageFor('linux', [ONE, TWO], kind);
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
    disk.place(PACKAGE, bytes);
    const before = disk.picture();
    const apply = applyOn(sessionOn(simulatedHost({ disk, versionOf })), [PACKAGE], { root: testRoot() });
    await expect(apply).rejects.toThrow(/^package: wanted the (patch|binary) .* with SHA-256/);
    const changed = Object.keys(disk.picture()).filter((path) => !(path in before));
    expect(changed.filter((path) => /staged|snapshots/.test(path))).toEqual([]);
  },
);

test.each(['full', 'patch'] as const)(
  'a drive that keeps other bytes than were written is found out: %s',
  async (kind) => {
    const disk = installedDisk('linux', ONE);
    disk.place(PACKAGE, await packageFor('linux', [ONE, TWO], kind));
    const staged = new Set<unknown>();
    const open = disk.open.bind(disk);
    const write = disk.write.bind(disk);
    disk.open = (path, how, mode) => {
      const handle = open(path, how, mode);
      if (how === 'create' && path.includes('staged-')) staged.add(handle);
      return handle;
    };
    disk.write = (handle, bytes, position) => {
      const flipped = bytes.slice();
      if (staged.has(handle)) flipped[0] = (flipped[0] ?? 0) ^ 1;
      return write(handle, flipped, position);
    };
    const apply = applyOn(sessionOn(simulatedHost({ disk, versionOf })), [PACKAGE], { root: testRoot() });
    await expect(apply).rejects.toThrow(DamagedError);
    await expect(apply).rejects.toMatchObject({
      advice: expect.stringMatching(/^Nothing was changed\. .*drive/),
    });
    await expect(apply).rejects.toThrow(/^(the prepared 2\.0\.0|what the patch gave) reads back as SHA-256 /);
    expect(staged.size).toBeGreaterThan(0);
    expect(disk.contentOf(targetPath('linux'))).toEqual(ONE.bytes);
  },
);

test.each(['full', 'patch'] as const)(
  'an executable that was changed by hand is left alone: %s',
  async (kind) => {
    const disk = installedDisk('linux', ONE);
    const mine = new TextEncoder().encode('my own build');
    disk.place(targetPath('linux'), mine);
    disk.place(PACKAGE, await packageFor('linux', [ONE, TWO], kind));
    const apply = applyOn(sessionOn(simulatedHost({ disk, versionOf })), [PACKAGE], { root: testRoot() });
    await expect(apply).rejects.toThrow(DamagedError);
    await expect(apply).rejects.toMatchObject({ advice: expect.stringContaining('dgmo-updater repair') });
    expect(disk.contentOf(targetPath('linux'))).toEqual(mine);
  },
);
