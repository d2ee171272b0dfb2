/** Where the components live: the home's own folders, those of the family where they are found, and what a person has set. */
import { expect, test } from 'bun:test';
import fs from 'node:fs';
import { join } from 'node:path';
import type { Platform } from '../../lib/platform/host.ts';
import { type ProfileSettings, profileOf, storeLayout } from '../../lib/snapshot/index.ts';
import { SimulatedDisk } from '../host/disk.ts';
import { simulatedHost } from '../host/host.ts';
import { openWorkshop, picture } from './workshop.ts';

interface Case {
  platform?: Platform;
  home?: string;
  environment?: Record<string, string>;
  folders?: string[];
  settings?: ProfileSettings;
}

function roots({ platform = 'linux', home = '/home/.dgmo', environment = {}, folders = [], settings }: Case) {
  const disk = new SimulatedDisk();
  for (const folder of folders) disk.place(`${folder}/file`, new Uint8Array(0));
  const host = { ...simulatedHost({ disk, platform, versionOf: () => null }), environment };
  return profileOf(host, { home, app: 'dgmo', store: storeLayout(host, home).folder }, settings).roots;
}

const OWN = {
  data: ['/home/.dgmo/data'],
  evolutions: ['/home/.dgmo/evolutions'],
  plugins: ['/home/.dgmo/plugins'],
  config: ['/home/.dgmo/config'],
};

test('the folders of the home, and nothing else where there is nothing else', () => {
  expect(roots({})).toEqual(OWN);
});

test('the layout of the family, where it is there', () => {
  const folders = [
    '/home/.config/dgmo',
    '/home/.config/dgmo/plugin',
    '/home/.local/share/dgmo',
    '/home/.local/state/dgmo',
    '/home/.cache/dgmo',
    '/home/.config/other',
  ];
  expect(roots({ folders })).toEqual({
    ...OWN,
    data: ['/home/.dgmo/data', '/home/.local/share/dgmo', '/home/.local/state/dgmo'],
    plugins: ['/home/.dgmo/plugins', '/home/.config/dgmo/plugin'],
    config: ['/home/.dgmo/config', '/home/.config/dgmo'],
  });
});

test('where the XDG variables say; what is not an absolute path says nothing', () => {
  const folders = ['/c/dgmo', '/d/dgmo', '/home/.config/dgmo', '/home/.local/state/dgmo'];
  const environment = { XDG_CONFIG_HOME: '/c', XDG_DATA_HOME: '/d', XDG_STATE_HOME: 'relative' };
  expect(roots({ folders, environment })).toEqual({
    ...OWN,
    data: ['/home/.dgmo/data', '/d/dgmo', '/home/.local/state/dgmo'],
    config: ['/home/.dgmo/config', '/c/dgmo'],
  });
});

test('who has set another home has said where everything is', () => {
  const found = roots({ home: '/elsewhere', folders: ['/home/.config/dgmo', '/home/.local/share/dgmo'] });
  expect(found.config).toEqual(['/elsewhere/config']);
  expect(found.data).toEqual(['/elsewhere/data']);
});

test('what a person has set takes the place of all that was found', () => {
  const folders = ['/home/.config/dgmo', '/home/.local/share/dgmo'];
  expect(roots({ folders, settings: { config: '/mine' } })).toEqual({
    ...OWN,
    data: ['/home/.dgmo/data', '/home/.local/share/dgmo'],
    config: ['/mine'],
  });
});

test('one folder named twice is one', () => {
  const environment = { XDG_DATA_HOME: '/x', XDG_STATE_HOME: '/x' };
  expect(roots({ folders: ['/x/dgmo'], environment }).data).toEqual(['/home/.dgmo/data', '/x/dgmo']);
});

test('on Windows the folders that its programs use, too', () => {
  const folders = ['/Roaming/dgmo', '/Local/dgmo', '/home/.config/dgmo'];
  const environment = { APPDATA: '\\Roaming', LOCALAPPDATA: '\\Local' };
  expect(roots({ platform: 'win32', home: '\\home\\.dgmo', folders, environment })).toEqual({
    data: ['\\home\\.dgmo\\data', '\\Local\\dgmo'],
    evolutions: ['\\home\\.dgmo\\evolutions'],
    plugins: ['\\home\\.dgmo\\plugins'],
    config: ['\\home\\.dgmo\\config', '\\home\\.config\\dgmo', '\\Roaming\\dgmo'],
  });
});

test('elsewhere the variables of Windows say nothing', () => {
  expect(roots({ folders: ['/Roaming/dgmo'], environment: { APPDATA: '/Roaming' } })).toEqual(OWN);
});

test('a component within another one is taken once, and the store and what is the updater’s never, by whatever way they are reached', async () => {
  const workshop = openWorkshop();
  try {
    const { home } = workshop;
    const link = join(home, 'link');
    fs.symlinkSync(home, link);
    for (const path of ['config/plugins/p', 'config/c', 'trust/root.json', 'cache/x']) {
      fs.mkdirSync(join(home, path, '..'), { recursive: true });
      fs.writeFileSync(join(home, path), path);
    }
    for (const at of [home, link]) {
      const settings = { data: at, plugins: join(at, 'config/plugins'), config: join(at, 'config') };
      const opened = openWorkshop({ home: at, settings });
      const snapshot = await opened.take();
      const files = (name: 'data' | 'plugins' | 'config') => snapshot.components[name].roots[0]?.files;
      expect({ plugins: files('plugins'), config: files('config') }).toEqual({ plugins: 1, config: 1 });
      // The executable alone: beside it there are only folders that are apart.
      expect(files('data')).toBe(1);
      fs.rmSync(join(home, 'config'), { recursive: true });
      await opened.restore(snapshot);
      expect([...picture(join(home, 'config')).keys()].sort()).toEqual(['c', 'plugins', 'plugins/p']);
    }
  } finally {
    workshop.remove();
  }
});
