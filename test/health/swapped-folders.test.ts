/**
 * Somebody who may write in a folder of plugins replaces one of its folders by a symlink while a repair writes there: before each
 * call once. Nothing is written or changed where the symlink leads.
 */
import { expect, test } from 'bun:test';
import fs from 'node:fs';
import os from 'node:os';
import { join } from 'node:path';
import { placeFile } from '../../lib/health/repair/place-file.ts';
import { openSession } from '../../lib/install/index.ts';
import type { Disk } from '../../lib/platform/disk.ts';
import { nativeHost } from '../../lib/platform/native.ts';

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

/** @param at the call before which the folder is replaced; the number of calls is returned */
function placeWith(swapped: string, at: number): number {
  const home = fs.mkdtempSync(join(fs.realpathSync(os.tmpdir()), 'dgmo swapped '));
  try {
    const plugins = join(home, 'plugins');
    const outside = join(home, 'outside');
    for (const folder of [join(plugins, 'a'), join(outside, 'b')]) fs.mkdirSync(folder, { recursive: true });
    for (const name of ['x.js', 'b/x.js', 'y.js']) fs.writeFileSync(join(outside, name), 'outside');
    fs.writeFileSync(join(plugins, 'a', 'y.js'), 'damaged');
    let calls = 0;
    let armed = false;
    const native = nativeHost();
    const disk = watched(native.disk, () => {
      if (!armed || calls++ !== at) return;
      const place = join(plugins, swapped);
      if (fs.existsSync(place)) fs.renameSync(place, join(home, 'before'));
      if (fs.existsSync(join(place, '..'))) fs.symlinkSync(outside, place);
    });
    const session = openSession(
      { ...native, disk },
      { installDir: home, app: 'dgmo', home: { folder: home } },
    );
    const setup = session.snapshots ?? expect.unreachable();
    armed = true;
    for (const name of ['a/y.js', 'a/b/x.js']) {
      try {
        const file = { bytes: new TextEncoder().encode('good'), mode: 0o600, keepsOther: true };
        placeFile(session, setup, join(plugins, name), file);
      } catch (error) {
        // It may be refused, or fail.
        if (!(error instanceof Error)) throw error;
        expect(error.message).not.toContain('/proc/self');
      }
    }
    armed = false;
    const found = ['x.js', 'b/x.js', 'y.js'].map((name) => fs.readFileSync(join(outside, name), 'utf8'));
    expect([swapped, at, found]).toEqual([swapped, at, ['outside', 'outside', 'outside']]);
    expect(fs.readdirSync(outside).toSorted()).toEqual(['b', 'x.js', 'y.js']);
    expect(fs.readdirSync(join(outside, 'b'))).toEqual(['x.js']);
    return calls;
  } finally {
    fs.rmSync(home, { recursive: true });
  }
}

test.skipIf(process.platform === 'win32')(
  'a folder that becomes a symlink before any call of a repair leads nowhere',
  () => {
    let tried = 0;
    for (const folder of ['a', 'a/b'])
      for (let at = 0; ; at++) {
        tried++;
        if (at >= placeWith(folder, at)) break;
      }
    expect(tried).toBeGreaterThan(30);
  },
);
