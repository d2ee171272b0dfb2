/** The settings that `release compile` compiles in: the program that this updater is for, its feed, and its trusted root. */
import packageJson from '../../package.json' with { type: 'json' };

export interface Settings {
  app: string;
  feed: string | null;
  /** The trusted TUF root as parsed JSON; null if there is none. Then `init --root` sets one. */
  root: unknown;
  version: string;
  revision: string;
}

declare const BUILD_SETTINGS: Settings | undefined;

/** When running from source, nothing is compiled in. */
export const settings: Settings =
  typeof BUILD_SETTINGS === 'undefined'
    ? { app: 'dgmo', feed: null, root: null, version: packageJson.version, revision: 'source' }
    : BUILD_SETTINGS;
