/** A program that uses the packed library as README says, compiled and minified: it updates itself and starts again. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import fs from 'node:fs';
import path from 'node:path';
import * as api from '../../lib/index.ts';
import { run } from '../support/workshop.ts';
import { openStage, type Stage } from '../update/stage.ts';
import { openProject, type Project } from './project.ts';

const README = fs.readFileSync(path.resolve(import.meta.dir, '../../README.md'), 'utf8');

/** The lines of README that begin with the import of the library. */
function readmeLines(): string {
  const blocks = [...README.matchAll(/^```ts\n(.*?)^```$/gms)].map((match) => match[1] ?? '');
  const found = blocks.find((block) => block.startsWith("import { UpdateManager } from 'dgmo-updater';"));
  if (found === undefined) throw new Error('README.md shows no use of the library');
  return found;
}

const PROGRAM = `
  declare const VERSION: string;
  const commands: Record<string, () => unknown> = {
    '--version': () => console.log(VERSION),
    '--errors': () => import('./errors.ts'),
    '--patch': () => import('./patch.ts'),
    '--full-screen': () => import('./full-screen.ts'),
    '--session': () => import('./session.ts'),
  };
  const command = commands[process.argv[2] ?? ''];
  if (command !== undefined) await command();
  else {
    console.log(VERSION, process.pid);
    await import('./readme.ts');
  }
`;

/** Prints the name of each error class, and the name that its errors have. */
const ERRORS = `
  import * as api from 'dgmo-updater';
  const classes = Object.entries(api).filter(([, value]) => value.prototype instanceof api.UpdaterError);
  console.log(JSON.stringify(classes.map(([name, Class]) => [name, new (Class as new (message: string, options: object) => Error)('', {}).name])));
`;

/** Makes a patch, with the WebAssembly that the package brings, and prints its size. */
const PATCH = `
  import { generatePatch } from './node_modules/dgmo-updater/dist/lib/delta/index.js';
  const old = Uint8Array.from({ length: 200_000 }, (_, index) => (index * index) >> 7);
  const changed = old.with(100_000, old[100_000] ^ 1);
  const patch = await generatePatch({ old, new: changed, fromVersion: '1.0.0', toVersion: '2.0.0' });
  console.log(patch.length);
`;

/** Takes the keys of its terminal, as a full-screen program does, and goes on as what is installed. */
const FULL_SCREEN = `
  import { UpdateManager } from 'dgmo-updater';
  process.stdin.setRawMode(true);
  process.stdin.resume();
  process.on('SIGTERM', () => {});
  console.log('raw ' + process.pid);
  await new UpdateManager().restartNow(['--session', 'a b']);
  console.log('not reached');
`;

/** What it finds of its terminal, its arguments and its environment. */
const SESSION = `
  const { stdout } = Bun.spawnSync(['stty', '-g'], { stdin: 'inherit' });
  const { BUN_OPTIONS = 'none' } = process.env;
  console.log(['found', process.pid, stdout.toString().trim(), process.argv.slice(2).join('+'), process.cwd(), BUN_OPTIONS].join(' '));
  process.exitCode = 42;
`;

describe('a program with the packed library', () => {
  let project: Project;
  let stage: Stage;

  beforeAll(async () => {
    project = await openProject();
    for (const [name, text] of Object.entries({
      program: PROGRAM,
      readme: readmeLines(),
      errors: ERRORS,
      patch: PATCH,
      'full-screen': FULL_SCREEN,
      session: SESSION,
    }))
      project.write(`${name}.ts`, text);
    const programs = new Map<string, Uint8Array>();
    for (const version of ['1.0.0', '2.0.0']) programs.set(version, await compile(version));
    stage = await openStage((version) => programs.get(version) ?? new Uint8Array());
    await stage.release('2.0.0');
  });

  afterAll(async () => {
    await stage?.[Symbol.asyncDispose]();
    project?.[Symbol.dispose]();
  });

  async function compile(version: string): Promise<Uint8Array> {
    const file = path.join(project.folder, `dgmo-${version}`);
    const define = `--define=VERSION=${JSON.stringify(version)}`;
    const args = ['build', '--compile', '--minify', define, `--outfile=${file}`, 'program.ts'];
    const { code, stderr } = await run(process.execPath, args, { cwd: project.folder });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    return fs.readFileSync(file);
  }

  const dgmo = (...args: string[]) =>
    run(stage.dgmo, args, { cwd: stage.folder, env: { DGMO_HOME: stage.home } });

  test("README's lines pass the types", async () => {
    project.write('uses.ts', readmeLines());
    const bun = { types: ['bun-types'], lib: ['ESNext'] };
    expect(await project.typeCheck(['uses.ts'], bun)).toEqual({ code: 0, messages: '' });
  });

  test('its errors keep their names', async () => {
    const { stdout, stderr } = await dgmo('--errors');
    expect(stderr).toBe('');
    const names = JSON.parse(stdout) as [string, string][];
    expect(names.length).toBe(
      Object.values(api).filter((value) => value.prototype instanceof api.UpdaterError).length,
    );
    for (const [exported, own] of names) expect(own).toBe(exported);
  });

  test('it can make patches', async () => {
    const { stdout, stderr } = await dgmo('--patch');
    expect(stderr).toBe('');
    expect(Number(stdout)).toBeGreaterThan(0);
    expect(Number(stdout)).toBeLessThan(2000);
  });

  test.skipIf(process.platform === 'win32')(
    'in a terminal it goes on as the same process, which is as it was',
    async () => {
      let said = '';
      const folder = fs.realpathSync(stage.folder);
      const script = 'stty -g; "$0" --full-screen; echo "ended $? $(stty -g)"';
      const shell = Bun.spawn(['sh', '-c', script, stage.dgmo], {
        cwd: folder,
        env: { ...process.env, DGMO_HOME: stage.home, BUN_OPTIONS: '--smol' },
        terminal: {
          cols: 200,
          rows: 20,
          data: (_, bytes) => {
            said += new TextDecoder().decode(bytes);
          },
        },
      });
      await shell.exited;
      const [cooked, raw, found, ended] = said.trim().split(/\r\n|\n/);
      const pid = raw?.replace('raw ', '');
      expect(found).toBe(`found ${pid} ${cooked} --session+a b ${folder} none`);
      expect(ended).toBe(`ended 42 ${cooked}`);
    },
  );

  // Last, because it changes what is installed.
  test.skipIf(process.platform === 'win32')('it checks, downloads, applies and restarts itself', async () => {
    const ran = await dgmo();
    expect({ code: ran.code, stderr: ran.stderr }).toEqual({
      code: 0,
      stderr: expect.stringMatching(/^committed$/m),
    });
    const starts = ran.stdout
      .trim()
      .split('\n')
      .map((line) => line.split(' '));
    // It became the new version: the same process, which found nothing newer.
    expect(starts.map(([version]) => version)).toEqual(['1.0.0', '2.0.0']);
    expect(starts[0]?.[1]).toBe(starts[1]?.[1] ?? '');
    expect(stage.version()).toBe('2.0.0');
    const fetched = stage.asked.filter(({ path: name }) => name.endsWith('.dgmopkg'));
    expect(fetched).toHaveLength(1);
    const bytes = fs.statSync(path.join(stage.feed.folder, fetched[0]?.path ?? '')).size;
    expect(bytes).toBeLessThan(fs.statSync(stage.dgmo).size / 100);
  });
});
