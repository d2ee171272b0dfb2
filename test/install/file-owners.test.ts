/** Who decides over an install: whose files in the work dir are believed, and who may change what is installed. */
import { describe, expect, test } from 'bun:test';
import { Installation, SelfHealingSystem, UpdateManager } from '../../lib/api/index.ts';
import { DamagedError, MachineError, TrustError } from '../../lib/errors.ts';
import { requireOwnInstall } from '../../lib/install/file-owners.ts';
import { openSession } from '../../lib/install/index.ts';
import { locate } from '../../lib/install/layout.ts';
import { encodeReceipt } from '../../lib/install/receipt.ts';
import { decodeJournal, encodeEntry } from '../../lib/install/transaction/journal.ts';
import { type SimulatedDisk, USER } from '../host/disk.ts';
import { type SimulatedHostOptions, simulatedHost } from '../host/host.ts';
import {
  binaryOf,
  executable,
  INSTALL_DIR,
  installedDisk,
  receiptOf,
  targetPath,
  versionOf,
} from '../host/install.ts';

const OLD = executable('1.0.0');
const NEW = executable('2.0.0');
const WORK = `${INSTALL_DIR}/.dgmo-updater`;
const TARGET = targetPath('linux');
const ROOT = 0;
const OTHER = USER + 1;

/** The updater runs from elsewhere, unless `program` says otherwise. */
function on(disk: SimulatedDisk, { user = USER, program = '/usr/bin/dgmo-updater' } = {}) {
  const trials: string[] = [];
  const options: SimulatedHostOptions = {
    disk,
    user,
    versionOf,
    onTrial: (_, content) => trials.push(versionOf(content) ?? 'broken'),
  };
  const host = simulatedHost(options);
  const { processes } = host;
  const executableOf = (pid: number) => (pid === processes.pid ? program : processes.executable(pid));
  const events: unknown[] = [];
  const install = {
    host: { ...host, processes: { ...processes, executable: executableOf } },
    installDir: INSTALL_DIR,
    home: '/home/.dgmo',
    onEvent: (event: unknown) => void events.push(event),
  };
  return { install, trials, events };
}

/** Killed after the swap, before the trial: a recovery starts the new program. */
function interrupted(): SimulatedDisk {
  const disk = installedDisk('linux', OLD);
  const receipt = receiptOf(OLD, null);
  const after = receiptOf(NEW, OLD);
  const begin = { type: 'begin' as const, id: '00112233aabbccdd', at: 1, kind: 'update' as const };
  const entries = [
    { type: 'receipt' as const, at: 1, receipt },
    { ...begin, from: binaryOf(OLD), to: binaryOf(NEW), receipt: after },
    { type: 'swap' as const },
  ];
  disk.place(`${WORK}/journal`, new TextEncoder().encode(entries.map(encodeEntry).join('')), 0o600);
  disk.place(`${WORK}/kept-${OLD.sha256.slice(0, 32)}`, OLD.bytes);
  disk.place(TARGET, NEW.bytes);
  return disk;
}

function own(disk: SimulatedDisk, user: number, paths = everything(disk)): void {
  for (const path of paths) disk.own(path, user);
}

const everything = (disk: SimulatedDisk) =>
  Object.keys(disk.picture()).filter((path) => path.startsWith(INSTALL_DIR));

const failure = async (work: () => unknown): Promise<unknown> => {
  try {
    await work();
  } catch (error) {
    return error;
  }
  return null;
};

const recover = ({ install }: ReturnType<typeof on>) => failure(() => new Installation(install).recover());
const status = ({ install }: ReturnType<typeof on>) => failure(() => new Installation(install).status());

describe('a look', () => {
  const looks: [name: string, (here: ReturnType<typeof on>) => Promise<unknown>][] = [
    ['status', ({ install }) => new Installation(install).status()],
    ['check', ({ install }) => failure(() => new UpdateManager(install).check())],
    ['verify', ({ install }) => new SelfHealingSystem(install).verify()],
    ['no command', ({ install }) => new SelfHealingSystem(install).situation()],
    ['preferences', async ({ install }) => new UpdateManager(install).preferences()],
  ];
  test.each(looks)('%s recovers nothing and starts no program', async (name, look) => {
    const disk = interrupted();
    const before = disk.picture();
    const here = on(disk);
    await look(here);
    expect(here.trials).toEqual([]);
    // What `verify` has read, so that it need not read it again.
    const { [`${WORK}/read.json`]: read, ...after } = disk.picture();
    expect([read === undefined || name === 'verify' || name === 'no command', after]).toEqual([true, before]);
  });

  test('tells that something is open', async () => {
    const here = on(interrupted());
    expect(await new Installation(here.install).status()).toMatchObject({ open: { to: '2.0.0' } });
    await failure(() => new UpdateManager(here.install).check());
    expect(here.events).toContainEqual({
      event: 'warning',
      text: expect.stringContaining('The update from 1.0.0 to 2.0.0 has not ended'),
    });
  });

  test('at the install of another user, or as root, is allowed', async () => {
    const disk = interrupted();
    own(disk, OTHER);
    const before = disk.picture();
    for (const user of [USER, ROOT]) {
      expect(await status(on(disk, { user }))).toBeNull();
      await new SelfHealingSystem(on(disk, { user }).install).verify({ full: true });
    }
    expect(disk.picture()).toEqual(before);
  });
});

