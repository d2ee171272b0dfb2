/** A real terminal: tmux with a server of its own. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

export const hasTmux = Bun.which('tmux') !== null;

export interface Screen extends Disposable {
  /** Resolves to the screen as soon as it shows the words. */
  shows(words: string): Promise<string>;
  /** The screen with the sequences that set its colors (SGR). */
  colored(): string;
  /** Whether the cursor is shown, the alternate screen is up, and a program takes the mouse: 1 or 0 each. */
  modes(): string;
  /** Names of keys, as tmux knows them (`Enter`, `Down`, `C-c`), or text. */
  type(...keys: string[]): void;
}

export interface ScreenOptions {
  columns: number;
  rows?: number;
  environment?: Record<string, string>;
}

/** Milliseconds between two looks, and until it is given up. */
const PAUSE = 50;
const PATIENCE = 120_000;

/** Runs a command in a new terminal. When it has ended, the screen shows `[ended with <code>]`. */
export function openScreen(
  command: readonly string[],
  { columns, rows = 50, environment = {} }: ScreenOptions,
): Screen {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'dgmo-tmux-'));
  const socket = path.join(folder, 'socket');
  const tmux = (...args: string[]) => {
    const ran = Bun.spawnSync(['tmux', '-S', socket, '-f', '/dev/null', ...args], {
      env: { ...process.env, TERM: 'xterm-256color', LANG: 'C.UTF-8', LC_ALL: 'C.UTF-8', TMUX: '' },
    });
    if (ran.exitCode !== 0) throw new Error(`tmux ${args[0]}: ${ran.stderr}`);
    return ran.stdout.toString();
  };
  const variables = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
  // A Ctrl-C reaches the shell as well, which must live to say how it ended.
  const script = 'trap : INT; "$@"; echo "[ended with $?]"; exec cat';
  tmux(
    ...['new-session', '-d', '-x', String(columns), '-y', String(rows), '--'],
    ...['env', ...variables, 'sh', '-c', script, 'sh', ...command],
  );
  const capture = () => tmux('capture-pane', '-p').trimEnd();
  return {
    async shows(words) {
      const begun = performance.now();
      for (;;) {
        const screen = capture();
        if (screen.includes(words)) return screen;
        if (performance.now() - begun > PATIENCE)
          throw new Error(`wanted ${JSON.stringify(words)} on the screen, found\n${screen}`);
        await Bun.sleep(PAUSE);
      }
    },
    colored: () => tmux('capture-pane', '-p', '-e').trimEnd(),
    modes: () => tmux('display-message', '-p', '#{cursor_flag} #{alternate_on} #{mouse_any_flag}').trim(),
    type: (...keys) => void tmux('send-keys', ...keys),
    [Symbol.dispose]() {
      tmux('kill-server');
      fs.rmSync(folder, { recursive: true, force: true });
    },
  };
}
