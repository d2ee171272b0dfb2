/**
 * `install.sh` and `install.ps1`: templates, filled with where the updaters are and the digests that they must have. Whoever
 * serves the updaters can't change them unnoticed; whoever serves the script could, which the page says.
 *
 * What is filled in is checked for letters that could end a quote in a shell: the address above all.
 */
import { UsageError } from '../../lib/errors.ts';
import { type Target, targetName } from '../../lib/version/index.ts';
import powershell from './install.ps1' with { type: 'text' };
import shell from './install.sh' with { type: 'text' };

export interface PageUpdater {
  target: Target;
  /** Relative to the page. */
  path: string;
  /** Bytes of the file there, which is compressed with gzip. */
  size: number;
  /** SHA-256 of it, and of the executable in it. */
  packed: string;
  unpacked: string;
}

export interface InstallerContent {
  /** Of the program, as people write it. */
  name: string;
  /** Of its executable. */
  app: string;
  /** Where the page is; ends with a slash. */
  address: string;
  updaters: readonly PageUpdater[];
}

const PLAIN_NAME = /^[\p{L}\p{N} ._+-]{1,64}$/u;
const PLAIN_ADDRESS = /^https?:\/\/[A-Za-z0-9._~:/%[\]-]+\/$/;

/** UsageError if the name or the address has letters that mean something to a shell. */
export function installerScripts(content: InstallerContent): { shell: string; powershell: string } {
  const { name, app, address, updaters } = content;
  if (!PLAIN_NAME.test(name)) {
    throw new UsageError(`--name: wanted letters, digits, spaces and ._+-, found ${JSON.stringify(name)}`);
  }
  if (!PLAIN_ADDRESS.test(address)) {
    throw new UsageError(`--url: wanted an address of plain letters, found ${JSON.stringify(address)}`);
  }
  const isWindows = ({ target }: PageUpdater) => target.platform === 'win32';
  const fill = (template: string, list: string) =>
    template
      .replaceAll('@NAME@', name)
      .replaceAll('@APP@', app)
      .replaceAll('@ADDRESS@', address)
      .replace('@UPDATERS@', () => list);
  return {
    shell: fill(
      shell,
      updaters
        .filter((one) => !isWindows(one))
        .map(shellCase)
        .join('\n'),
    ),
    powershell: fill(powershell, updaters.filter(isWindows).map(powershellEntry).join('\n')),
  };
}

function shellCase({ target, path, size, packed, unpacked }: PageUpdater): string {
  return [
    `    ${targetName(target)})`,
    `      path='${path}' size=${size}`,
    `      packed=${packed}`,
    `      unpacked=${unpacked} ;;`,
  ].join('\n');
}

function powershellEntry({ target, path, size, packed, unpacked }: PageUpdater): string {
  return [
    `    '${targetName(target)}' = @{`,
    `      Path = '${path}'; Size = ${size}`,
    `      Packed = '${packed}'`,
    `      Unpacked = '${unpacked}'`,
    '    }',
  ].join('\n');
}
