/**
 * The mode of an executable that replaces one with this mode. Everyone who may read it may run it, even if the permission to run
 * it was removed by mistake. One that its own owner could not read and run (chmod 000) gets that, and if nobody could, the mode of a
 * new one.
 */
export function executableMode(mode: number): number {
  const runnable = mode | ((mode & 0o444) >> 2);
  return (runnable & 0o111) === 0 ? mode | NEW_EXECUTABLE : runnable | 0o500;
}

export const NEW_EXECUTABLE = 0o755;
