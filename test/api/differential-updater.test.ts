/** The plan's `DifferentialUpdater`, over bytes and over files of the real disk. Faults: differential-updater-faults. */
import { afterAll, describe, expect, test } from 'bun:test';
import { createPublicKey, verify } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import {
  BusyError,
  DamagedError,
  DifferentialUpdater,
  type DifferentialUpdaterOptions,
  InterruptedError,
  type PatchFile,
  publicKey,
  TrustError,
  UsageError,
} from '../../lib/index.ts';
import { codeLike, randomBytes } from '../delta/pairs.ts';
import { failure, make } from '../delta/support.ts';
import { testKey } from '../trust/keys.ts';

const updater = new DifferentialUpdater();
const old = codeLike(5000, 1);
const fresh = Uint8Array.from(Buffer.concat([codeLike(4000, 1, 0x40), randomBytes(300, 2)]));
const VECTORS = path.join(import.meta.dir, '../vectors/patch-v1');
const VERSIONS = { from: '1.0.0', to: '1.0.1' };
const patch = await updater.generatePatch(old, fresh, VERSIONS);

const created: string[] = [];
afterAll(() => {
  for (const folder of created) fs.rmSync(folder, { recursive: true });
});

/** A folder with `dgmo`, which is the old file; `at` names a file in it. */
function installed(mode = 0o755) {
  const folder = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'differential-')));
  created.push(folder);
  const dgmo = path.join(folder, 'dgmo');
  fs.writeFileSync(dgmo, old);
  fs.chmodSync(dgmo, mode);
  return { folder, dgmo, at: (name: string) => path.join(folder, name), list: () => fs.readdirSync(folder) };
}

const holds = (file: string, bytes: Uint8Array) => Buffer.compare(fs.readFileSync(file), bytes) === 0;

test('the patch has the header of the plan', async () => {
  const bytes = await make(old, fresh);
  const digest = (content: Uint8Array) => new Bun.CryptoHasher('sha256').update(content).digest('hex');
  expect(patch.header).toMatchObject({
    magic: 'DGMO_PATCH_V1',
    fromVersion: '1.0.0',
    toVersion: '1.0.1',
    fromChecksum: digest(old),
    toChecksum: digest(fresh),
    patchChecksum: digest(patch.data),
    compression: 'zstd',
    size: patch.data.length,
    fromSize: old.length,
    toSize: fresh.length,
  });
  expect(Buffer.compare(patch.data, bytes.subarray(patch.header.headerSize))).toBe(0);
  expect(patch.signature).toBeNull();
});

describe('over bytes', () => {
  test('any two', async () => {
    const bytes = fc.uint8Array({ maxLength: 400 });
    await fc.assert(
      fc.asyncProperty(bytes, bytes, async (from, to) => {
        const made = await updater.applyPatch(from, await updater.generatePatch(from, to, VERSIONS));
        expect(Buffer.compare(made, to)).toBe(0);
      }),
      { numRuns: 60 },
    );
  });

  test('a version that no patch can carry is refused', async () => {
    const made = updater.generatePatch(old, fresh, { from: '1.0 0', to: '1.0.1' });
    expect(await failure(made)).toBeInstanceOf(UsageError);
  });

  test('another old file is refused', async () => {
    expect(await failure(updater.applyPatch(fresh, patch))).toBeInstanceOf(DamagedError);
  });
});

