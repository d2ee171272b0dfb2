/** The installed binary as its feed has it, and the blocks of it that are read from there. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import fs from 'node:fs';
import { differingBlocks } from '../../../lib/delta/index.ts';
import { DEFAULT_PREFERENCES } from '../../../lib/home/preferences.ts';
import { openSession, requireReceipt } from '../../../lib/install/index.ts';
import { memorySource } from '../../../lib/platform/files.ts';
import { nativeNetwork } from '../../../lib/platform/network/native.ts';
import { fullPackage, installedRelease } from '../../../lib/update/check/installed-release.ts';
import {
  fetchBlockList,
  openContext,
  packageSource,
  publishedBinary,
  readBlocks,
  type UpdateContext,
} from '../../../lib/update/index.ts';
import { content } from '../../support/servers/content.ts';
import { openStage, program, SETTINGS, type Stage } from '../stage.ts';
import { host } from '../support.ts';

const BLOCK = 1 << 16;
const posixOnly = process.platform === 'win32' ? describe.skip : describe;

/** Ten blocks, of which every version has the last ones. */
const large = (version: string, works?: boolean) =>
  new Uint8Array(Buffer.concat([program(version, works), content(3, 9 * BLOCK)]));

posixOnly('the installed binary in the feed', () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await openStage(large);
    await stage.release('1.1.0');
  });
  afterAll(async () => await stage[Symbol.asyncDispose]());

  function context(): UpdateContext {
    const session = openSession(host, { installDir: stage.dir, app: 'dgmo' });
    const receipt = requireReceipt(host.disk, session.layout);
    const { home } = stage;
    const settings = SETTINGS;
    const preferences = DEFAULT_PREFERENCES;
    return openContext({ session, settings, home, preferences, receipt, network: nativeNetwork });
  }

  test('is found with its list, which names the blocks that are damaged, and these alone are fetched', async () => {
    const here = context();
    const release = await installedRelease(here, here.receipt.binary);
    const whole = release === null ? null : fullPackage(release.release);
    const found = release === null ? null : await publishedBinary(here, release);
    if (found === null || whole === null) throw new Error('it was not found');
    const list = await fetchBlockList(here, found);
    if (list === null) throw new Error('it has no list of blocks');
    const damaged = new Uint8Array(fs.readFileSync(stage.dgmo));
    damaged[5 * BLOCK + 17] = (damaged[5 * BLOCK + 17] ?? 0) ^ 1;
    const wanted = await differingBlocks(memorySource(damaged), list);
    expect(wanted).toEqual([5]);
    const { requests } = await readBlocks({
      source: packageSource(here, whole),
      binary: found.binary,
      list,
      wanted,
      onBlock: (block, bytes) => damaged.set(bytes, block * BLOCK),
    });
    expect(requests).toBe(2);
    expect(fs.readFileSync(stage.dgmo).equals(damaged)).toBe(true);
  });

  test('is not found where the feed has another binary of that version, or not the version', async () => {
    const here = context();
    const { version, sha256 } = here.receipt.binary;
    expect(await installedRelease(here, { version, sha256: 'ab'.repeat(32) })).toBeNull();
    expect(await installedRelease(here, { version: '1.0.1', sha256 })).toBeNull();
  });
});
