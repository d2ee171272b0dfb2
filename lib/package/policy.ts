/** Whether a package may be installed here: a pure decision over its statement and this installation. */
import { PolicyError } from '../errors.ts';
import { compareVersions, type DGMOVersion, machineOf, type Target, targetName } from '../version/index.ts';
import type { PackageContents } from './reader.ts';
import { type Installed, isInstalled } from './route.ts';

/** The target is that of the machine: either build for x64 may be installed there. */
export interface Installation extends Target {
  app: string;
  installed: Installed;
  /** The lowest version that is accepted here, unless the user asks for an older one; null: any. */
  floor: string | null;
  /** The user asks for a version that is older than the installed one, or below the floor. */
  allowDowngrade?: boolean;
  /** The rules of the installed release for going back from it; null or not given: there are none. */
  rollback?: DGMOVersion['rollback'] | null;
}

/** Throws PolicyError, which says which rule refuses it and names both sides. Passes if the same binary is installed. */
export function checkPackage(contents: PackageContents, here: Installation): void {
  if (contents.app !== here.app) {
    throw new PolicyError(`the package is for the app ${contents.app}, wanted one for ${here.app}`);
  }
  if (targetName(machineOf(contents)) !== targetName(here)) {
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
      {
        advice:
          'If you put the installed one there yourself, run `dgmo-updater init` to adopt it as what it is.',
      },
    );
  }
  if (here.allowDowngrade === true) {
    if (order < 0) checkWayBack(contents, here);
    return;
  }
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

/** Unlike with a snapshot the data stays as it is, so the older version must be able to read it. */
function checkWayBack({ version, manifest }: PackageContents, { installed, rollback }: Installation): void {
  if (rollback === undefined || rollback === null) return;
  const advice = '`dgmo-updater rollback` goes back to a snapshot, with the data as it was then.';
  if (!rollback.supported)
    throw new PolicyError(`${installed.version} can't be rolled back: its release says so`, { advice });
  if (compareVersions(version, rollback.minVersion) < 0) {
    throw new PolicyError(
      `${installed.version} can be rolled back to ${rollback.minVersion} or newer, the package brings ${version}`,
      { advice },
    );
  }
  const { dataVersion } = manifest.rollback;
  if (dataVersion >= rollback.dataVersion) return;
  throw new PolicyError(
    `${version} reads data of format ${dataVersion}, the data here has format ${rollback.dataVersion} since ${installed.version}`,
    { advice },
  );
}