test('an install of root’s below a folder where another user could rename it is not changed by root', async () => {
  const disk = interrupted();
  for (const path of Object.keys(disk.picture())) disk.own(path, ROOT);
  disk.own('/opt', USER);
  const found = await recover(on(disk, { user: ROOT }));
  expect(found).toBeInstanceOf(MachineError);
  expect(String(found)).toContain(`${INSTALL_DIR} is in /opt, which belongs to user ${USER}`);
  disk.own('/opt', ROOT);
  disk.setMode('/opt', 0o777);
  expect(String(await recover(on(disk, { user: ROOT })))).toContain('/opt, where everybody may write');
  disk.setMode('/opt', 0o1777);
  expect(String(await recover(on(disk, { user: ROOT })))).not.toContain('/opt,');
});

describe('what others than the writers of the executable may write is not believed', () => {
  const paths = ['', '/journal', '/installed.json', `/kept-${OLD.sha256.slice(0, 32)}`];

  test.each(paths)('%p of another owner', async (name) => {
    const disk = interrupted();
    disk.own(`${WORK}${name}`, OTHER);
    const before = disk.picture();
    for (const user of [USER, ROOT]) {
      const here = on(disk, { user });
      for (const found of [await status(here), await recover(here)]) {
        expect(found).toBeInstanceOf(TrustError);
        expect(String(found)).toContain(`${WORK}${name} belongs to user ${OTHER}`);
      }
      expect(here.trials).toEqual([]);
    }
    expect(disk.picture()).toEqual(before);
  });

  test.each(paths)('%p that everybody may write', async (name) => {
    const disk = interrupted();
    disk.setMode(`${WORK}${name}`, 0o777);
    expect(String(await recover(on(disk)))).toContain('can be written by everybody');
    // As on a drive without modes, where everybody may write the executable as well.
    disk.setMode(INSTALL_DIR, 0o777);
    expect(await recover(on(disk))).toBeNull();
  });

  test.each(paths)('%p that a group may write', async (name) => {
    const disk = interrupted();
    disk.setMode(`${WORK}${name}`, 0o775);
    expect(String(await recover(on(disk)))).toContain(`can be written by group ${USER}`);
    disk.setMode(INSTALL_DIR, 0o2775);
    expect(await recover(on(disk))).toBeNull();
  });

  test('a folder in which everybody may only add files is none that everybody may write', async () => {
    const disk = interrupted();
    disk.setMode(INSTALL_DIR, 0o1777);
    disk.setMode(WORK, 0o777);
    expect(await recover(on(disk))).toBeInstanceOf(TrustError);
  });

  test.each(['journal', 'installed.json', 'holder', 'read.json'])('a symlink %s', async (name) => {
    const disk = interrupted();
    if (['journal', 'installed.json'].includes(name)) disk.remove(`${WORK}/${name}`);
    disk.symlink('/etc/passwd', `${WORK}/${name}`);
    for (const found of [await status(on(disk)), await recover(on(disk))]) {
      expect(found).toBeInstanceOf(TrustError);
      expect(String(found)).toContain('found a symlink');
    }
  });

  test('a symlink in place of the folder', async () => {
    const disk = installedDisk('linux', OLD);
    for (const path of everything(disk).filter((each) => each.startsWith(`${WORK}/`))) disk.remove(path);
    disk.removeDirectory(WORK);
    disk.symlink('/tmp', WORK);
    expect(String(await status(on(disk)))).toContain(`${WORK}: wanted a directory`);
  });
});

describe('what is believed all the same', () => {
  test('an install that has no folder of ours yet', async () => {
    const disk = installedDisk('linux', OLD);
    for (const path of everything(disk)) if (path.startsWith(`${WORK}/`)) disk.remove(path);
    disk.removeDirectory(WORK);
    expect(await failure(() => openSession(on(disk).install.host, { installDir: INSTALL_DIR }))).toBeNull();
  });

  test('what everybody may write, if everybody may write the executable', async () => {
    const disk = interrupted();
    disk.setMode(TARGET, 0o777);
    disk.setMode(`${WORK}/journal`, 0o666);
    disk.own(`${WORK}/journal`, USER, 77);
    expect(await status(on(disk))).toBeNull();
  });

  test('on a system without owners, everything', async () => {
    const disk = installedDisk('win32', OLD);
    const host = simulatedHost({ disk, platform: 'win32', versionOf });
    const layout = locate(host, '\\opt\\dgmo', 'dgmo');
    expect(host.user).toBeNull();
    requireOwnInstall(host, layout);
  });
});

