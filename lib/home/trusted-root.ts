/**
 * The trusted root. The compiled-in one is where trust begins; the roots in the home (rotated by the feed, or given by the
 * user) count as far as each is signed by the one before it, from the compiled-in one on. If none was compiled in, trust
 * begins with `trust/root.json`.
 *
 * Nothing is read from a home that belongs to somebody else: under sudo with the HOME of a user, that user does not decide
 * what runs as root. Windows reports no owners; there the compiled-in root and the access rights of the profile hold.
 */
import { DamagedError, errorCode, TrustError } from '../errors.ts';
import { parseJson } from '../format/json.ts';
import { createDirectories, readFile, replaceDurably } from '../platform/files.ts';
import type { Host } from '../platform/host.ts';
import { pathsOf } from '../platform/path-flavour.ts';
import { decodeRoot, follows, type TrustedRoot, trustRoot } from '../trust/index.ts';
import type { Settings } from './compiled-in.ts';
import { type Home, homeIfAny } from './folder.ts';
import { foreignPath } from './foreign.ts';

const LIMIT = 1 << 20;

export interface RootDocument {
  root: TrustedRoot;
  /** The same as parsed JSON. */
  json: unknown;
}

/** The trusted root of a session; without a home only the compiled-in one. Throws TrustError if there is none. */
export function trustedRootOf({
  host,
  home,
  settings,
}: {
  host: Host;
  home: Home;
  settings: Settings;
}): TrustedRoot {
  if ('missing' in home && settings.root === null) throw home.missing;
  const folder = homeIfAny(home);
  return folder === null ? trustRoot(settings.root) : loadRootDocument(host, folder, settings.root).root;
}

/**
 * The newest root that the chain leads to. Throws TrustError if there is none, or the home belongs to somebody else.
 *
 * @param read how a compiled-in root is read: `readRoot` if the caller has it verified all the same, as the feed does
 */
export function loadRootDocument(
  host: Host,
  home: string,
  compiledIn: unknown,
  read: (json: unknown) => TrustedRoot = trustRoot,
): RootDocument {
  const foreign = foreignPartOf(host, home);
  if (foreign !== null && compiledIn === null) throw foreignHome(foreign);
  const first =
    compiledIn === null ? keptFirstRoot(host, home) : { root: read(compiledIn), json: compiledIn };
  return foreign === null ? followChain(first, keptRoots(host, home)) : first;
}

/** Where the roots are kept; null if the home belongs to somebody else. */
export function rootsFolder(host: Host, home: string): string | null {
  return foreignPartOf(host, home) === null ? trustFolder(host, home) : null;
}

function trustFolder({ platform }: Host, home: string): string {
  return pathsOf(platform).join(home, 'trust');
}

function keptFirstRoot(host: Host, home: string): RootDocument {
  const file = pathsOf(host.platform).join(trustFolder(host, home), 'root.json');
  const bytes = readFile(host.disk, file, LIMIT);
  if (bytes !== null) return decodeFirst(bytes, file);
  throw new TrustError('there is no trusted root: none was compiled in, and none was given', {
    advice: 'Give one with `dgmo-updater init --root <root.json>`.',
  });
}

function decodeFirst(bytes: Uint8Array, file: string): RootDocument {
  try {
    return decode(bytes);
  } catch (error) {
    if (!(error instanceof DamagedError)) throw error;
    throw new DamagedError(`${file}: ${error.message}`, {
      advice: 'Give it again with `dgmo-updater init --root <root.json>`.',
      cause: error,
    });
  }
}

function decode(bytes: Uint8Array): RootDocument {
  return { root: decodeRoot(bytes), json: parseJson(bytes, 'root') };
}

/** The kept roots that may be of a version, good or bad. */
type Candidates = (version: number) => Iterable<Uint8Array>;

function followChain(first: RootDocument, candidates: Candidates): RootDocument {
  let newest = first;
  for (;;) {
    const next = nextIn(newest.root, candidates(newest.root.version + 1));
    if (next === null) return newest;
    newest = next;
  }
}

