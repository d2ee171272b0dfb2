/**
 * The rules of the house as functions over its sources: each returns what breaks it, one line for each fault. Nothing
 * is read here, so that every rule can be tried on sources that break it.
 */
import type { SourceFile } from './source-file.ts';

/** Rooms of `lib/`. A room may import the ones before it. `errors.ts`, above all of them, imports nothing. */
const LIB_ROOMS = [
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

/** The same for `release/`, whose files of its own are rooms of one file. */
const RELEASE_ROOMS = [
  'platform',
  'command.ts',
  'progress.ts',
  'files.ts',
  'keys',
  'manifest',
  'work',
  'repository',
  'publish',
  'page',
  'server',
  'commands',
  'cli.ts',
];

const ROOMS: Record<string, readonly string[]> = { lib: LIB_ROOMS, release: RELEASE_ROOMS };
/** What every room of `lib/` may import, and what none may: the public API, which is made of them. */
const BELOW_ALL = 'lib/errors.ts';
const ABOVE_ALL = 'lib/index.ts';

interface Place {
  house: string;
  /** Null for the files at the top of `lib/`. */
  room: string | null;
}

function placeOf(path: string): Place {
  const [house = '', room = '', ...rest] = path.split('/');
  return { house, room: house === 'lib' && rest.length === 0 ? null : room };
}

export function unknownRooms(files: readonly SourceFile[]): string[] {
  return files.flatMap(({ path }) => {
    const { house, room } = placeOf(path);
    if (room === null) return path === BELOW_ALL || path === ABOVE_ALL ? [] : [`${path} is in no room`];
    return ROOMS[house]?.includes(room) ? [] : [`${path} is in a room that is not in the list`];
  });
}

/** Each room imports only those before it and its own files; lib imports neither release/ nor test/. */
export function upwardImports(files: readonly SourceFile[]): string[] {
  return files.flatMap((file) => {
    const from = placeOf(file.path);
    return file.imports
      .filter(({ path }) => path !== null && !mayImport(from, file.path, path))
      .map(({ path }) => `${file.path} imports ${path}`);
  });
}

function mayImport(from: Place, file: string, path: string): boolean {
  if (path === 'package.json') return true;
  const to = placeOf(path);
  if (to.house !== from.house) return from.house === 'release' && to.house === 'lib';
  if (path === BELOW_ALL) return true;
  if (file === ABOVE_ALL) return true;
  if (to.room === null || from.room === null) return false;
  const rooms = ROOMS[from.house] ?? [];
  return rooms.indexOf(to.room) <= rooms.indexOf(from.room);
}

/** ui/ reaches everything through api/: what a command does, DGMO can do as well, and alike. */
export function uiShortcuts(files: readonly SourceFile[]): string[] {
  return files
    .filter(({ path }) => path.startsWith('lib/ui/'))
    .flatMap((file) =>
      file.imports
        .filter(({ path }) => path !== null && path !== BELOW_ALL && !/^lib\/(ui|api)\//.test(path))
        .map(({ path }) => `${file.path} imports ${path}`),
    );
}

/** Every cycle of files, by whatever kind of import. */
export function cycles(files: readonly SourceFile[]): string[] {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const done = new Set<string>();
  const found: string[] = [];
  const visit = (path: string, trail: readonly string[]): void => {
    if (trail.includes(path)) {
      found.push([...trail.slice(trail.indexOf(path)), path].join(' -> '));
      return;
    }
    if (done.has(path)) return;
    for (const { path: next } of byPath.get(path)?.imports ?? []) {
      if (next !== null) visit(next, [...trail, path]);
    }
    done.add(path);
  };
  for (const { path } of files) visit(path, []);
  return found;
}

const MOST_FILES = 16;

/** `paths`: of all source files. A folder that a reader has to scroll is two folders. */
export function crowdedFolders(paths: readonly string[]): string[] {
  const folders = Map.groupBy(paths, (path) => path.slice(0, path.lastIndexOf('/')));
  return [...folders]
    .filter(([, names]) => names.length > MOST_FILES)
    .map(([folder, names]) => `${folder}/ has ${names.length} files, wanted at most ${MOST_FILES}`);
}

/** Where effects are at home. Everything else gets them from there. */
const EFFECT_ROOMS = ['lib/platform/', 'release/platform/'];
/** Of values that a file declares, and of names that it lists. A type may be exported for what is exported of it. */
const DECLARED = /^export (?:async )?(?:const|let|(?:abstract )?class|function\*?) (\w+)/gm;
const LISTED = /^export (?:type )?\{([^}]*)\}/gm;

/** Names that nobody imports. `files` are all that there are: tests count as well. */
export function unusedExports(files: readonly SourceFile[]): string[] {
  const importers = new Map<string | null, SourceFile[]>();
  for (const file of files) {
    for (const { path } of file.imports) importers.set(path, [...(importers.get(path) ?? []), file]);
  }
  return files
    .filter(({ path }) => path !== ABOVE_ALL)
    .flatMap(({ path, code }) => {
      const listed = [...code.matchAll(LISTED)].flatMap(([, list = '']) => list.split(','));
      const names = [
        ...[...code.matchAll(DECLARED)].map(([, name = '']) => name),
        ...listed.map((each) => each.trim().split(' ').at(-1) ?? '').filter(Boolean),
      ];
      const by = importers.get(path) ?? [];
      return names
        .filter((name) => !by.some((file) => new RegExp(`\\b${name}\\b`).test(file.code)))
        .map((name) => `${path} exports ${name}, which nobody imports`);
    });
}

/** What a process begins with: its arguments, its exit code, and for the second its line to the one that started it. */
const ENTRY_POINTS = ['release/cli.ts', 'release/work/child.ts'];

/** Modules of Node that touch nothing outside the program. */
const PURE_MODULES = new Set([
  'node:path',
  'node:path/posix',
  'node:util',
  'node:zlib',
  'node:crypto',
  'node:buffer',
  'node:stream',
]);
/** Members of `Bun` that touch nothing outside the program. */
const PURE_BUN =
  'CryptoHasher|deepEquals|hash|semver|Transpiler|zstd\\w+|stringWidth|markdown|wrapAnsi|stripANSI|Glob';

/**
 * Files, processes, sockets, clocks, timers and randomness, and what is printed (platform/ spells out what could move the
 * cursor). `process.stderr` may be handed to what draws on the terminal.
 */
const EFFECT = new RegExp(
  [
    String.raw`\bDate\.now\b`,
    String.raw`\bnew Date\(\s*\)`,
    String.raw`\bperformance\.now\b`,
    String.raw`\bMath\.random\b`,
    String.raw`(?<![.\w#])(?:set(?:Timeout|Interval|Immediate)|fetch|random(?:Bytes|UUID|Int)|WebSocket|Worker)\s*\(`,
    String.raw`\bcrypto\.(?:getRandomValues|random\w+)`,
    String.raw`\bprocess\.(?!stderr\b(?!\.write))\w+`,
    String.raw`\bBun\.(?!(?:${PURE_BUN})\b)\w+`,
  ].join('|'),
);

export function strayEffects(files: readonly SourceFile[]): string[] {
  return files
    .filter(({ path }) => !EFFECT_ROOMS.some((room) => path.startsWith(room)) && !ENTRY_POINTS.includes(path))
    .flatMap(({ path, code, imports }) => {
      const modules = imports
        .filter(({ specifier }) => /^(node|bun):/.test(specifier) && !PURE_MODULES.has(specifier))
        .map(({ specifier }) => `${path} imports ${specifier}`);
      const call = EFFECT.exec(code)?.[0];
      return call === undefined ? modules : [...modules, `${path} uses ${call}`];
    });
}
