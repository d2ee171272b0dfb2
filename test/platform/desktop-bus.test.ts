/** The desktop over a real bus, asked and told by the real tools: NetworkManager, logind, a notification server. */
import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { nativeDesktop } from '../../lib/platform/desktop/desktop.ts';
import { nativeHost } from '../../lib/platform/native.ts';
import { type Bus, skipsWithoutBus, startBus } from '../support/bus.ts';

describe.skipIf(skipsWithoutBus('the desktop over a real bus'))('the desktop over a real bus', () => {
  let folder: string;
  let bus: Bus;
  beforeEach(async () => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'dgmo-bus-'));
    bus = await startBus(folder);
  });
  afterEach(async () => {
    await bus[Symbol.asyncDispose]();
    fs.rmSync(folder, { recursive: true });
  });

  const desktop = () => {
    const host = nativeHost();
    return nativeDesktop({ ...host, environment: { ...host.environment, ...bus.environment } });
  };
  const TEXT = `--it's </i> <a href="http://example.org">R&D</a>`;

  test.each([
    [
      'takes markup',
      'body body-markup',
      '--it\'s &lt;/i&gt; &lt;a href="http://example.org"&gt;R&amp;D&lt;/a&gt;',
    ],
    ['takes none', 'body', TEXT],
  ])(
    'a notification server that %s shows the text, and no markup that is in it',
    async (_, capabilities, body) => {
      const calls = await bus.serve('notification_daemon', { capabilities });
      await desktop().notify('dgmo', TEXT);
      expect(calls()).toContain(`Notify "dgmo" 0 "software-update-available" "dgmo" "${body}" []`);
    },
  );

  test('NetworkManager says whether the network is metered', async () => {
    expect((await desktop().supply()).metered).toBeNull();
    await bus.serve('networkmanager');
    const [name, object] = ['org.freedesktop.NetworkManager', '/org/freedesktop/NetworkManager'];
    await bus.call(
      'call',
      name,
      object,
      'org.freedesktop.DBus.Mock',
      'AddProperty',
      'ssv',
      name,
      'Metered',
      'u',
      '1',
    );
    expect((await desktop().supply()).metered).toBe(true);
    await bus.call('set-property', name, object, name, 'Metered', 'u', '4');
    expect((await desktop().supply()).metered).toBe(false);
  });

  test('logind says since when nobody was there', async () => {
    expect(await desktop().untouched()).toBeNull();
    await bus.serve('logind', { IdleHint: true, IdleSinceHint: (Date.now() - 3_600_000) * 1000 });
    const untouched = (await desktop().untouched()) ?? expect.unreachable();
    expect(untouched).toBeGreaterThanOrEqual(3_600_000);
    expect(untouched).toBeLessThan(3_700_000);
    const [name, object] = ['org.freedesktop.login1', '/org/freedesktop/login1'];
    await bus.call('set-property', name, object, `${name}.Manager`, 'IdleHint', 'b', 'false');
    expect(await desktop().untouched()).toBe(0);
  });
});