describe('as a file', () => {
  test('is what release diff makes, and reads back as the same patch', async () => {
    const { at } = installed();
    await updater.writePatch(patch, at('p'));
    expect(holds(at('p'), await make(old, fresh))).toBe(true);
    expect(await updater.readPatch(at('p'))).toEqual(patch);
    expect(await updater.readPatch(fs.readFileSync(at('p')))).toEqual(patch);
  });

  test('every patch ever written is written again to the byte', async () => {
    const { at } = installed();
    const names = fs.readdirSync(VECTORS).filter((name) => name.endsWith('.patch'));
    expect(names.length).toBeGreaterThan(5);
    for (const name of names) {
      const vector = await updater.readPatch(path.join(VECTORS, name));
      await updater.writePatch(vector, at('p'));
      expect(holds(at('p'), fs.readFileSync(path.join(VECTORS, name)))).toBe(true);
    }
  });

  test.each([
    ['as it is made now', () => make(old, fresh)],
    ['with a long header', () => fs.readFileSync(path.join(VECTORS, 'addresses-moved.patch'))],
  ])('%s: cut off, extended or with a flipped bit it is not read', async (_, patchOf) => {
    const bytes = Uint8Array.from(await patchOf());
    await fc.assert(
      fc.asyncProperty(fc.nat(bytes.length - 1), fc.nat(7), async (at, bit) => {
        const flipped = bytes.slice();
        flipped[at] = (flipped[at] ?? 0) ^ (1 << bit);
        expect(await failure(updater.readPatch(flipped))).toBeInstanceOf(DamagedError);
        expect(await failure(updater.readPatch(bytes.subarray(0, at)))).toBeInstanceOf(DamagedError);
      }),
      { numRuns: 100 },
    );
    const trailed = Buffer.concat([bytes, Buffer.of(0)]);
    expect(await failure(updater.readPatch(trailed))).toBeInstanceOf(DamagedError);
  });

  test('a failed write leaves the file that was there', async () => {
    const { at, list } = installed();
    const stopped = new DifferentialUpdater({ signal: AbortSignal.abort() });
    fs.writeFileSync(at('p'), 'mine');
    expect(await failure(stopped.writePatch(patch, at('p')))).toBeInstanceOf(InterruptedError);
    expect(fs.readFileSync(at('p'), 'utf8')).toBe('mine');
    expect(list().sort()).toEqual(['dgmo', 'p']);
  });
});

describe('an object that is no patch', () => {
  const { header } = patch;
  const wrong: [name: string, header: object][] = [
    ['another old size', { fromSize: header.fromSize + 1 }],
    ['a size that is no number', { toSize: Number.NaN }],
    ['a size below zero', { size: -1 }],
    ['a checksum that is cut off', { toChecksum: header.toChecksum.slice(2) }],
    ['a checksum in capitals', { toChecksum: header.toChecksum.toUpperCase() }],
    ['a version that is too long', { fromVersion: '1'.repeat(300) }],
    ['streams missing', { streams: header.streams.slice(1) }],
    ['another header size', { headerSize: header.headerSize + 1 }],
    ['a field too many', { note: 'hello' }],
  ];
  test.each(wrong)('%s', async (_, changed) => {
    const forged = { ...patch, header: { ...header, ...changed } };
    expect(await failure(updater.applyPatch(old, forged))).toBeInstanceOf(DamagedError);
  });

  test('data of another patch', async () => {
    const other = await updater.generatePatch(old, old.slice(1), VERSIONS);
    const forged = { ...patch, data: other.data };
    expect(await failure(updater.applyPatch(old, forged))).toBeInstanceOf(DamagedError);
    const flipped = { ...patch, data: patch.data.map((byte, at) => (at === 40 ? byte ^ 1 : byte)) };
    expect(await failure(updater.applyPatch(old, flipped))).toBeInstanceOf(DamagedError);
  });
});

/** By the key of 32 bytes 11, over the header of `addresses-moved.patch`: made by node:crypto. */
const FROZEN =
  'af099d2888115c6c64ec95080c9452c07f4d57404f093155d50aa9107d43ab57abb6d78d53579a2a486e6aa6789dc3900234b5e4e2d3bb6f322ad4b004ae270f';

