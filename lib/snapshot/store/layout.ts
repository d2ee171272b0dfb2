/** Where things stand in the store of snapshots, `$DGMO_HOME/.snapshots`. */
import type { Host } from '../../platform/host.ts';
import { pathsOf } from '../../platform/path-flavour.ts';

export interface StoreLayout {
  folder: string;
  /** One writer at a time. */
  lock: string;
  /** One document a snapshot, `<id>.json`; beside it `<id>.pin` where it is kept for good. */
  documents: string;
  /** What a component held, named by the SHA-256 of the listing. */
  trees: string;
  /** The content of files, in blocks, many in one file; named at random. */
  packs: string;
  /** Whole executables, named by SHA-256. */
  binaries: string;
  /** Files that share their blocks with the original, named at random; beside one its seal, once it has been read. */
  clones: string;
  /** What may be lost: by what an unchanged file is recognised. */
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
    clones: at('clones'),
    cache: at('cache'),
    join,
    dirname,
  };
}

export const TEMPORARY = '.tmp';

export function folders(layout: StoreLayout): string[] {
  const { folder, documents, trees, packs, binaries, clones, cache } = layout;
  return [folder, documents, trees, packs, binaries, clones, cache];
}
