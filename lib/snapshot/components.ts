/** The parts that a snapshot consists of. */

/** In the order in which they are restored: the executable last. */
export const COMPONENTS = ['data', 'evolutions', 'plugins', 'config', 'binary'] as const;
export type Component = (typeof COMPONENTS)[number];

export const FOLDER_COMPONENTS = ['data', 'evolutions', 'plugins', 'config'] as const;
export type FolderComponent = (typeof FOLDER_COMPONENTS)[number];

export function isComponent(name: string): name is Component {
  return COMPONENTS.some((component) => component === name);
}