describe('signatures', () => {
  const key = testKey(11);
  const stranger = testKey(99);
  const trusting = new DifferentialUpdater({ trustedKeys: [testKey(12), publicKey(key.bytes)] });
  const signedBy = (signer: typeof key) =>
    new DifferentialUpdater({ key: signer }).generatePatch(old, fresh, VERSIONS);

  test('a patch that a trusted key signed is applied', async () => {
    expect(Buffer.compare(await trusting.applyPatch(old, await signedBy(key)), fresh)).toBe(0);
  });

  test('the signature travels beside the file', async () => {
    const { at, dgmo } = installed();
    const signed = await signedBy(key);
    await updater.writePatch(signed, at('p'));
    const read = await updater.readPatch(at('p'));
    expect(read).toEqual({ ...signed, signature: null });
    expect(await failure(trusting.applyPatch(dgmo, read))).toBeInstanceOf(TrustError);
    await trusting.applyPatch(dgmo, { ...read, signature: signed.signature });
    expect(holds(dgmo, fresh)).toBe(true);
  });

  test('every other signature is refused before anything is written', async () => {
    const { dgmo, list } = installed();
    const signed = await signedBy(key);
    const { signature } = signed;
    if (signature === null) throw new Error('it was not signed');
    const header = signed.header;
    const forged: PatchFile[] = [
      patch,
      await signedBy(stranger),
      { ...signed, header: { ...header, toVersion: '1.0.2' } },
      { ...signed, signature: signature.toUpperCase() },
      { ...signed, signature: `${signature}00` },
      { ...signed, signature: '' },
      // The same key over the same bytes, as something else.
      { ...signed, signature: Buffer.from(key.sign(await make(old, fresh))).toString('hex') },
    ];
    for (const each of forged) {
      expect(await failure(trusting.applyPatch(dgmo, each))).toBeInstanceOf(TrustError);
      expect(await failure(trusting.applyPatch(old, each))).toBeInstanceOf(TrustError);
    }
    expect(list()).toEqual(['dgmo']);
    expect(holds(dgmo, old)).toBe(true);
  });

  test('the header vouches for the data', async () => {
    const other = await updater.generatePatch(old, old.slice(1), VERSIONS);
    const swapped = { ...(await signedBy(key)), data: other.data };
    expect(await failure(trusting.applyPatch(old, swapped))).toBeInstanceOf(DamagedError);
  });

  test('an empty list trusts nobody, and a key of another length is refused', async () => {
    const nobody = new DifferentialUpdater({ trustedKeys: [] });
    expect(await failure(nobody.applyPatch(old, await signedBy(key)))).toBeInstanceOf(TrustError);
    expect(() => new DifferentialUpdater({ trustedKeys: [publicKey(new Uint8Array(31))] })).toThrow(
      UsageError,
    );
  });

  test('what is signed is what FORMAT.md says, and stays so', async () => {
    const vector = path.join(import.meta.dir, '../vectors/patch-v1/addresses-moved.patch');
    const bytes = fs.readFileSync(vector);
    const headerBytes = bytes.subarray(0, bytes.readUInt16LE(13));
    const [name, value] = ['application/vnd.dgmo.patch.v1', headerBytes.toString('latin1')];
    const message = Buffer.from(`DSSEv1 ${name.length} ${name} ${value.length} ${value}`, 'latin1');
    const spki = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), key.bytes]);
    const verifier = createPublicKey({ key: spki, format: 'der', type: 'spki' });
    expect(verify(null, message, verifier, Buffer.from(FROZEN, 'hex'))).toBe(true);
    const read = await updater.readPatch(vector);
    const from = fs.readFileSync(vector.replace(/patch$/, 'old'));
    await trusting.applyPatch(from, { ...read, signature: FROZEN });
  });
});

