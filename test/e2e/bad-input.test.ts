/** Bad input, one clear sentence each, the exit code of the contract, and an install byte for byte as before. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import type { SigningKey } from '../../lib/trust/index.ts';
import { patchPayload, testPackage } from '../package/fixture.ts';
import { type Installed, makeInstall, resultOf } from '../support/installed.ts';
import { buildStandin } from '../support/standin.ts';
import { twoVersions } from '../support/two-versions.ts';
import { NATIVE_PLATFORM, openWorkshop, type Ran, run, type Workshop } from '../support/workshop.ts';
import { testKey, testRootBytes } from '../trust/keys.ts';

const posixOnly = process.platform === 'win32' ? describe.skip : describe;
const isRoot = process.getuid?.() === 0;
/** Mounts of our own need root on Linux. In CI that is given. */
const withMounts = process.platform === 'linux' && isRoot ? test : test.skip;

posixOnly('bad input', () => {
  let shop: Workshop;
  let updater: string;
  let one: string;
  let two: string;
  let toTwo: string;
  let here: Installed;
  let before: Record<string, string>;

  beforeAll(async () => {
    ({ shop, updater, one, two, toTwo } = await twoVersions());
    here = await makeInstall({ binary: one, version: '1.0.0', updater });
    before = here.picture();
  });

  afterAll(() => {
    here.remove();
    shop.remove();
  });

  /** One sentence, then what to do; the code; nothing changed. */
  function refused(ran: Ran, code: number, says: string | RegExp): void {
    expect({ code: ran.code, stderr: ran.stderr }).toMatchObject({ code });
    const [sentence] = ran.stderr.split('\n').filter((line) => line.startsWith('dgmo-updater: '));
    expect(sentence).toMatch(says);
    expect(ran.stderr).not.toContain('    at ');
    expect(here.picture()).toEqual(before);
  }

  const changed = (name: string, change: (bytes: Buffer) => Uint8Array) => {
    const file = path.join(here.folder, name);
    fs.writeFileSync(file, change(fs.readFileSync(toTwo)));
    return file;
  };

  test.each([0, 1, 8, 12, 100, 0.1, 0.5, 0.9, -1])('a package that is cut (%p)', async (at) => {
    const cut = changed('cut.dgmopkg', (bytes) =>
      bytes.subarray(0, at < 0 ? at : at < 1 ? bytes.length * at : at),
    );
    refused(await here.update(['--apply', cut]), 11, /package/);
  });

  test('a package with a byte too many', async () => {
    refused(
      await here.update([
        '--apply',
        changed('long.dgmopkg', (bytes) => Buffer.concat([bytes, Buffer.of(0)])),
      ]),
      11,
      /package/,
    );
  });

  test.each([0, 9, 40, 0.05, 0.2, 0.5, 0.8, 0.999])('a package with a bit flipped (%p)', async (at) => {
    const flipped = changed('flipped.dgmopkg', (bytes) => {
      const position = Math.floor(at < 1 && at > 0 ? bytes.length * at : at);
      bytes[position] = (bytes[position] ?? 0) ^ 4;
      return bytes;
    });
    const ran = await here.update(['--apply', flipped]);
    expect([10, 11]).toContain(ran.code ?? -1);
    refused(ran, ran.code ?? -1, /package|signature|envelope/);
  });

  test('a package that a stranger signed', async () => {
    const stranger = await openWorkshop();
    const theirs = await stranger.bundle({
      version: '2.0.0',
      file: two,
      old: { version: '1.0.0', file: one },
    });
    refused(
      await here.update(['--apply', theirs]),
      10,
      /not trusted: wanted signatures by 1 of the 1 targets keys of root version 1/,
    );
    stranger.remove();
  });

  test('a package that too few keys signed', async () => {
    const keys = [testKey(11), testKey(12)];
    // Without the root that the updater has recorded there.
    const dir = path.join(here.folder, 'two-keys-install');
    fs.cpSync(here.dir, dir, { recursive: true });
    fs.rmSync(path.join(dir, '.dgmo-updater/publisher.json'), { force: true });
    const home = path.join(here.folder, 'two-keys');
    fs.mkdirSync(path.join(home, 'trust'), { recursive: true });
    fs.writeFileSync(path.join(home, 'trust/root.json'), testRootBytes({ targets: keys, threshold: 2 }));
    const signed = (signers: SigningKey[]) => {
      const file = path.join(here.folder, 'signed.dgmopkg');
      fs.writeFileSync(file, testPackage({ keys: signers, payloads: [patchPayload('1.1.0', '1.2.0')] }));
      return ['--apply', file, '--home', home, '--install-dir', dir];
    };
    const rootless = await shop.rootlessUpdater();
    const apply = (signers: SigningKey[]) => run(rootless, signed(signers));
    const says =
      /not trusted: wanted signatures by 2 of the 2 targets keys of root version 1 .*, found 1 valid/;
    refused(await apply(keys.slice(0, 1)), 10, says);
    refused(await apply([testKey(11), testKey(11)]), 10, says);
    // By enough of them it is believed: then it is for another version than the one that is installed.
    refused(await apply(keys), 17, /./);
    // Where a root is compiled in, one that it does not lead to gives a home no say.
    refused(await here.update(signed(keys)), 10, /not trusted: wanted signatures by 1 of the 1 targets keys/);
  });

  test('a package for another platform, for another app', async () => {
    const patch = { version: '2.0.0', file: two, old: { version: '1.0.0', file: one } };
    const platform = NATIVE_PLATFORM === 'linux-arm64' ? 'linux-x64' : 'linux-arm64';
    refused(await here.update(['--apply', await shop.bundle({ ...patch, platform })]), 17, platform);
    refused(await here.update(['--apply', await shop.bundle({ ...patch, app: 'other' })]), 17, 'other');
  });

  test('a package for another from-version', async () => {
    const three = await buildStandin({ version: '3.0.0' });
    const onward = await shop.bundle({ version: '3.0.0', file: three, old: { version: '2.0.0', file: two } });
    refused(await here.update(['--apply', onward]), 17, /2\.0\.0.*1\.0\.0/);
  });

  test('a package that is older than what is installed', async () => {
    const zero = await buildStandin({ version: '0.9.0' });
    const older = await shop.bundle({ version: '0.9.0', file: zero });
    refused(await here.update(['--apply', older]), 17, /0\.9\.0.*1\.0\.0/);
  });

  test('no package at all, a folder, wrong words', async () => {
    refused(await here.update(['--apply', '/nowhere.dgmopkg']), 2, '/nowhere.dgmopkg');
    refused(await here.update(['--apply', here.folder]), 2, here.folder);
    refused(await here.update(['--apply', toTwo, '--wait-pid', 'me']), 2, '--wait-pid');
    refused(await here.update(['--apply', toTwo, '--frob']), 2, '--frob');
    refused(await here.update(['frob']), 2, 'frob');
    refused(await here.update(['--apply', toTwo, '--install-dir', '/nowhere']), 2, '/nowhere');
    refused(await here.update(['status', '--install-dir', toTwo]), 2, 'wanted a folder, found none');
  });

  test('an old binary that was changed by hand', async () => {
    const kept = fs.readFileSync(here.dgmo);
    fs.appendFileSync(here.dgmo, 'x');
    const pristine = before;
    before = here.picture();
    const full = await shop.bundle({ version: '2.0.0', file: two });
    try {
      refused(await here.update(['--apply', toTwo]), 11, 'is not the 1.0.0 that was installed');
      refused(await here.update(['--apply', full]), 11, 'is not the 1.0.0 that was installed');
      expect(resultOf(await here.update(['status', '--json']))).toMatchObject({ binary: 'changed' });
    } finally {
      fs.writeFileSync(here.dgmo, kept);
      before = pristine;
    }
  });

  test('a missing and a damaged receipt; `recover` writes it again from the journal', async () => {
    const receipt = path.join(here.dir, '.dgmo-updater/installed.json');
    const bytes = fs.readFileSync(receipt);
    const pristine = before;
    fs.unlinkSync(receipt);
    before = here.picture();
    refused(await here.update(['--apply', toTwo]), 2, 'is not looked after yet');
    fs.writeFileSync(receipt, bytes.toString().replace('1.0.0', '1.0.1'));
    before = here.picture();
    refused(await here.update(['--apply', toTwo]), 11, /receipt .* is damaged/);
    const recovered = await here.update(['recover', '--json']);
    expect(recovered.code).toBe(0);
    expect(resultOf(recovered)).toMatchObject({ receiptRestored: true, version: '1.0.0' });
    expect(here.picture()).toEqual(pristine);
    before = pristine;
  });

  withMounts('a read-only install dir', async () => {
    const command = `mount --bind "$1" "$1" && mount -o remount,ro,bind "$1" && exec "$2" --apply "$3"`;
    const ran = await run('unshare', ['-m', 'sh', '-c', command, 'sh', here.dir, here.updater, toTwo], {
      env: here.env,
    });
    refused(ran, 12, 'read-only');
    const status = `mount --bind "$1" "$1" && mount -o remount,ro,bind "$1" && exec "$2" status`;
    const looked = await run('unshare', ['-m', 'sh', '-c', status, 'sh', here.dir, here.updater], {
      env: here.env,
    });
    expect(looked.code).toBe(0);
  });

  withMounts.each([107, 150, 206, 260])(
    'a full disk: a filesystem of %p MB',
    async (megabytes) => {
      // The old binary takes 104 MB of the 2^20 bytes that tmpfs counts in, the new one as much again.
      const script = `
      mount -t tmpfs -o size=${megabytes}m none "$1" && cp "$2" "$1/dgmo" || { echo does not fit >&2; exit 99; }
      "$3" init --install-dir "$1" --version 1.0.0 || exit 98
      sha256sum "$1/dgmo" "$1/.dgmo-updater/installed.json" > /dev/shm/before.$$
      "$3" --install-dir "$1" --apply "$4" --no-relaunch; code=$?
      sha256sum "$1/dgmo" "$1/.dgmo-updater/installed.json" | diff -q - /dev/shm/before.$$ >/dev/null && echo unchanged
      rm /dev/shm/before.$$
      ls "$1/.dgmo-updater"
      exit $code`;
      const mount = path.join(here.folder, 'small');
      fs.mkdirSync(mount, { recursive: true });
      const ran = await run('unshare', ['-m', 'sh', '-c', script, 'sh', mount, one, here.updater, toTwo], {
        env: here.env,
      });
      if (megabytes > 250) {
        expect(ran.code).toBe(0);
        return;
      }
      refused(ran, 12, /no space is left|there is no room/);
      expect(ran.stdout).toContain('unchanged');
      expect(ran.stdout).not.toContain('staged');
    },
    180_000,
  );

  withMounts('init on a full disk says which one; with room again it does its work', async () => {
    const script = `
      mount -t tmpfs -o size=108m none "$1" && cp "$2" "$1/dgmo" || exit 99
      cat /dev/zero > "$1/filler" 2>/dev/null
      "$3" init --install-dir "$1" --version 1.0.0; code=$?
      rm "$1/filler"
      "$3" init --install-dir "$1" --version 1.0.0 || exit 98
      exit $code`;
    const mount = path.join(here.folder, 'full');
    fs.mkdirSync(mount);
    const ran = await run('unshare', ['-m', 'sh', '-c', script, 'sh', mount, one, here.updater], {
      env: here.env,
    });
    refused(ran, 12, new RegExp(`${mount}/\\S+: no space is left on the disk`));
  });

  test('a second updater while one is at work', async () => {
    const env = { ...process.env, ...here.env };
    const running = await here.startDgmo();
    const first = spawn(
      here.updater,
      ['--apply', toTwo, '--wait-pid', String(running.pid), '--json', '--no-relaunch'],
      {
        env,
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    const ended = new Promise((resolve) => first.on('exit', resolve));
    await untilSays(first, '"waiting"');
    const second = await here.update(['--apply', toTwo]);
    expect(second.code).toBe(14);
    expect(second.stderr).toContain('another dgmo-updater is at work');
    first.kill('SIGINT');
    expect(await ended).toBe(130);
    await running.letGo();
    expect(here.picture()).toEqual(before);
  });

  test('a lock is not kept by an updater that was killed', async () => {
    const env = { ...process.env, ...here.env };
    const running = await here.startDgmo();
    const first = spawn(here.updater, ['--apply', toTwo, '--wait-pid', String(running.pid), '--json'], {
      env,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const ended = new Promise((resolve) => first.on('exit', resolve));
    await untilSays(first, '"waiting"');
    first.kill('SIGKILL');
    await ended;
    const look = resultOf(await here.update(['status', '--json']));
    expect(look).toMatchObject({ exitCode: 0, open: { from: '1.0.0', to: '2.0.0' }, binary: 'sound' });
    expect((await here.update(['recover'])).code).toBe(0);
    const status = await here.update(['status', '--json']);
    expect(resultOf(status)).toMatchObject({ exitCode: 0, open: null, binary: 'sound' });
    expect(here.picture()).toEqual(before);
    await running.letGo();
  });

  test('Ctrl-C at any time: 130 and nothing has changed, or it was too late and the update stands', async () => {
    const outcomes: string[] = [];
    for (const moment of ['"verified"', '"staging"', '"progress"', '"staged"', '"swapped"', '"probed"']) {
      const own = await makeInstall({ binary: one, version: '1.0.0', updater });
      const pristine = own.picture();
      const child = spawn(own.updater, ['--apply', toTwo, '--json', '--no-relaunch'], {
        env: { ...process.env, ...own.env },
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const ended = new Promise((resolve) => child.on('exit', resolve));
      await untilSays(child, moment);
      child.kill('SIGINT');
      const code = await ended;
      const version = await own.version();
      if (code === 130) expect(own.picture()).toEqual(pristine);
      outcomes.push(`${moment}: ${code} ${version}`);
      expect([`130 1.0.0`, `0 2.0.0`]).toContain(`${code} ${version}`);
      own.remove();
    }
    expect(outcomes[0]).toContain('130 1.0.0');
    expect(outcomes.at(-1)).toContain('0 2.0.0');
  });
});

/** Resolves when the child's standard output has said it; what comes after is thrown away. */
function untilSays(child: ReturnType<typeof spawn>, words: string): Promise<void> {
  return new Promise((resolve, reject) => {
    let said = '';
    child.stdout?.on('data', (bytes: Buffer) => {
      said += bytes;
      if (said.includes(words)) resolve();
    });
    child.on('exit', () => reject(new Error(`it ended without saying ${words}: ${said}`)));
  });
}
