/** The command line in this process: what it prints, and its exit code. */
import type { Host, Settings } from '../../lib/api/index.ts';
import { main } from '../../lib/ui/main.ts';

export interface Printed {
  code: number;
  /** Standard output and standard error. */
  out: string;
  error: string;
  /** The last line of standard output, where it is JSON. */
  result(): Record<string, unknown>;
}

/** @param terminal whether there is a person who can be asked. Default: no */
export async function runCommand(
  argv: readonly string[],
  {
    host,
    settings,
    ownFolder,
    terminal = false,
    columns = 80,
    outColumns = null,
  }: {
    host: Host;
    settings: Settings;
    ownFolder: string;
    terminal?: boolean;
    /** Of the terminal that standard error is, and standard output. */
    columns?: number;
    outColumns?: number | null;
  },
): Promise<Printed> {
  const printed = { out: '', error: '' };
  const code = await main(argv, {
    host: async () => host,
    now: () => performance.now(),
    later: () => () => undefined,
    settings,
    ownFolder,
    output: {
      out: (text) => {
        printed.out += text;
      },
      error: (text) => {
        printed.error += text;
      },
      styled: (text) => {
        printed.error += text;
      },
      clearLine: () => undefined,
      taskbar: () => undefined,
      columns,
      outColumns,
      errorColumns: null,
      unicode: true,
      colors: false,
      terminal: false,
      written: async () => null,
    },
    interactive: () => terminal,
    signal: new AbortController().signal,
    hangUp: new AbortController().signal,
  });
  return {
    code,
    ...printed,
    result: () => JSON.parse(printed.out.trim().split('\n').at(-1) ?? '') as Record<string, unknown>,
  };
}
