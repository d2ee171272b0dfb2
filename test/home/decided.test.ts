/** Who decides a setting: the administrator, else the environment, else the user, else the default. */
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { DamagedError, MachineError, PolicyError, UsageError } from '../../lib/errors.ts';
import { decide, requireOwnDecision, survey } from '../../lib/home/decided.ts';
import { preferencesFile } from '../../lib/home/preferences.ts';
import type { Host } from '../../lib/platform/host.ts';
import { SimulatedDisk } from '../host/disk.ts';
import { simulatedHost } from '../host/host.ts';

const HOME = '/home/.dgmo';
const POLICY = '/etc/dgmo-updater/policy.json';
const ROOT = 0;

interface Said {
  /** A string is the text of the file. */
  policy?: unknown;
  environment?: Record<string, string>;
  user?: Parameters<typeof preferencesFile.change>[2];
}

async function machine({
  policy,
  environment = {},
  user,
}: Said): Promise<{ host: Host; disk: SimulatedDisk }> {
  const disk = new SimulatedDisk();
  const simulated = simulatedHost({ disk, versionOf: () => null });
  if (policy !== undefined) {
    const text = typeof policy === 'string' ? policy : JSON.stringify(policy);
    disk.place(POLICY, new TextEncoder().encode(text));
    disk.own('/etc/dgmo-updater', ROOT);
    disk.own(POLICY, ROOT);
  }
  if (user !== undefined) await preferencesFile.change(simulated, HOME, user);
  return { host: { ...simulated, environment }, disk };
}

const channelOf = (host: Host) => decide(host, HOME).settings.find(({ key }) => key === 'channel');

