/** The house's own rules, held by a test: who may import whom, and who may touch the machine. */
import { describe, expect, test } from 'bun:test';
import { Glob } from 'bun';

/** A room may import the ones before it. */
const ROOMS = [
  'format',
  'platform',
  'version',
  'trust',
  'delta',
  'package',
  'snapshot',
  'home',
  'install',
  'health',
  'update',
  'service',
  'api',
  'ui',
];

/** Only `platform/` touches files, processes, sockets, clocks and randomness. */
const EFFECTS =
  /^(node:)?(fs|fs\/promises|child_process|net|tls|http|https|http2|dgram|dns|os|worker_threads|cluster)$|^bun:(ffi|sqlite)$/;
/** Pure parts of node. */
const PURE = new Set([
  'node:path',
  'node:path/posix',
  'node:util',
  'node:zlib',
  'node:crypto',
  'node:buffer',
  'node:stream',
]);
const EFFECT_CALLS =
  /\b(Date\.now|new Date\(\)|performance\.now|Math\.random|setTimeout|setInterval|process\.(?!stderr\b)|Bun\.(file|write|spawn|spawnSync|sleep|serve|mmap)|randomBytes)\(?|\bfetch\(/;

const root = `${import.meta.dir}/..`;

interface SourceFile {
  path: string;
  room: string | null;
  imports: string[];
  text: string;
}

async function sources(pattern: string): Promise<SourceFile[]> {
  const found: SourceFile[] = [];
  for await (const path of new Glob(pattern).scan({ cwd: root })) {
    if (path.includes('/assembly/')) continue;
    const text = await Bun.file(`${root}/${path}`).text();
    const parts = path.split('/');
    const room = parts[0] === 'lib' && parts.length > 2 ? (parts[1] ?? null) : null;
    found.push({ path, room, text, imports: importsOf(text) });
  }
  return found.sort((a, b) => a.path.localeCompare(b.path));
}

function importsOf(text: string): string[] {
  return [
    ...text.matchAll(
      /^\s*(?:import|export)\b[^'"`;]*?from\s+'([^']+)'|^\s*import\s+'([^']+)'|\b(?:import|require)\('([^']+)'\)/gm,
    ),
  ].map((match) => match[1] ?? match[2] ?? match[3] ?? '');
}

function withoutComments(text: string): string {
  return text.replaceAll(/\/\*[\s\S]*?\*\//g, '').replaceAll(/(^|\s)\/\/.*$/gm, '');
}

/** The room that an import leads to; null for lib's own files and for packages. */
function roomOf(file: SourceFile, specifier: string): string | null {
  const path = new URL(specifier, `file:///${file.path}`).pathname.slice(1);
  const parts = path.split('/');
  return parts[0] === 'lib' && parts.length > 2 ? (parts[1] ?? null) : null;
}

const lib = await sources('lib/**/*.ts');

describe('rooms', () => {
  test('there is something to check', () => {
    expect(lib.length).toBeGreaterThan(30);
    expect(lib.flatMap((file) => file.imports).length).toBeGreaterThan(100);
  });

  test('each is in the list', () => {
    expect(
      lib.filter((file) => file.room !== null && !ROOMS.includes(file.room)).map((file) => file.path),
    ).toEqual([]);
  });

  test('each imports only the rooms above it and its own files', () => {
    const wrong = lib.flatMap((file) =>
      file.imports
        .filter((specifier) => specifier.startsWith('.'))
        .map((specifier) => roomOf(file, specifier))
        .filter(
          (room) => room !== null && file.room !== null && ROOMS.indexOf(room) > ROOMS.indexOf(file.room),
        )
        .map((room) => `${file.path} imports ${room}/`),
    );
    expect(wrong).toEqual([]);
  });

  test('lib imports neither release/ nor test/', () => {
    const wrong = lib.flatMap((file) =>
      file.imports
        .map((specifier) => new URL(specifier, `file:///${file.path}`).pathname)
        .filter((path) => path.startsWith('/release/') || path.startsWith('/test/'))
        .map((path) => `${file.path} imports ${path}`),
    );
    expect(wrong).toEqual([]);
  });

  test('there is no circle of files', () => {
    const byPath = new Map(lib.map((file) => [file.path, file]));
    const done = new Set<string>();
    const circles: string[] = [];
    const visit = (path: string, trail: string[]): void => {
      if (trail.includes(path)) {
        circles.push([...trail.slice(trail.indexOf(path)), path].join(' -> '));
        return;
      }
      if (done.has(path)) return;
      const file = byPath.get(path);
      if (file === undefined) return;
      for (const [specifier, typeOnly] of importsWithKind(file.text)) {
        if (typeOnly || !specifier.startsWith('.')) continue;
        visit(new URL(specifier, `file:///${path}`).pathname.slice(1), [...trail, path]);
      }
      done.add(path);
    };
    for (const { path } of lib) visit(path, []);
    expect(circles).toEqual([]);
  });
});

function importsWithKind(text: string): [string, boolean][] {
  return [...text.matchAll(/^\s*(?:import|export)\s+(type\s)?[^'"`;]*?from\s+'([^']+)'/gm)].map((match) => [
    match[2] ?? '',
    match[1] !== undefined,
  ]);
}

describe('effects', () => {
  const outside = lib.filter((file) => file.room !== 'platform');

  test('only platform/ imports what touches the machine', () => {
    const wrong = outside.flatMap((file) =>
      file.imports
        .filter(
          (specifier) => EFFECTS.test(specifier) || (specifier.startsWith('node:') && !PURE.has(specifier)),
        )
        .map((specifier) => `${file.path} imports ${specifier}`),
    );
    expect(wrong).toEqual([]);
  });

  test('only platform/ calls the clock, the dice, the disk and other programs', () => {
    const wrong = outside.flatMap((file) => {
      const match = EFFECT_CALLS.exec(withoutComments(file.text));
      return match === null ? [] : [`${file.path}: ${match[0]}`];
    });
    expect(wrong).toEqual([]);
  });
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

  test('no binary', async () => {
    const binaries: string[] = [];
    for (const path of tracked) {
      const file = Bun.file(`${root}/${path}`);
      if (!(await file.exists()) || path.startsWith('test/vectors/')) continue;
      if (new Uint8Array(await file.slice(0, 8192).arrayBuffer()).includes(0)) binaries.push(path);
    }
    expect(binaries).toEqual([]);
  });

  test('nothing large', async () => {
    const sizes = await Promise.all(
      tracked.map(async (path) => [path, Bun.file(`${root}/${path}`).size] as const),
    );
    expect(sizes.filter(([, size]) => size > 512 * 1024)).toEqual([]);
  });
});
