/** The command line in this process, on a stage: what a script sees, and what a person who answers its questions sees. */
import { nativeHost } from '../../lib/platform/native.ts';
import { main } from '../../lib/ui/main.ts';
import { SETTINGS, type Stage } from '../update/stage.ts';

export interface Said {
  code: number;
  out: string;
  error: string;
}

export interface Around {
  /** Whether there is a terminal. Default: no. */
  terminal?: boolean;
  environment?: Record<string, string>;
}

/** Runs `dgmo-updater <args>` for the install of the stage. */
export async function command(stage: Stage, args: string[], around: Around = {}): Promise<Said> {
  const said: Said = { code: 0, out: '', error: '' };
  const { terminal = false, environment = {} } = around;
  const host = nativeHost();
  said.code = await main([...args, '--home', stage.home], {
    host: async () => ({ ...host, environment: { ...host.environment, ...environment } }),
    now: () => performance.now(),
    later: () => () => undefined,
    settings: SETTINGS,
    ownFolder: stage.dir,
    output: {
      out(text) {
        said.out += text;
      },
      error(text) {
        said.error += text;
      },
      styled(text) {
        said.error += text;
      },
      clearLine: () => undefined,
      taskbar: () => undefined,
      columns: 80,
      unicode: true,
      colors: false,
      terminal: false,
      written: async () => null,
    },
    interactive: () => terminal,
    signal: new AbortController().signal,
    hangUp: new AbortController().signal,
  });
  return said;
}
