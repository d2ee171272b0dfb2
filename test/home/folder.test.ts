/** Where the home is: never a place that depends on the folder in which somebody types the command. */
import { expect, test } from 'bun:test';
import { UsageError } from '../../lib/errors.ts';
import { findHome } from '../../lib/home/folder.ts';
import { SimulatedDisk } from '../host/disk.ts';
import { simulatedHost } from '../host/host.ts';

function home(homeDirectory: string | null, environment: Record<string, string> = {}, typed?: string) {
  const host = simulatedHost({ disk: new SimulatedDisk(), versionOf: () => null });
  return findHome({ ...host, homeDirectory, environment, workingDirectory: '/tmp/strange' }, typed);
}

test('a relative HOME is refused, as a relative DGMO_HOME is: the folder would hold the trusted root', () => {
  for (const found of [home('.'), home('home/me'), home('/home/me', { DGMO_HOME: '.' })]) {
    expect(found).toEqual({ missing: expect.any(UsageError) });
  }
  expect(home('.')).toMatchObject({ missing: { message: 'HOME: wanted an absolute path, found "."' } });
});

test('what is said on the command line goes before the environment, and that before HOME', () => {
  expect(home('/home/me')).toEqual({ folder: '/home/me/.dgmo' });
  expect(home('.', { DGMO_HOME: '/data/dgmo' })).toEqual({ folder: '/data/dgmo' });
  expect(home('.', { DGMO_HOME: '.' }, 'here')).toEqual({ folder: '/tmp/strange/here' });
  expect(home('/home/me', { DGMO_HOME: '' })).toEqual({ folder: '/home/me/.dgmo' });
});