describe('over a path', () => {
  test('replaces the file, keeps its permissions and leaves nothing else', async () => {
    const { dgmo, list } = installed(0o751);
    await updater.applyPatch(dgmo, patch);
    expect(holds(dgmo, fresh)).toBe(true);
    if (process.platform !== 'win32') expect(fs.statSync(dgmo).mode & 0o7777).toBe(0o751);
    expect(list()).toEqual(['dgmo']);
  });

  test.skipIf(process.platform !== 'linux')('turns one program into another', async () => {
    const { dgmo, at } = installed();
    fs.copyFileSync('/bin/true', dgmo);
    fs.copyFileSync('/bin/false', at('false'));
    const made = await updater.generatePatch(dgmo, at('false'), VERSIONS);
    expect(Bun.spawnSync([dgmo]).exitCode).toBe(0);
    await updater.applyPatch(dgmo, made);
    expect(Bun.spawnSync([dgmo]).exitCode).toBe(1);
  });

  test.skipIf(process.platform === 'win32')('follows a symlink and keeps it', async () => {
    const { dgmo, at } = installed();
    fs.symlinkSync('dgmo', at('link'));
    await updater.applyPatch(at('link'), patch);
    expect(fs.readlinkSync(at('link'))).toBe('dgmo');
    expect(holds(dgmo, fresh)).toBe(true);
  });

  test('an empty file to one that is not, and back', async () => {
    const { dgmo } = installed();
    const empty = new Uint8Array(0);
    await updater.applyPatch(dgmo, await updater.generatePatch(dgmo, empty, VERSIONS));
    expect(holds(dgmo, empty)).toBe(true);
    await updater.applyPatch(dgmo, await updater.generatePatch(dgmo, fresh, VERSIONS));
    expect(holds(dgmo, fresh)).toBe(true);
  });

  test('writes to another file and leaves the current one', async () => {
    const { dgmo, at, list } = installed(0o751);
    fs.writeFileSync(at('new'), 'replaced');
    await updater.applyPatch(dgmo, patch, { output: at('new') });
    expect([holds(dgmo, old), holds(at('new'), fresh)]).toEqual([true, true]);
    if (process.platform !== 'win32') expect(fs.statSync(at('new')).mode & 0o7777).toBe(0o751);
    expect(list().sort()).toEqual(['dgmo', 'new']);
  });

  test('refuses an output that is the current binary under any name, and one that cannot be written', async () => {
    const { folder, dgmo, at, list } = installed();
    fs.linkSync(dgmo, at('hard'));
    fs.mkdirSync(at('folder'));
    const names = ['dgmo', 'hard', 'folder', 'folder/../dgmo', 'missing/new'];
    if (process.platform !== 'win32') {
      fs.symlinkSync('dgmo', at('soft'));
      names.push('soft');
    }
    const before = list();
    for (const name of [...names.map(at), folder]) {
      const error = await failure(updater.applyPatch(dgmo, patch, { output: name }));
      expect(error).toBeInstanceOf(UsageError);
    }
    expect(list()).toEqual(before);
    expect(holds(dgmo, old)).toBe(true);
  });

  test('a path that names no file is told as such', async () => {
    const { folder, at } = installed();
    for (const name of [folder, at('missing')]) {
      expect(await failure(updater.applyPatch(name, patch))).toBeInstanceOf(UsageError);
      expect(await failure(updater.readPatch(name))).toBeInstanceOf(UsageError);
      expect(await failure(updater.generatePatch(name, fresh, VERSIONS))).toBeInstanceOf(UsageError);
    }
  });

  test('another binary is refused and left alone', async () => {
    const { dgmo, list } = installed();
    fs.writeFileSync(dgmo, 'changed by hand');
    expect(await failure(updater.applyPatch(dgmo, patch))).toBeInstanceOf(DamagedError);
    expect(fs.readFileSync(dgmo, 'utf8')).toBe('changed by hand');
    expect(list()).toEqual(['dgmo']);
  });

  test('a binary that another process replaced meanwhile is left alone', async () => {
    const { dgmo, at, list } = installed();
    const replacing = new DifferentialUpdater({
      onProgress: () => {
        fs.writeFileSync(at('other'), 'newer');
        fs.renameSync(at('other'), dgmo);
      },
    });
    expect(await failure(replacing.applyPatch(dgmo, patch))).toBeInstanceOf(BusyError);
    expect(fs.readFileSync(dgmo, 'utf8')).toBe('newer');
    expect(list()).toEqual(['dgmo']);
  });

  test('two at once do not meet', async () => {
    const { dgmo, list } = installed();
    const results = await Promise.allSettled([1, 2, 3].map(() => updater.applyPatch(dgmo, patch)));
    expect(results.some(({ status }) => status === 'fulfilled')).toBe(true);
    for (const result of results) {
      if (result.status === 'rejected') expect(result.reason).toBeInstanceOf(BusyError);
    }
    expect(holds(dgmo, fresh)).toBe(true);
    expect(list()).toEqual(['dgmo']);
  });

  test('removes what a killed process left, and nothing that another one still writes', async () => {
    const { dgmo, at, list } = installed();
    const dead = Bun.spawnSync([process.execPath, '--version']).pid;
    const leftover = (pid: number) => `dgmo.update-${pid}-0123456789abcdef`;
    const kept = [leftover(process.ppid), 'dgmo.update-notes', `dgmo.update-${dead}-backup`];
    for (const name of [leftover(dead), leftover(process.pid), ...kept]) fs.writeFileSync(at(name), 'x');
    await updater.applyPatch(dgmo, patch);
    expect(list().sort()).toEqual(['dgmo', ...kept].sort());
  });
});

