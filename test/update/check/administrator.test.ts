/** What an administrator has decided holds whichever way a release comes, and whatever a command names. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'bun:test';
import fs from 'node:fs';
import path from 'node:path';
import { PolicyError } from '../../../lib/errors.ts';
import { policyPath } from '../../../lib/home/policy.ts';
import type { Host } from '../../../lib/platform/host.ts';
import { nativeHost } from '../../../lib/platform/native.ts';
import { openStage, type Stage } from '../stage.ts';

const posixOnly = process.platform === 'win32' ? describe.skip : describe;
const HOUR = 3_600_000;

posixOnly('an administrator', () => {
  let stage: Stage;
  let file: string;
  let later = 0;
  const policyFile = () => path.join(stage.folder, 'policy', 'policy.json');

  /** The policy of the system is this one of the test, and root's; the clock is ahead by `later`. */
  function host(): Host {
    const native = nativeHost();
    const real = policyPath(native);
    const at = (name: string) =>
      name === real ? policyFile() : name === path.dirname(real) ? path.dirname(policyFile()) : name;
    const disk = Object.create(native.disk, {
      status: {
        value(name: string) {
          const found = native.disk.status(at(name));
          return at(name) === name || found === null ? found : { ...found, owner: 0, mode: 0o755 };
        },
      },
      resolve: { value: (name: string) => native.disk.resolve(at(name)) },
      open: { value: (name: string, ...rest: ['read']) => native.disk.open(at(name), ...rest) },
    });
    return { ...native, disk, clock: { ...native.clock, now: () => native.clock.now() + later } };
  }

  const decides = (policy: Record<string, unknown>) => {
    fs.mkdirSync(path.dirname(policyFile()), { recursive: true });
    fs.writeFileSync(policyFile(), JSON.stringify(policy));
  };
  const manager = (options = {}) => stage.manager({ host: host(), ...options });
  const apply = (options = {}) => manager().applyPackage([file], { noWait: true, ...options });

  async function refused(attempt: Promise<unknown>, key: string): Promise<void> {
    const error = await attempt.then(
      () => expect.unreachable('it was not refused'),
      (error: unknown) => error,
    );
    expect(error).toBeInstanceOf(PolicyError);
    expect(String(error)).toContain(`${key} is decided by the administrator of this machine`);
    expect(stage.version()).toBe('1.0.0');
  }

  async function packageOf(version: string, name: string): Promise<string> {
    const one = stage.manager();
    const { update } = await one.check({ version });
    const { files } = await one.downloadUpdate(update ?? expect.unreachable());
    const copy = path.join(stage.folder, name);
    fs.copyFileSync(files.at(-1) ?? expect.unreachable(), copy);
    return copy;
  }

  beforeAll(async () => {
    stage = await openStage();
    await stage.release('1.1.0');
    await stage.release('1.2.0', { type: 'security' });
    file = await packageOf('1.1.0', 'stick.dgmopkg');
  });
  afterEach(() => {
    later = 0;
    fs.rmSync(policyFile(), { force: true });
  });
  afterAll(() => stage[Symbol.asyncDispose]());

  test("'s pin and minimum age hold a package, as they hold `update --version`", async () => {
    decides({ pin: '1.2.0' });
    await refused(manager().check({ version: '1.1.0' }), 'pin');
    await refused(apply(), 'pin');
    await refused(apply({ allowDowngrade: true }), 'pin');
    fs.rmSync(path.join(stage.home, 'checks.json'));
    decides({ minimumAge: '3d' });
    await refused(manager().check({ version: '1.1.0' }), 'minimumAge');
    await refused(apply(), 'minimumAge');
    later = 71 * HOUR;
    await refused(apply(), 'minimumAge');
  });

  test("'s feed, authorities and channel come before those that a command names", async () => {
    decides({ feed: stage.url, channel: 'stable', caFile: '/etc/ssl/own.pem' });
    await refused(manager({ feed: 'http://127.0.0.1:9/' }).check(), 'feed');
    await refused(manager({ caFile: '/tmp/other.pem' }).check(), 'caFile');
    decides({ feed: stage.url, channel: 'stable' });
    await refused(manager().check({ channel: 'beta' }), 'channel');
    expect(await manager({ feed: stage.url }).check({ channel: 'stable' })).toMatchObject({
      newest: '1.2.0',
    });
  });

  test('holds nothing else: not a release that is old enough, and not a security release', async () => {
    decides({ minimumAge: '3d', pin: '1.1.0' });
    later = 73 * HOUR;
    expect(await apply()).toMatchObject({ to: { version: '1.1.0' } });
    const security = await packageOf('1.2.0', 'security.dgmopkg');
    decides({ minimumAge: '30d', securityAtOnce: true });
    const before = stage.version();
    const { to } = await manager().applyPackage([security], { noWait: true });
    expect([before, to.version]).toEqual(['1.1.0', '1.2.0']);
  });
});