describe('who decides', () => {
  test('every combination: the strongest who said something, and the others are overruled', async () => {
    await fc.assert(
      fc.asyncProperty(fc.boolean(), fc.boolean(), fc.boolean(), async (policy, environment, user) => {
        const { host } = await machine({
          ...(policy && { policy: { channel: 'by-policy' } }),
          ...(environment && { environment: { DGMO_UPDATER_CHANNEL: 'by-environment' } }),
          ...(user && { user: (now) => ({ ...now, channel: 'by-user' }) }),
        });
        const said = [policy && 'policy', environment && 'environment', user && 'user'].filter(Boolean);
        const found = channelOf(host);
        expect(found?.decidedBy as string).toBe(said[0] || 'default');
        expect(found?.value).toBe(said[0] ? `by-${said[0]}` : 'stable');
        expect(found?.overridden.map(({ value }) => value)).toEqual(said.slice(1).map((who) => `by-${who}`));
        expect(decide(host, HOME).preferences.channel).toBe(found?.value ?? '');
      }),
      { numRuns: 30 },
    );
  });

  test('a policy takes values as in the settings, and as they are typed', async () => {
    const { host } = await machine({
      policy: {
        schema: 1,
        updates: false,
        ring: 7,
        snapshotExclude: ['*.log'],
        minimumAge: '3d',
        telemetry: 'off',
      },
    });
    expect(decide(host, HOME).preferences).toMatchObject({
      updates: false,
      ring: 7,
      snapshotExclude: ['*.log'],
      minimumAge: '3d',
      telemetry: false,
    });
  });

  test.each([
    ['DGMO_UPDATER_AUTO_UPDATE', 'never', 'DGMO_UPDATER_AUTO_UPDATE: wanted "all"'],
    ['DGMO_UPDATER_TELEMETRY', 'yes', 'DGMO_UPDATER_TELEMETRY: wanted on or off'],
  ])('%s=%s is refused, by its name', async (name, value, message) => {
    const { host } = await machine({ environment: { [name]: value } });
    expect(() => decide(host, HOME)).toThrow(UsageError);
    expect(() => decide(host, HOME)).toThrow(message);
  });

  test.each([
    ['an unknown key', { chanel: 'beta' }, `${POLICY}: there is no setting "chanel"`],
    ['a wrong value', { pin: 'latest' }, 'a semantic version'],
    ['no object', [], 'wanted an object'],
    ['a text that is no JSON', '{"pin":', 'wanted JSON'],
    ['a name that is there twice', '{"pin": "1.0.0", "pin": "1.1.0"}', '"pin" twice'],
  ])(
    'a policy with %s: nobody knows what the administrator wants, who is to correct it',
    async (_, policy, message) => {
      const { host } = await machine({ policy });
      const thrown = (() => {
        try {
          return decide(host, HOME);
        } catch (error) {
          return error;
        }
      })();
      expect(thrown).toBeInstanceOf(DamagedError);
      expect(thrown).toMatchObject({
        message: expect.stringContaining(message),
        advice: expect.stringMatching(/^(Did you mean channel\? )?Ask your administrator to correct it\.$/),
      });
    },
  );

  test('who looks sees what can be understood, who decided it, and all that can not be', async () => {
    const { host, disk } = await machine({
      policy: { chanel: 'beta', majors: 'auto', pin: 'latest' },
      environment: { DGMO_UPDATER_RING: 'first', DGMO_UPDATER_CHANNEL: 'by-environment' },
    });
    disk.place(`${HOME}/updater.json`, new TextEncoder().encode('{"autoUpdte":"all"}'));
    const { settings, faults } = survey(host, HOME);
    const by = (name: string): string => settings.find(({ key }) => key === name)?.decidedBy ?? '';
    expect(['majors', 'pin', 'channel', 'ring', 'autoUpdate'].map(by)).toEqual([
      ...['policy', 'default', 'environment', 'default', 'default'],
    ]);
    expect(faults.map(({ message, advice }) => `${message}. ${advice ?? ''}`)).toEqual([
      expect.stringContaining('"chanel". Did you mean channel? Ask your administrator'),
      expect.stringContaining('pin: wanted a semantic version'),
      expect.stringContaining('DGMO_UPDATER_RING: wanted'),
      expect.stringContaining('"autoUpdte". Did you mean autoUpdate? `dgmo-updater config unset autoUpdte`'),
      expect.stringContaining('updater.json.schema: wanted 1 or'),
    ]);
    expect(() => decide(host, HOME)).toThrow('"chanel"');
  });

  test('a policy that may not be read: only the administrator can help', async () => {
    const { host } = await machine({ policy: { channel: 'stable' } });
    const open: Host['disk']['open'] = (path, ...how) => {
      if (path === POLICY) throw Object.assign(new Error('EACCES'), { code: 'EACCES', path });
      return host.disk.open(path, ...how);
    };
    const [fault] = survey({ ...host, disk: { ...host.disk, open } }, HOME).faults;
    expect(fault).toBeInstanceOf(MachineError);
    expect(fault?.advice).toStartWith('Ask your administrator to let all read it');
  });

  test('what the administrator has decided the user can not change', async () => {
    const { host } = await machine({ policy: { channel: 'stable' } });
    expect(() => requireOwnDecision(host, ['channel'])).toThrow(PolicyError);
    expect(() => requireOwnDecision(host, ['channel'])).toThrow(POLICY);
    expect(requireOwnDecision(host, ['telemetry'])).toBeUndefined();
  });
});

describe('a policy that the user could have written is ignored, and it is said why', () => {
  test.each<[string, (disk: SimulatedDisk) => void, string]>([
    [
      'the file belongs to the user',
      (disk) => disk.own(POLICY, 1000),
      `${POLICY} belongs to user 1000, not to root`,
    ],
    [
      'the folder does',
      (disk) => disk.own('/etc/dgmo-updater', 1000),
      '/etc/dgmo-updater belongs to user 1000',
    ],
    [
      'everybody may write the file',
      (disk) => disk.setMode(POLICY, 0o666),
      `others than root may write ${POLICY}`,
    ],
    ['or the folder', (disk) => disk.setMode('/etc/dgmo-updater', 0o777), 'others than root may write'],
  ])('%s', async (_, change, why) => {
    const { host, disk } = await machine({ policy: { channel: 'beta' } });
    expect(channelOf(host)?.value).toBe('beta');
    change(disk);
    expect(channelOf(host)?.value).toBe('stable');
    expect(decide(host, HOME).policyIgnored).toContain(why);
  });
});