describe('progress and interruption', () => {
  const large = randomBytes(20 << 20, 7);
  const larger = Uint8Array.from(Buffer.concat([large, old]));

  test('progress goes from 0 to 1', async () => {
    const seen: number[] = [];
    const telling = new DifferentialUpdater({ onProgress: (fraction) => seen.push(fraction) });
    const made = await telling.generatePatch(large, larger, VERSIONS);
    expect([seen[0], seen.at(-1), seen.toSorted((a, b) => a - b)]).toEqual([0, 1, seen]);
    seen.length = 0;
    await telling.applyPatch(large, made);
    expect([seen.length > 10, seen.at(-1), seen.toSorted((a, b) => a - b)]).toEqual([true, 1, seen]);
  });

  test('an abort ends the work, and nothing is changed', async () => {
    const { dgmo, at, list } = installed();
    fs.writeFileSync(dgmo, large);
    const made = await updater.generatePatch(large, larger, VERSIONS);
    // Before it begins, at the first piece, and at the last.
    for (const when of [-1, 0, 1]) {
      const controller = new AbortController();
      const options: DifferentialUpdaterOptions = {
        signal: controller.signal,
        onProgress: (fraction) => {
          if (fraction >= when) controller.abort();
        },
      };
      if (when === -1) controller.abort();
      const stopped = new DifferentialUpdater(options);
      for (const output of [undefined, at('new')]) {
        const error = await failure(stopped.applyPatch(dgmo, made, output === undefined ? {} : { output }));
        expect(error).toBeInstanceOf(InterruptedError);
      }
      expect(await failure(stopped.applyPatch(large, made))).toBeInstanceOf(InterruptedError);
      expect(await failure(stopped.generatePatch(large, larger, VERSIONS))).toBeInstanceOf(InterruptedError);
    }
    expect(list()).toEqual(['dgmo']);
    expect(holds(dgmo, large)).toBe(true);
  });

  test('what onProgress throws ends nothing, and becomes a warning', async () => {
    const { dgmo, list } = installed();
    const warned = new Promise<Error>((resolve) => process.once('warning', resolve));
    const thrown = new Error('enough');
    const throwing = new DifferentialUpdater({
      onProgress: () => {
        throw thrown;
      },
    });
    await throwing.applyPatch(dgmo, patch);
    expect(list()).toEqual(['dgmo']);
    expect(holds(dgmo, fresh)).toBe(true);
    expect((await warned).cause).toBe(thrown);
  });
});
