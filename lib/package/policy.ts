/** Whether a package may be installed here: a pure decision over what it says and what this installation is. */
import { PolicyError } from '../errors.ts';
import { compareVersions, type Target, targetName } from '../version/index.ts';
import type { PackageContents } from './reader.ts';
import { type Installed, isInstalled } from './route.ts';

export interface Installation extends Target {
  app: string;
  installed: Installed;
  /** The lowest version that is accepted here without a person's word; null where none was set yet. */
  floor: string | null;
  /** A person's word: versions older than the installed one, and below the floor, are wanted. */
  allowDowngrade?: boolean;
}

/** PolicyError says which rule refuses it and names both sides. Passes where the very same binary is installed. */
export function checkPackage(contents: PackageContents, here: Installation): void {
  if (contents.app !== here.app) {
    throw new PolicyError(`the package is for the app ${contents.app}, wanted one for ${here.app}`);
  }
  if (contents.platform !== here.platform || contents.arch !== here.arch) {
    throw new PolicyError(`the package is for ${targetName(contents)}, wanted one for ${targetName(here)}`, {
      advice: `Get the package of ${contents.version} for ${targetName(here)}.`,
    });
  }
  if (isInstalled(contents, here.installed)) return;
  const order = compareVersions(contents.version, here.installed.version);
  if (order === 0) {
    throw new PolicyError(
      `the package brings another binary of ${contents.version}, which is installed already: wanted SHA-256 ` +
        `${here.installed.sha256}, found ${contents.binary.sha256}`,
      { advice: 'If the installed binary was changed, run `dgmo-updater repair`.' },
    );
  }
  if (here.allowDowngrade === true) return;
  if (order < 0) {
    throw new PolicyError(
      `the package brings ${contents.version}, wanted a version newer than the installed ${here.installed.version}`,
      { advice: 'To go back to a version that was installed here, run `dgmo-updater rollback`.' },
    );
  }
  if (here.floor !== null && compareVersions(contents.version, here.floor) < 0) {
    throw new PolicyError(
      `the package brings ${contents.version}, wanted at least ${here.floor}, the lowest version accepted here`,
    );
  }
}
