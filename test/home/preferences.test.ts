/** Preferences and choices in the home. */
import { afterAll, describe, expect, test } from 'bun:test';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { UpdateManager } from '../../lib/api/index.ts';
import { BusyError, DamagedError, UsageError } from '../../lib/errors.ts';
import { choicesFile, NO_CHOICES, withOutcome, withSkipped } from '../../lib/home/choices.ts';
import {
  PREFERENCE_KEYS,
  preferenceKey,
  preferenceText,
  withPreference,
} from '../../lib/home/preference-text.ts';
import { DEFAULT_PREFERENCES, type Preferences, preferencesFile } from '../../lib/home/preferences.ts';
import { nativeHost } from '../../lib/platform/native.ts';
import { SimulatedDisk } from '../host/disk.ts';
import { simulatedHost } from '../host/host.ts';

const HOME = '/home/.dgmo';
const hostOn = (disk: SimulatedDisk) => simulatedHost({ disk, versionOf: () => null });
const write = (disk: SimulatedDisk, name: string, text: string) =>
  disk.place(`${HOME}/${name}`, new TextEncoder().encode(text));

describe('preferences', () => {
  test('nothing there: the defaults, telemetry off', () => {
    const found = preferencesFile.load(hostOn(new SimulatedDisk()), HOME);
    expect(found).toEqual(DEFAULT_PREFERENCES);
    expect(found.telemetry).toBe(false);
  });

  test('an editor’s byte order mark before them is no part of them', async () => {
    const disk = new SimulatedDisk();
    await preferencesFile.change(hostOn(disk), HOME, (before) => withPreference(before, 'channel', 'beta'));
    const text = new TextDecoder().decode(disk.contentOf(`${HOME}/updater.json`) ?? new Uint8Array());
    write(disk, 'updater.json', `\ufeff${text}`);
    expect(preferencesFile.load(hostOn(disk), HOME).channel).toBe('beta');
  });

  test('what was changed is loaded', async () => {
    const host = hostOn(new SimulatedDisk());
    await preferencesFile.change(host, HOME, (before) => withPreference(before, 'channel', 'beta'));
    await preferencesFile.change(host, HOME, (before) => withPreference(before, 'telemetry', 'on'));
    expect(preferencesFile.load(host, HOME)).toEqual({
      ...DEFAULT_PREFERENCES,
      channel: 'beta',
      telemetry: true,
    });
  });

  test.each([
    ['autoUpdate', 'all', 'all'],
    ['channel', 'beta-2', 'beta-2'],
    ['feed', 'https://feed.example.org/', 'https://feed.example.org/'],
    ['feed', 'http://127.0.0.1:8080', 'http://127.0.0.1:8080'],
    ['feed', 'none', 'none'],
    ['checkApi', 'none', 'none'],
    ['telemetry', 'on', 'on'],
    ['caFile', '/etc/ca.pem', '/etc/ca.pem'],
    ['updates', 'off', 'off'],
    ['minimumAge', '3d', '3d'],
    ['majors', 'auto', 'auto'],
    ['pin', '1.2.3', '1.2.3'],
    ['ring', '7', '7'],
    ['ring', 'none', 'none'],
    ['updateWindow', '22:00-05:30', '22:00-05:30'],
    ['updateWindow', 'none', 'none'],
    ['onMetered', 'go', 'go'],
    ['onBattery', 'wait', 'wait'],
  ] as const)('%s %s', (key, typed, shown) => {
    expect(preferenceText(withPreference(DEFAULT_PREFERENCES, key, typed), key)).toBe(shown);
  });

  test.each([
    ['autoUpdate', 'always', '"all" or "security" or "manual" or "off"'],
    ['channel', 'a b', 'at most 32 long'],
    ['channel', 'none/../x', 'at most 32 long'],
    ['feed', 'http://feed.example.org/', 'an https address'],
    ['checkApi', 'feed.example.org', 'an https address'],
    ['telemetry', 'yes', 'on or off'],
    ['caFile', '/a\nb', 'the full path of a PEM file'],
    ['caFile', 'ca.pem', 'the full path of a PEM file'],
    ['caFile', '../ca.pem', 'the full path of a PEM file'],
    ['minimumAge', '3 days', 'an age such as 3d or 12h'],
    ['minimumAge', '366d', 'at most 365d'],
    ['minimumAge', '0d', 'an age such as 3d or 12h'],
    ['pin', 'latest', 'a semantic version'],
    ['ring', '0', 'from 1 to 100'],
    ['updateWindow', '24:00-05:00', 'a window of time such as 02:00-05:30'],
    ['updateWindow', '05:00-05:00', 'a window of time'],
    ['updateWindow', '05:00', 'a window of time'],
    ['updateWindow', '02:00-05:00-', 'a window of time'],
    ['onBattery', 'on', '"wait" or "go"'],
    ['ring', '-1', 'from 1 to 100'],
    ['updates', 'false', 'on or off'],
  ] as const)('%s %s is refused', (key, typed, why) => {
    expect(() => withPreference(DEFAULT_PREFERENCES, key, typed)).toThrow(UsageError);
    expect(() => withPreference(DEFAULT_PREFERENCES, key, typed)).toThrow(why);
  });

  test('an unknown key names the one that was meant, or all', () => {
    const advised = (advice: string) => expect.objectContaining({ advice });
    expect(() => preferenceKey('autoupdate')).toThrow(advised('Did you mean autoUpdate?'));
    expect(() => preferenceKey('xyzzy')).toThrow(advised(`The settings are ${PREFERENCE_KEYS.join(', ')}.`));
    expect(() => preferenceKey('schema')).toThrow(UsageError);
  });

  test.each([
    ['cut', '{"schema":1,"autoUpd'],
    ['of another kind', '[]'],
    ['with an unknown field', JSON.stringify({ ...DEFAULT_PREFERENCES, more: 1 })],
    ['with a field missing', JSON.stringify({ schema: 1 })],
    ['with a wrong value', JSON.stringify({ ...DEFAULT_PREFERENCES, telemetry: 'on' })],
    ['empty', ''],
  ])('a file that is damaged (%s): DamagedError with the way out', (_, text) => {
    const disk = new SimulatedDisk();
    write(disk, 'updater.json', text);
    const load = () => preferencesFile.load(hostOn(disk), HOME);
    expect(load).toThrow(DamagedError);
    expect(load).toThrow(`${HOME}/updater.json`);
    try {
      load();
    } catch (error) {
      expect((error as DamagedError).advice).toMatch(/`dgmo-updater (repair|config unset)\b/);
    }
  });
});

describe('what a program hands in', () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'dgmo-manager-'));
  afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));
  const manager = () => new UpdateManager({ installDir: folder, home: folder });
  const preferences = (changes: unknown) => manager().setPreferences(changes as Partial<Preferences>);

  test.each<[string, () => Promise<unknown>]>([
    ['channel: wanted a name of', () => preferences({ channel: 'a b' })],
    ['telemetry: wanted true or false, found a function', () => preferences({ telemetry: Boolean })],
    ['snapshotsKept: wanted', () => preferences({ snapshotsKept: 3n })],
    [
      'snapshotsKept: wanted a whole number from 1 to 1000, found NaN',
      () => preferences({ snapshotsKept: Number.NaN }),
    ],
    ['there is no setting "chanel"', () => preferences({ chanel: 'beta' })],
    [
      'version: wanted a semantic version such as 1.2.3, found "latest"',
      () => manager().skipVersion('latest'),
    ],
    ['milliseconds: wanted a whole number of milliseconds', () => manager().remindLater(Number.NaN)],
    [
      'milliseconds: wanted a whole number of milliseconds',
      () => manager().remindLater(Number.POSITIVE_INFINITY),
    ],
  ])('%s', async (message, call) => {
    const error: unknown = await call().then(
      () => expect.unreachable(),
      (thrown) => thrown,
    );
    expect(error).toBeInstanceOf(UsageError);
    expect(error).toMatchObject({
      exitCode: 2,
      message: expect.stringContaining(message),
    });
    expect(fs.readdirSync(folder).filter((name) => name.endsWith('.json'))).toEqual([]);
  });

  test('what is damaged on the disk is not the fault of the program', async () => {
    fs.writeFileSync(path.join(folder, 'updater.json'), '{');
    await expect(preferences({ channel: 'beta' })).rejects.toThrow(DamagedError);
    fs.rmSync(path.join(folder, 'updater.json'));
  });
});

describe('choices', () => {
  test('a version is skipped once, and quarantined once', () => {
    const reverted = (reason: string) =>
      ({ ended: 'reverted', version: '2.1.0', reason, route: null, milliseconds: 1 }) as const;
    let choices = withSkipped(withSkipped(NO_CHOICES, '2.0.0'), '2.0.0');
    choices = withOutcome(withOutcome(choices, reverted('it crashed'), 1), reverted('it crashed again'), 2);
    expect(choices.skipped).toEqual(['2.0.0']);
    expect(choices.quarantined).toEqual([{ version: '2.1.0', reason: 'it crashed again', at: 2 }]);
  });

  test('no more than is remembered, the oldest go first', async () => {
    let choices = NO_CHOICES;
    for (let patch = 0; patch < 300; patch++) choices = withSkipped(choices, `1.0.${patch}`);
    expect(choices.skipped).toHaveLength(200);
    expect(choices.skipped.at(0)).toBe('1.0.100');
    const host = hostOn(new SimulatedDisk());
    await choicesFile.change(host, HOME, () => choices);
    expect(choicesFile.load(host, HOME)).toEqual(choices);
  });

  test('twenty at once: each change is there', async () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'dgmo-choices-'));
    try {
      const host = nativeHost();
      const versions = Array.from({ length: 20 }, (_, index) => `1.0.${index}`);
      await Promise.all(
        versions.map((version) =>
          choicesFile.change(host, folder, (choices) => withSkipped(choices, version)),
        ),
      );
      expect(choicesFile.load(host, folder).skipped.toSorted()).toEqual(versions.toSorted());
    } finally {
      fs.rmSync(folder, { recursive: true, force: true });
    }
  });

  test('a lock that nobody lets go of: busy, and nothing is written', async () => {
    const host = hostOn(new SimulatedDisk());
    const held = { ...host, locks: { acquire: () => null } };
    await expect(choicesFile.change(held, HOME, () => NO_CHOICES)).rejects.toThrow(BusyError);
    expect(host.disk.status(choicesFile.path(host, HOME))).toBeNull();
  });
});
