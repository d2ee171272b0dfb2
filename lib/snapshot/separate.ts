/**
 * Whether the folders of the components can be restored one by one. Folders in each other can: the inner one belongs to its own
 * component. The same folder can't belong to two, nor can the updater's own.
 */
import type { Disk } from '../platform/disk.ts';
import { FOLDER_COMPONENTS, type FolderComponent } from './components.ts';
import type { Profile } from './profile.ts';
import { resolveExisting } from './roots.ts';
import type { StoreLayout } from './store/layout.ts';

/**
 * What is wrong, as a sentence without its end; null if nothing is.
 *
 * @param own folders of the updater, e.g. the store
 */
export function folderConflict(
  disk: Disk,
  { join, dirname }: Pick<StoreLayout, 'join' | 'dirname'>,
  roots: Profile['roots'],
  own: readonly string[],
): string | null {
  const resolved = (path: string) => resolveExisting(disk, { join, dirname }, path);
  const inside = (path: string, folder: string) =>
    path === folder || path.startsWith(join(folder, 'x').slice(0, -1));
  const updaters = own.map(resolved);
  const owners = new Map<string, FolderComponent>();
  for (const component of FOLDER_COMPONENTS) {
    for (const root of roots[component]) {
      const folder = resolved(root);
      if (updaters.some((one) => inside(folder, one)))
        return `${root}, the folder of ${component}, belongs to dgmo-updater itself`;
      const other = owners.get(folder);
      if (other !== undefined && other !== component)
        return `${root} is the folder of ${other} and of ${component}, and no snapshot of it could be restored`;
      owners.set(folder, component);
    }
  }
  return null;
}
