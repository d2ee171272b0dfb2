/** The rules of the house, held by a test: who may import whom, who may touch the machine, what is committed. */
import { describe, expect, test } from 'bun:test';
import { Glob } from 'bun';
import {
  crowdedFolders,
  cycles,
  strayEffects,
  uiShortcuts,
  unknownRooms,
  unusedExports,
  upwardImports,
} from './support/house-rules.ts';
import { type SourceFile, sourceFile } from './support/source-file.ts';

const root = `${import.meta.dir}/..`;

async function sources(pattern: string): Promise<SourceFile[]> {
  const paths = [...new Glob(pattern).scanSync({ cwd: root })].filter((path) => !path.includes('/assembly/'));
  return await Promise.all(
    paths.sort().map(async (path) => sourceFile(path, await Bun.file(`${root}/${path}`).text())),
  );
}

const lib = await sources('lib/**/*.ts');
const release = await sources('release/**/*.ts');
const all = [...lib, ...release];
const patterns = ['{lib,release,test}/**/*.{ts,mjs}', 'updater.ts'];
const everything = (await Promise.all(patterns.map(sources))).flat();

describe('rooms', () => {
  test('there is something to check', () => {
    expect(lib.length).toBeGreaterThan(200);
    expect(release.length).toBeGreaterThan(80);
    expect(all.flatMap(({ imports }) => imports).length).toBeGreaterThan(1500);
  });

  test('each is in the list', () => {
    expect(unknownRooms(all)).toEqual([]);
  });

  test('each imports only the rooms before it and its own files, and lib nothing of release or test', () => {
    expect(upwardImports(all)).toEqual([]);
  });

  test('no file imports itself by way of others, not even for types', () => {
    expect(cycles(all)).toEqual([]);
  });

  test('no folder has more files than a reader takes in', () => {
    const scripts = [...new Glob('release/**/*.mjs').scanSync({ cwd: root })];
    const paths = [...all.map(({ path }) => path), ...scripts];
    expect(crowdedFolders(paths)).toEqual([]);
  });

  test('ui/ imports nothing of lib but api/ and errors.ts', () => {
    expect(uiShortcuts(lib)).toEqual([]);
  });

  test('no name is exported that nobody imports', () => {
    expect(unusedExports(everything)).toEqual([]);
  });

  test('only platform/ touches files, processes, sockets, clocks, timers and randomness', () => {
    expect(strayEffects(all)).toEqual([]);
  });
});