function nextIn(root: TrustedRoot, candidates: Iterable<Uint8Array>): RootDocument | null {
  for (const bytes of candidates) {
    try {
      const found = decode(bytes);
      if (follows(root, found.root)) return found;
    } catch (error) {
      // A damaged copy: another may be good, and else the feed still publishes it.
      if (!(error instanceof DamagedError) && !(error instanceof TrustError)) throw error;
    }
  }
  return null;
}

/** Updaters before this one kept the newest root alone, in `root.json` and in a folder for each feed. */
function keptRoots(host: Host, home: string): Candidates {
  const path = pathsOf(host.platform);
  const folder = trustFolder(host, home);
  const feeds = path.join(folder, 'feed');
  return function* (version) {
    const names = [`${version}.root.json`, 'root.json'].map((name) => path.join(folder, name));
    for (const name of names) yield* readKept(host, name);
    if (host.disk.status(feeds)?.kind !== 'directory') return;
    for (const feed of host.disk.list(feeds)) yield* readKept(host, path.join(feeds, feed, 'root.json'));
  };
}

function* readKept({ disk }: Host, file: string): Generator<Uint8Array> {
  try {
    const bytes = readFile(disk, file, LIMIT);
    if (bytes !== null) yield bytes;
  } catch (error) {
    const isDamaged =
      error instanceof DamagedError || ['EIO', 'EISDIR', 'ENOTDIR'].includes(errorCode(error) ?? '');
    if (!isDamaged) throw error;
  }
}

/** The first of the home, its trust folder and its root that is somebody else's; null: none. */
function foreignPartOf(host: Host, home: string): string | null {
  const folder = trustFolder(host, home);
  return foreignPath(host, [home, folder, pathsOf(host.platform).join(folder, 'root.json')]);
}

function foreignHome(path: string): TrustError {
  return new TrustError(
    `not trusted: ${path} belongs to another user, or everybody may write there, so no root is taken from it`,
    { advice: 'Run this as that user, or name a home of your own with --home (under sudo: `sudo -H`).' },
  );
}

/**
 * Whether a root that the user gives may be trusted from now on: any if none was compiled in, else one that the chain
 * leads to. Throws DamagedError if it is malformed, TrustError if its own keys have not signed it or it may not.
 */
export function acceptRoot(host: Host, home: string, bytes: Uint8Array, compiledIn: unknown): RootDocument {
  const given = decode(bytes);
  const foreign = foreignPartOf(host, home);
  if (foreign !== null) throw foreignHome(foreign);
  if (compiledIn === null) return given;
  const kept = keptRoots(host, home);
  const first: RootDocument = { root: trustRoot(compiledIn), json: compiledIn };
  let link: RootDocument | null = first;
  while (link !== null && link.root.version < given.root.version) {
    const { root } = link;
    link = nextIn(root, [bytes, ...kept(root.version + 1)]);
  }
  if (link !== null && isSame(link.root, given.root)) return given;
  throw new TrustError(
    `not trusted: wanted a root that the compiled-in one (version ${first.root.version}) leads to, each signed by the ` +
      `one before it, found version ${given.root.version} without such a chain`,
    {
      advice:
        'Leave out --root: this updater has its own, and the feed brings the newer ones. For the releases of another ' +
        'publisher, use the updater that is compiled with their root.',
    },
  );
}

function isSame(a: TrustedRoot, b: TrustedRoot): boolean {
  return Bun.deepEquals(a.metadata.signed.toJSON(), b.metadata.signed.toJSON());
}

/** Writes the root that the user gives into the home. Throws what `acceptRoot` does. */
export function keepTrustedRoot(host: Host, home: string, bytes: Uint8Array, compiledIn: unknown): void {
  const { root } = acceptRoot(host, home, bytes, compiledIn);
  const { join, dirname } = pathsOf(host.platform);
  const folder = trustFolder(host, home);
  createDirectories(host.disk, folder, dirname);
  replaceDurably(host.disk, join(folder, `${root.version}.root.json`), folder, bytes);
  // A newer one that is kept already is no worse for an older one that leads to it.
  if (compiledIn !== null && loadRootDocument(host, home, compiledIn).root.version > root.version) return;
  replaceDurably(host.disk, join(folder, 'root.json'), folder, bytes);
}
