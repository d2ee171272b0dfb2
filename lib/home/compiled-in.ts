/** What `release compile` compiles in: the program that this updater is for, its feed, and its trusted root. */
import packageJson from '../../package.json' with { type: 'json' };

export interface Settings {
  app: string;
  feed: string | null;
  /** The trusted TUF root as parsed JSON; null if none was compiled in: then `init --root` gives one. */
  root: unknown;
  version: string;
  revision: string;
}

declare const BUILD_SETTINGS: Settings | undefined;

/** Nothing is compiled in when it runs from source. */
export const settings: Settings =
  typeof BUILD_SETTINGS === 'undefined'
    ? { app: 'dgmo', feed: null, root: null, version: packageJson.version, revision: 'source' }
    : BUILD_SETTINGS;
