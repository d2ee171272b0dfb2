/** What keeps an executable from being replaced: a scanner on Windows, a mount or an attribute on POSIX. */
import { expect, test } from 'bun:test';
import { openSession } from '../../../lib/install/open.ts';
import { replaceTarget } from '../../../lib/install/transaction/replace.ts';
import { systemError } from '../../host/disk.ts';
import { simulatedHost } from '../../host/host.ts';
import { executable, INSTALL_DIR, installedDisk, targetPath, versionOf } from '../../host/install.ts';

const OLD = executable('1.0.0');
const NEW = executable('2.0.0');
const TARGET = targetPath('win32');
const WORK = `${INSTALL_DIR}/.dgmo-updater`;
const SECOND = 1000;

/** @param scanner called after each rename that succeeded; true: it holds the file for a second */
function machine(from: string, running: string, scanner: (from: string, to: string) => boolean) {
  const disk = installedDisk('win32', running === 'old' ? OLD : NEW);
  disk.place(from, running === 'old' ? NEW.bytes : OLD.bytes);
  const host = simulatedHost({ disk, platform: 'win32', versionOf, running: [TARGET] });
  const held = new Map<number, number>();
  const rename = (source: string, to: string) => {
    const inode = disk.inodeOf(source.replaceAll('\\', '/'));
    if (inode !== undefined && host.clock.monotonic() < (held.get(inode) ?? 0))
      throw systemError('EBUSY', 'rename', source);
    host.disk.rename(source, to);
    if (inode !== undefined && scanner(source.replaceAll('\\', '/'), to.replaceAll('\\', '/'))) {
      held.set(inode, host.clock.monotonic() + SECOND);
    }
  };
  const session = openSession(
    { ...host, disk: { ...host.disk, rename } },
    { installDir: INSTALL_DIR, app: 'dgmo' },
  );
  return { disk, session, held };
}

const installedVersion = (disk: ReturnType<typeof machine>['disk']) =>
  versionOf(disk.contentOf(TARGET) ?? new Uint8Array(0));

test('if the prepared file is held while it is tested, it gets its name back, and is placed later', async () => {
  const from = `${WORK}/staged-1.exe`;
  let once = false;
  const { disk, session } = machine(from, 'old', (_, to) => {
    if (once || !to.endsWith('.free')) return false;
    once = true;
    return true;
  });
  await replaceTarget(session, {
    from,
    away: (n) => `${WORK}/away-1-${n}.exe`,
    checkFree: true,
    announceGap: () => undefined,
  });
  expect(once).toBe(true);
  expect(installedVersion(disk)).toBe('2.0.0');
});

test('if both the kept file and the one that was moved away are held, the gap closes when one is released', async () => {
  const from = `${WORK}/kept-1.exe`;
  let once = false;
  const { disk, session, held } = machine(from, 'new', (source) => {
    if (once || source !== TARGET) return false;
    once = true;
    return true;
  });
  held.set(disk.inodeOf(from) ?? -1, SECOND);
  let announced = 0;
  await replaceTarget(session, {
    from,
    away: (n) => `${WORK}/away-1-${n}.exe`,
    checkFree: false,
    announceGap: () => {
      announced++;
    },
  });
  expect({ once, announced, version: installedVersion(disk) }).toEqual({
    once: true,
    announced: 1,
    version: '1.0.0',
  });
});

test.each([
  ['EBUSY', 'it is a mount point', 'mount its folder'],
  ['EPERM', 'operation not permitted', 'chattr -i'],
  ['ETXTBSY', 'it is being written', 'End the program'],
])('%s of an executable on POSIX is told with what helps', async (code, reason, advice) => {
  const disk = installedDisk('linux', OLD);
  const host = simulatedHost({ disk, versionOf });
  const refuse = () => {
    throw systemError(code, 'rename', '/staged');
  };
  const session = openSession(
    { ...host, disk: { ...host.disk, rename: refuse } },
    { installDir: INSTALL_DIR, app: 'dgmo' },
  );
  const replacement = { from: '/staged', away: () => '/away', checkFree: true, announceGap: () => undefined };
  const error = await replaceTarget(session, replacement).catch((thrown) => thrown);
  expect(error).toMatchObject({
    exitCode: 12,
    message: expect.stringContaining(`${targetPath('linux')} could not be replaced: ${reason}`),
    advice: expect.stringContaining(advice),
  });
});
