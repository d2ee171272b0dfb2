/**
 * Somebody who may write in a data folder replaces one of its folders by a symlink while a rollback restores it: before each
 * call of the restore once. Whatever comes of the restore, nothing is written, changed or removed where the symlink leads.
 */
import { expect, test } from 'bun:test';
import fs from 'node:fs';
import { join } from 'node:path';
import type { Disk } from '../../../lib/platform/disk.ts';
import { carryOut, flushFolders, planRestore, prepare } from '../../../lib/snapshot/index.ts';
import { openWorkshop, picture } from '../workshop.ts';

/** Calls `before` at each call of the disk that names a path. */
function watched(disk: Disk, before: () => void): Disk {
  return new Proxy(disk, {
    get(target, name, receiver) {
      const effect: unknown = Reflect.get(target, name, receiver);
      if (typeof effect !== 'function') return effect;
      return (...args: unknown[]) => {
        if (typeof args[0] === 'string') before();
        return effect.apply(target, args);
      };
    },
  });
}

const FOLDERS = ['a', 'a/deep', 'gone', '.dgmo-restore'] as const;

/** @param at the call before which the folder is replaced; the number of calls is returned */
async function restoreWith(folder: (typeof FOLDERS)[number], at: number): Promise<number> {
  let armed = false;
  let calls = 0;
  let swap: () => void = () => undefined;
  const workshop = openWorkshop({
    disk: (disk) =>
      watched(disk, () => {
        if (armed && calls++ === at) swap();
      }),
  });
  try {
    const root = workshop.root('data');
    const outside = join(workshop.home, 'outside');
    for (const name of ['a/deep', 'gone']) fs.mkdirSync(join(root, name), { recursive: true });
    for (const name of ['a/one', 'a/two', 'a/deep/three', 'gone/four'])
      fs.writeFileSync(join(root, name), `then ${name}`);
    const snapshot = await workshop.take();
    fs.writeFileSync(join(root, 'a/one'), 'changed');
    fs.writeFileSync(join(root, 'a/deep/three'), 'changed');
    fs.writeFileSync(join(root, 'a/added'), 'new');
    fs.mkdirSync(join(root, 'a/deep/more'));
    fs.chmodSync(join(root, 'a/two'), 0o600);
    fs.rmSync(join(root, 'gone'), { recursive: true });
    // What the restore would touch, if it followed the link.
    for (const name of ['deep/more', 'more']) fs.mkdirSync(join(outside, name), { recursive: true });
    for (const name of ['one', 'two', 'added', 'three', 'four', 'deep/three', '0', '1', '2', '3'])
      fs.writeFileSync(join(outside, name), 'outside', { mode: 0o640 });
    const there = picture(outside);
    swap = () => {
      const [found] = folder.startsWith('.')
        ? fs.readdirSync(root).filter((name) => name.startsWith(folder))
        : [folder];
      if (found === undefined) return;
      const place = join(root, found);
      if (!fs.existsSync(join(place, '..'))) return;
      if (fs.existsSync(place)) fs.renameSync(place, join(workshop.home, 'before'));
      fs.symlinkSync(outside, place);
    };
    const request = workshop.request(snapshot);
    // Looking is tried in symlinks.test.ts.
    const plan = planRestore(request);
    armed = true;
    try {
      await prepare(request, plan);
      carryOut(request, plan);
      flushFolders(request);
    } catch (error) {
      // It may be refused, or fail.
      if (!(error instanceof Error)) throw error;
      expect(error.message).not.toContain('/proc/self');
    }
    armed = false;
    expect([folder, at, picture(outside)]).toEqual([folder, at, there]);
    return calls;
  } finally {
    workshop.remove();
  }
}

test.skipIf(process.platform === 'win32')(
  'a folder that becomes a symlink before any call of a restore leads nowhere',
  async () => {
    let tried = 0;
    for (const folder of FOLDERS) {
      // Every place for one of them, every third for the others, to save time.
      for (let at = 0; ; at += folder === 'a' ? 1 : 3) {
        const calls = await restoreWith(folder, at);
        tried++;
        if (at >= calls) break;
      }
    }
    console.log(`${tried} places`);
    expect(tried).toBeGreaterThan(150);
  },
);
