/**
 * Which folders were made for the definition of the service. The definition says it itself, as a comment, so that they go with it,
 * and no folder goes that was there before.
 */
import { errorCode, UpdaterError } from '../../errors.ts';
import { readFile } from '../../platform/files.ts';
import type { Host } from '../../platform/host.ts';
import type { Unit } from '../../service/units/definition.ts';

const LIMIT = 64 * 1024;
const MADE = '# Made with it: ';

/** The definition, which names the folders that are missing now, and those that an earlier one was made with. */
export function withMadeFolders(host: Host, unit: Unit): Uint8Array {
  const { folders, file } = unit;
  const earlier = madeFolders(host, unit);
  const made = folders.filter((folder) => earlier.includes(folder) || host.disk.status(folder) === null);
  if (made.length === 0) return file.content;
  return new Uint8Array(Buffer.concat([file.content, Buffer.from(`${MADE}${JSON.stringify(made)}\n`)]));
}

/** The innermost first. Empty if there is no definition, or it does not say. */
export function madeFolders({ disk }: Host, { folders, file }: Unit): string[] {
  try {
    const text = new TextDecoder().decode(readFile(disk, file.path, LIMIT) ?? undefined);
    const line = text.split('\n').find((one) => one.startsWith(MADE));
    const named: unknown = JSON.parse(line?.slice(MADE.length) ?? '[]');
    return Array.isArray(named) ? folders.filter((folder) => named.includes(folder)) : [];
  } catch (error) {
    // Somebody has changed it, or taken the right to read it.
    const isExpected = error instanceof SyntaxError || error instanceof UpdaterError;
    if (!isExpected && errorCode(error) === undefined) throw error;
    return [];
  }
}
