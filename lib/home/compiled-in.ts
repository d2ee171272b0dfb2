/** What `release compile` compiles in: which program this updater is for, where its feed is, whom it trusts. */
import packageJson from '../../package.json' with { type: 'json' };

export interface Settings {
  app: string;
  feed: string | null;
  /** The trusted TUF root as parsed JSON; null where none was compiled in: then `init --root` gives it. */
  root: unknown;
  version: string;
  revision: string;
}

declare const BUILD_SETTINGS: Settings | undefined;

/** Run from source there is nothing compiled in. */
export const settings: Settings =
  typeof BUILD_SETTINGS === 'undefined'
    ? { app: 'dgmo', feed: null, root: null, version: packageJson.version, revision: 'source' }
    : BUILD_SETTINGS;