describe('an install is changed only by its owner, and by root if it is root’s', () => {
  test('by root, if all of it is root’s', async () => {
    const disk = interrupted();
    own(disk, ROOT);
    const { host } = on(disk, { user: ROOT }).install;
    requireOwnInstall(host, locate(host, INSTALL_DIR, 'dgmo'));
  });

  test('not by root in another user’s folder, even if it runs the updater from there', async () => {
    const disk = interrupted();
    own(disk, OTHER);
    const here = on(disk, { user: ROOT, program: `${INSTALL_DIR}/dgmo-updater` });
    expect(await recover(here)).toBeInstanceOf(MachineError);
  });

  test('not by a user whose updater is in that folder, if part of it belongs to a third one', async () => {
    const disk = interrupted();
    disk.own(TARGET, OTHER);
    const here = on(disk, { program: `${INSTALL_DIR}/dgmo-updater` });
    expect(await recover(here)).toMatchObject({
      message: expect.stringContaining(`${TARGET} belongs to user ${OTHER}`),
    });
  });

  test('not by root, who is told what to type', async () => {
    const disk = interrupted();
    own(disk, OTHER);
    const here = on(disk, { user: ROOT });
    const found = await recover(here);
    expect(found).toBeInstanceOf(MachineError);
    expect(found).toMatchObject({
      message: `${INSTALL_DIR} belongs to user ${OTHER}, and root does not work in the files of another user; nothing was changed`,
      advice:
        `Run it as that user: \`sudo -u '#${OTHER}' -H /usr/bin/dgmo-updater\` with the same arguments. ` +
        `If the install is to be root's: \`sudo chown -R 0 ${INSTALL_DIR}\`.`,
    });
    expect(here.trials).toEqual([]);
  });

  test('nor by root in a container, where the owner does not exist', async () => {
    const disk = interrupted();
    own(disk, 65_534);
    expect(await recover(on(disk, { user: ROOT }))).toMatchObject({
      advice: expect.stringContaining('Its owner does not exist here'),
    });
  });

  test('nor is DGMO of another user started because an update failed', async () => {
    const disk = interrupted();
    own(disk, OTHER);
    const { install } = on(disk);
    const apply = () => new UpdateManager(install).applyPackage(['/nowhere.dgmopkg'], { waitFor: 4711 });
    expect(await failure(apply)).toBeInstanceOf(MachineError);
    expect(install.host.started).toEqual([]);
  });

  test('but by a user whose updater is in that folder: its owner chose what they run', async () => {
    const disk = interrupted();
    disk.own(INSTALL_DIR, OTHER);
    expect(await recover(on(disk))).toBeInstanceOf(MachineError);
    expect(await recover(on(disk, { program: `${INSTALL_DIR}/dgmo-updater` }))).toBeNull();
  });

  test('an executable of another user in root’s folder is not root’s', async () => {
    const disk = interrupted();
    own(disk, ROOT);
    disk.own(TARGET, OTHER);
    expect(await recover(on(disk, { user: ROOT }))).toMatchObject({
      message: expect.stringContaining(`${TARGET} belongs to user ${OTHER}`),
      advice: `If it is to be yours: \`sudo chown 0 ${TARGET}\`.`,
    });
  });

  test.each(['', '/journal', '/installed.json'])(
    'what sudo has left at %p is named, with the command',
    async (name) => {
      const disk = interrupted();
      disk.own(`${WORK}${name}`, ROOT);
      const found = await recover(on(disk));
      if (name === '/installed.json') expect(found).toBeNull();
      else
        expect(found).toMatchObject({
          exitCode: 12,
          advice: expect.stringContaining(`sudo chown -R ${USER} ${WORK}`),
        });
    },
  );
});

describe('names from a receipt or a journal do not lead out of the folder', () => {
  test.each(['../../etc/passwd', '..', 'a/b', 'a\\b', '/etc/passwd', 'C:x', '', 'a\0'])(
    'app %p',
    async (app) => {
      const disk = installedDisk('linux', OLD);
      disk.place(`${WORK}/installed.json`, encodeReceipt({ ...receiptOf(OLD, null), app }), 0o600);
      const { install } = on(disk);
      const found = await new Installation(install).status();
      expect([found.executable, found.receipt]).toEqual([TARGET, null]);
      expect(found.receiptProblem).toContain('app: wanted');
    },
  );

  test.each(['../x', '..', 'a/b', 'a\\b', '', 'A', 'a.b', 'a\0', 'x'.repeat(65)])('id %p', (id) => {
    const begin = {
      type: 'begin' as const,
      id,
      at: 1,
      kind: 'update' as const,
      from: binaryOf(OLD),
      to: binaryOf(NEW),
    };
    const line = encodeEntry({ ...begin, receipt: receiptOf(NEW, OLD) });
    expect(() => decodeJournal(new TextEncoder().encode(line), 'journal')).toThrow(DamagedError);
  });

  test.each(['home', '../home', '', 'C:home'])('home %p', (home) => {
    const folders = { home, before: '20261125-184200-0011', changes: [] };
    const begin = {
      type: 'begin' as const,
      id: 'a',
      at: 1,
      kind: 'update' as const,
      from: binaryOf(OLD),
      to: binaryOf(NEW),
    };
    const line = encodeEntry({ ...begin, receipt: receiptOf(NEW, OLD), folders });
    expect(() => decodeJournal(new TextEncoder().encode(line), 'journal')).toThrow(DamagedError);
  });
});
