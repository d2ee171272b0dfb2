/** The package that `npm pack` makes, in an empty project: what is in it, its types, and what a build may not let through. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import * as api from '../../lib/index.ts';
import { run } from '../support/workshop.ts';
import { openProject, type Project } from './project.ts';

const TOP = path.resolve(import.meta.dir, '../..');

let project: Project;
beforeAll(async () => {
  project = await openProject();
});
afterAll(() => project?.[Symbol.dispose]());

/** Uses what is offered as strict projects do: named types, optional properties left out, arguments of callbacks inferred. */
const CONSUMER = `
  import {
    SnapshotManager, UpdateManager, UpdaterError,
    type Preferences, type RestartCommand, type Snapshot, type UpdateInfo, type UpdateManagerOptions,
  } from 'dgmo-updater';

  const options: UpdateManagerOptions = { home: '/home/someone/.dgmo', onEvent: ({ event }) => event.length };
  export async function look(): Promise<UpdateInfo | null> {
    try {
      return await new UpdateManager(options).checkForUpdates({ channel: 'stable' });
    } catch (error) {
      if (error instanceof UpdaterError) return error.exitCode === 13 ? null : Promise.reject(error.advice);
      throw error;
    }
  }
  export const first = async (): Promise<Snapshot | Error | undefined> =>
    (await new SnapshotManager().listSnapshots())[0]?.found;
  export const channel = ({ channel }: Preferences): string => channel;
  export const command = ({ file, args }: RestartCommand): string[] => [file, ...args];
`;

describe('the types', () => {
  test('pass in a project that has no other types', async () => {
    project.write('consumer.ts', CONSUMER);
    expect(await project.typeCheck(['consumer.ts'])).toEqual({ code: 0, messages: '' });
  });

  test('pass beside the types of Bun, and with a bundler', async () => {
    project.write('consumer.ts', CONSUMER);
    const bun = { types: ['bun-types'], lib: ['ESNext'], module: 'Preserve', moduleResolution: 'bundler' };
    expect(await project.typeCheck(['consumer.ts'], bun)).toEqual({ code: 0, messages: '' });
  });

  test('are held to: what is not offered does not pass', async () => {
    project.write('wrong.ts', "import { nativeHost } from 'dgmo-updater'; nativeHost();");
    expect((await project.typeCheck(['wrong.ts'])).messages).toContain("no exported member 'nativeHost'");
    project.write(
      'deep.ts',
      "import { nativeHost } from 'dgmo-updater/dist/lib/platform/native.js'; nativeHost();",
    );
    expect((await project.typeCheck(['deep.ts'])).messages).toContain('Cannot find module');
  });

  test('name everything that they refer to: a type that is not exported fails the build', async () => {
    const copy = fs.mkdtempSync(path.join(os.tmpdir(), 'dgmo-library-'));
    try {
      for (const name of ['lib', 'release/library', 'package.json', 'tsconfig.json']) {
        fs.cpSync(path.join(TOP, name), path.join(copy, name), { recursive: true });
      }
      fs.symlinkSync(path.join(TOP, 'node_modules'), path.join(copy, 'node_modules'), 'junction');
      const index = path.join(copy, 'lib/index.ts');
      fs.writeFileSync(index, fs.readFileSync(index, 'utf8').replace(/^ {2}UpdateInfo,\n/m, ''));
      const { code, stderr } = await run('node', [path.join(copy, 'release/library/build.mjs')]);
      expect(stderr).toContain(
        'UpdateManager refers to the type UpdateInfo, which lib/index.ts does not export',
      );
      expect(code).toBe(1);
      expect(fs.readdirSync(path.join(copy, 'dist'))).toEqual([]);
    } finally {
      fs.rmSync(copy, { recursive: true, force: true });
    }
  });
});

describe('the package', () => {
  test('holds the library, and nothing of what it is made from', () => {
    const files = fs.readdirSync(project.library, { recursive: true, withFileTypes: true });
    const names = files
      .filter((entry) => entry.isFile())
      .map((entry) => path.relative(project.library, path.join(entry.parentPath, entry.name)));
    const rest = names.filter((name) => !/^dist\/lib\/.*\.js$/.test(name.replaceAll(path.sep, '/')));
    expect(rest.map((name) => name.replaceAll(path.sep, '/')).sort()).toEqual([
      'LICENSE',
      'README.md',
      'dist/lib/delta/deflate.wasm',
      'dist/lib/delta/delta.wasm',
      'dist/lib/delta/mixing.wasm',
      'dist/lib/index.d.ts',
      'dist/package.json',
      'package.json',
    ]);
  });

  test('offers what lib/index.ts offers', async () => {
    const program = project.write(
      'names.ts',
      "import * as api from 'dgmo-updater'; console.log(JSON.stringify(Object.keys(api).sort()));",
    );
    const { stdout, stderr } = await run(process.execPath, [program], { cwd: project.folder });
    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toEqual(Object.keys(api).sort());
  });
});