/** Sources that break a rule, and whether it sees that. */
describe('a rule sees', () => {
  const one = (path: string, text: string) => [sourceFile(path, text)];
  const ring = (first: string, second: string) => [
    sourceFile('release/work/a.ts', first),
    sourceFile('release/work/b.ts', second),
  ];

  const broken: [what: string, found: string[]][] = [
    ['a new room', unknownRooms(one('lib/cellar/a.ts', ''))],
    ['a file without a room', unknownRooms(one('lib/helpers.ts', ''))],
    ['a new file at the top of release/', unknownRooms(one('release/helpers.ts', ''))],
    ['an import upwards', upwardImports(one('lib/format/a.ts', "import { b } from '../ui/b.ts';"))],
    ['one of a type', upwardImports(one('lib/format/a.ts', "import type { B } from '../ui/b.ts';"))],
    [
      'one over several lines',
      upwardImports(one('lib/format/a.ts', "import {\n  a,\n  type B,\n} from '../ui/b.ts';")),
    ],
    ['one for its effect', upwardImports(one('lib/format/a.ts', "import '../ui/b.ts';"))],
    ['one at run time', upwardImports(one('lib/format/a.ts', "const b = await import('../ui/b.ts');"))],
    ['one when it is needed', upwardImports(one('lib/format/a.ts', "const b = require('../ui/b.ts');"))],
    ['one in a type', upwardImports(one('lib/format/a.ts', "let b: typeof import('../ui/b.ts');"))],
    ['a re-export upwards', upwardImports(one('lib/format/a.ts', "export { b } from '../ui/b.ts';"))],
    ['a barrel upwards', upwardImports(one('lib/format/a.ts', "export * from '../ui/b.ts';"))],
    ['one upwards in release/', upwardImports(one('release/keys/a.ts', "export * from '../work/b.ts';"))],
    ['one of a command', upwardImports(one('release/files.ts', "import './commands/add.ts';"))],
    ['lib that imports release/', upwardImports(one('lib/ui/a.ts', "import '../../release/files.ts';"))],
    ['lib that imports test/', upwardImports(one('lib/ui/a.ts', "import '../../test/a.ts';"))],
    ['a room that imports the public API', upwardImports(one('lib/ui/a.ts', "import '../index.ts';"))],
    ['ui/ beside api/', uiShortcuts(one('lib/ui/a.ts', "import type { A } from '../home/a.ts';"))],
    ['a cycle', cycles(ring("import { b } from './b.ts';", "import { a } from './a.ts';"))],
    ['a cycle by types', cycles(ring("import type { B } from './b.ts';", "export * from './a.ts';"))],
    ['a name that nobody imports', unusedExports(ring("import { b } from './b.ts';", 'export const c = 1;'))],
    ['one of a list', unusedExports(ring("import { b } from './b.ts';", 'export { b, c as d };'))],
    ['a crowded folder', crowdedFolders(Array.from({ length: 17 }, (_, index) => `lib/ui/${index}.ts`))],
    ['an effect', strayEffects(one('lib/ui/a.ts', "import fs from 'node:fs';"))],
    ['an effect in release/', strayEffects(one('release/keys/a.ts', "import fs from 'node:fs/promises';"))],
    ['a database', strayEffects(one('lib/ui/a.ts', "import { Database } from 'bun:sqlite';"))],
    ['a clock', strayEffects(one('release/keys/a.ts', 'const now = Date.now();'))],
    ['a clock that is handed on', strayEffects(one('release/keys/a.ts', 'const now = Date.now;'))],
    ['a clock inside of a template', strayEffects(one('lib/ui/a.ts', `const a = \`at \${Date.now()}\`;`))],
    ['a timer', strayEffects(one('release/keys/a.ts', 'setTimeout(() => undefined, 1);'))],
    ['dice', strayEffects(one('release/keys/a.ts', 'const a = 1 / Math.random() / 2;'))],
    ['the environment', strayEffects(one('release/keys/a.ts', 'const { a } = process.env;'))],
    ['a program', strayEffects(one('release/keys/a.ts', 'Bun.spawnSync(["ls"]);'))],
    ['the network', strayEffects(one('release/keys/a.ts', "await fetch('http://localhost/');"))],
    ['results that are printed as they are', strayEffects(one('release/a.ts', "process.stdout.write('a');"))],
    ['messages that are', strayEffects(one('lib/ui/a.ts', "process.stderr.write('a');"))],
  ];
  for (const [what, found] of broken) {
    test(what, () => {
      expect(found).toHaveLength(1);
    });
  }

  const sound: [what: string, found: string[]][] = [
    ['the room itself', upwardImports(one('lib/ui/a.ts', "import { b } from './b.ts';"))],
    ['a room before it', upwardImports(one('release/work/a.ts', "import '../keys/b.ts';"))],
    ['lib for release/', upwardImports(one('release/platform/a.ts', "import '../../lib/ui/b.ts';"))],
    ['errors.ts', upwardImports(one('lib/format/a.ts', "import '../errors.ts';"))],
    ['a name that is imported', unusedExports(ring("import { b } from './b.ts';", 'export function b() {}'))],
    ['a type that nobody imports', unusedExports(one('lib/ui/a.ts', 'export interface A {}'))],
    ['the public API', unusedExports(one('lib/index.ts', "export { a } from './a.ts';"))],
    ['an effect in a string', strayEffects(one('lib/ui/a.ts', "const a = 'Date.now() of process.env';"))],
    ['one in a comment', strayEffects(one('lib/ui/a.ts', '/* Date.now() */ // process.env\n'))],
    ['one in a regular expression', strayEffects(one('lib/ui/a.ts', "const a = /'fetch(process.env/;"))],
    ['one in a template', strayEffects(one('lib/ui/a.ts', `const a = \`\${b} fetch(process.env\`;`))],
    ['a method of that name', strayEffects(one('lib/ui/a.ts', 'this.network.fetch(address);'))],
    ['an import in a comment', upwardImports(one('lib/format/a.ts', "// import { b } from '../ui/b.ts';\n"))],
    ['standard error for a question', strayEffects(one('lib/ui/a.ts', 'ask({ output: process.stderr });'))],
    ['what platform/ is for', strayEffects(one('release/platform/a.ts', "import 'node:fs';"))],
  ];
  for (const [what, found] of sound) {
    test(`nothing wrong with ${what}`, () => {
      expect(found).toEqual([]);
    });
  }
});

describe('what is committed', () => {
  const tracked = Bun.spawnSync(['git', 'ls-files', '-z'], { cwd: root })
    .stdout.toString()
    .split('\0')
    .filter(Boolean);

  test('the lock file bears no registry address', async () => {
    const lock = await Bun.file(`${root}/package-lock.json`).text();
    expect(lock.includes('"resolved"')).toBe(false);
  });

  test('at the top, nothing but what belongs there', () => {
    expect(tracked.filter((path) => !path.includes('/')).sort()).toEqual([
      '.editorconfig',
      '.gitignore',
      '.npmrc',
      'CHANGELOG.md',
      'LICENSE',
      'README.md',
      'biome.json',
      'bunfig.toml',
      'package-lock.json',
      'package.json',
      'tsconfig.json',
      'updater.ts',
    ]);
  });

  test('no binary', async () => {
    const binaries: string[] = [];
    for (const path of tracked) {
      const file = Bun.file(`${root}/${path}`);
      if (!(await file.exists()) || path.startsWith('test/vectors/')) continue;
      if (new Uint8Array(await file.slice(0, 8192).arrayBuffer()).includes(0)) binaries.push(path);
    }
    expect(binaries).toEqual([]);
  });

  // What takes seconds here takes minutes beside other work. Who hangs is ended by the limit of all tests.
  test('no test with a time limit of its own of less than ten minutes', async () => {
    const short: string[] = [];
    for (const path of tracked.filter((name) => name.endsWith('.ts') && name.startsWith('test/'))) {
      const file = Bun.file(`${root}/${path}`);
      const text = (await file.exists()) ? await file.text() : '';
      for (const [line, limit] of text.matchAll(/^ *\}, (\d+_?\d{3})\);$/gm))
        if (Number(limit?.replaceAll('_', '')) < 600_000) short.push(`${path}: ${line.trim()}`);
    }
    expect(short).toEqual([]);
  });

  test('nothing large', async () => {
    const sizes = await Promise.all(
      tracked.map(async (path) => [path, Bun.file(`${root}/${path}`).size] as const),
    );
    expect(sizes.filter(([, size]) => size > 512 * 1024)).toEqual([]);
  });
});
