/** Where everything is in the store of snapshots, `$DGMO_HOME/.snapshots`. */
import type { Host } from '../../platform/host.ts';
import { pathsOf } from '../../platform/path-flavour.ts';

export interface StoreLayout {
  folder: string;
  /** Held by whoever writes. */
  lock: string;
  /** A document for each snapshot, `<id>.json`; beside it `<id>.pin` if it is never pruned. */
  documents: string;
  /** The list of what a folder contained, named by its SHA-256. */
  trees: string;
  /** The content of files, in blocks, many in one pack; packs have random names. */
  packs: string;
  /** Whole executables, named by their SHA-256. */
  binaries: string;
  /** Executables as patches from another one of the store, `<sha256>.from.<sha256>`: what it is, and what it is read through. */
  inverses: string;
  /** Files that share their blocks with the original, with random names; beside a clone its seal, once it was read. */
  clones: string;
  /** By what unchanged files are recognised. May be deleted at any time. */
  cache: string;
  join(first: string, ...names: string[]): string;
  dirname(path: string): string;
}

export function storeLayout({ platform }: Pick<Host, 'platform'>, home: string): StoreLayout {
  const { join, dirname } = pathsOf(platform);
  const folder = join(home, '.snapshots');
  const at = (name: string) => join(folder, name);
  return {
    folder,
    lock: at('lock'),
    documents: at('snapshots'),
    trees: at('trees'),
    packs: at('packs'),
    binaries: at('binaries'),
    inverses: at('inverses'),
    clones: at('clones'),
    cache: at('cache'),
    join,
    dirname,
  };
}

/** How many snapshots of an installation are kept unless the user says otherwise. */
export const KEEP = 5;

export const TEMPORARY = '.tmp';

export function folders(layout: StoreLayout): string[] {
  const { folder, documents, trees, packs, binaries, inverses, clones, cache } = layout;
  return [folder, documents, trees, packs, binaries, inverses, clones, cache];
}
