/** The command line in this process, on a stage: what a script sees, and what a person who answers its questions sees. */
import { nativeHost } from '../../lib/platform/native.ts';
import { type Printed, runCommand } from '../support/command-line.ts';
import { SETTINGS, type Stage } from '../update/stage.ts';

export interface Around {
  /** Whether there is a terminal. Default: no. */
  terminal?: boolean;
  environment?: Record<string, string>;
  /** Of the terminal that standard error is, and standard output. */
  columns?: number;
  outColumns?: number;
}

/** Runs `dgmo-updater <args>` for the install of the stage. */
export function command(stage: Stage, args: string[], around: Around = {}): Promise<Printed> {
  const { environment = {}, ...terminal } = around;
  const host = nativeHost();
  return runCommand([...args, '--home', stage.home], {
    host: { ...host, environment: { ...host.environment, ...environment } },
    settings: SETTINGS,
    ownFolder: stage.dir,
    ...terminal,
  });
}
