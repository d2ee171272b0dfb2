/** The trusted root: the one in the home (rotated by the feed, or given by the user), else the compiled-in one. */
import { DamagedError, TrustError, UsageError } from '../errors.ts';
import { parseJson } from '../format/json.ts';
import { createDirectories, readFile, replaceDurably } from '../platform/files.ts';
import type { Host } from '../platform/host.ts';
import { pathsOf } from '../platform/path-flavour.ts';
import { decodeRoot, type TrustedRoot, trustRoot } from '../trust/index.ts';
import type { Settings } from './compiled-in.ts';
import type { Home } from './folder.ts';

const LIMIT = 1 << 20;

function rootPath(host: Host, home: string): { folder: string; file: string } {
  const path = pathsOf(host.platform);
  const folder = path.join(home, 'trust');
  return { folder, file: path.join(folder, 'root.json') };
}

/**
 * The root in the home, unless the compiled-in one is newer: then the keys have been rotated since. If the one in the home
 * is damaged, the compiled-in one is used. Throws TrustError if there is neither.
 */
export function loadTrustedRoot(host: Host, home: string, compiledIn: unknown): TrustedRoot {
  return loadRootDocument(host, home, compiledIn).root;
}

/** The same for a session; without a home only the compiled-in root can be trusted. Throws TrustError if there is none. */
export function trustedRootOf({
  host,
  home,
  settings,
}: {
  host: Host;
  home: Home;
  settings: Settings;
}): TrustedRoot {
  if ('folder' in home) return loadTrustedRoot(host, home.folder, settings.root);
  // A home that was named wrongly is not passed over: another root may be kept in the right one.
  if (settings.root === null || home.missing instanceof UsageError) throw home.missing;
  return trustRoot(settings.root);
}

export interface RootDocument {
  root: TrustedRoot;
  /** The same as parsed JSON. */
  json: unknown;
  /** The file in the home; null for the compiled-in root. */
  bytes: Uint8Array | null;
}

/** The same with the document that it was read from, from which the client of the feed starts. */
export function loadRootDocument(host: Host, home: string, compiledIn: unknown): RootDocument {
  const builtIn = compiledIn === null ? null : trustRoot(compiledIn);
  const kept = keptRoot(host, home, builtIn !== null);
  if (kept !== null && (builtIn === null || kept.root.version >= builtIn.version)) return kept;
  if (builtIn !== null) return { root: builtIn, json: compiledIn, bytes: null };
  throw new TrustError('there is no trusted root: none was compiled in, and none was given', {
    advice: 'Give one with `dgmo-updater init --version <v> --root <root.json>`.',
  });
}

function keptRoot(host: Host, home: string, replaceable: boolean): RootDocument | null {
  try {
    const bytes = readFile(host.disk, rootPath(host, home).file, LIMIT);
    return bytes === null ? null : { root: decodeRoot(bytes), json: parseJson(bytes, 'root'), bytes };
  } catch (error) {
    if (replaceable && (error instanceof DamagedError || error instanceof TrustError)) return null;
    throw error;
  }
}

/**
 * Writes the root that the user gave, or that the feed has rotated to, into the home. Throws DamagedError if it is
 * malformed, TrustError if its own keys have not signed it.
 */
export function keepTrustedRoot(host: Host, home: string, bytes: Uint8Array): TrustedRoot {
  const root = decodeRoot(bytes);
  const { folder, file } = rootPath(host, home);
  createDirectories(host.disk, folder, pathsOf(host.platform).dirname);
  replaceDurably(host.disk, file, folder, bytes);
  return root;
}
