/**
 * A program in a terminal that updates itself, again and again, in one process: a shell script that becomes the compiled
 * updater, which becomes the other version of the script. Each start writes down what it finds of its terminal and its process.
 */
import fs from 'node:fs';
import path from 'node:path';
import { program } from '../update/stage.ts';
import { makeInstall } from './installed.ts';
import { openSharedWorkshop } from './workshop.ts';

export interface Life {
  /** What each start found, the first one included, in order. */
  states: string[];
  /** The pid of each start. */
  pids: string[];
  /** What the terminal received, and how the shell in it ended. */
  said: string;
  code: number;
}

/** The second half of the updates is done on the screen of a full-screen program: raw, alternate screen, no cursor. */
export interface LifeOptions {
  updates: number;
  /** Milliseconds until it is given up. */
  patience: number;
}

const DGMO = (version: string) => `#!/bin/sh
[ "$1" = --version ] && { echo ${version}; exit 0; }
round=$2
[ $round = $DGMO_FULL_SCREEN ] && { stty raw -echo; printf '\\033[?1049h\\033[?25l'; }
{
  stty -g
  ps -o ppid=,pgid=,tpgid=,sess=,ni= -p $$
  # Of the program that reads it, which inherits them: dash itself blocks all signals while it starts one.
  grep -E '^(Sig(Blk|Ign)|ShdPnd|Seccomp)' /proc/self/status
  ls /proc/$$/fd
  ulimit -a
  umask
  pwd
} > "$DGMO_STATES/$round.new" 2>&1
echo $$ > "$DGMO_STATES/$round.pid"
mv "$DGMO_STATES/$round.new" "$DGMO_STATES/$round"
[ $round -lt $DGMO_UPDATES ] && exec "$DGMO_DIR/dgmo-updater" --apply "$DGMO_STATES/to-${version === '1.0.0' ? 2 : 1}" \\
  --allow-downgrade --wait-pid $$ --home "$DGMO_HOME" -- --session $((round + 1))
trap 'printf "\\033[?25h\\033[?1049l"; stty "$(cat "$DGMO_STATES/cooked")"; echo "it ends"; exit 42' INT
stty isig
echo "up to date"
while :; do read -r line || :; done
`;

/** Linux only: it looks at /proc. */
export async function liveInTerminal({ updates, patience }: LifeOptions): Promise<Life> {
  const shop = await openSharedWorkshop();
  const one = path.join(shop.folder, 'one');
  const two = path.join(shop.folder, 'two');
  for (const [file, version] of [
    [one, '1.0.0'],
    [two, '2.0.0'],
  ] as const)
    fs.writeFileSync(file, Buffer.concat([Buffer.from(DGMO(version)), program(version)]), { mode: 0o755 });
  const states = path.join(shop.folder, 'states');
  fs.mkdirSync(states);
  const [toTwo, toOne] = await Promise.all([
    shop.bundle({ version: '2.0.0', file: two, old: { version: '1.0.0', file: one } }),
    shop.bundle({ version: '1.0.0', file: one }),
  ]);
  fs.renameSync(toTwo, path.join(states, 'to-2'));
  fs.renameSync(toOne, path.join(states, 'to-1'));
  const here = await makeInstall({ binary: one, version: '1.0.0', updater: await shop.updater() });
  let said = '';
  const shell = Bun.spawn(['bash', '--norc', '--noprofile', '-i'], {
    cwd: here.folder,
    env: {
      ...process.env,
      ...here.env,
      PS1: '$ ',
      TERM: 'xterm-256color',
      TERM_PROGRAM: 'ghostty',
      DGMO_DIR: here.dir,
      DGMO_STATES: states,
      DGMO_UPDATES: String(updates),
      DGMO_FULL_SCREEN: String((updates >> 1) + 1),
    },
    terminal: {
      cols: 100,
      rows: 30,
      data: (_, bytes) => {
        said += new TextDecoder().decode(bytes);
      },
    },
  });
  const until = async (met: () => boolean, what: string) => {
    const begun = performance.now();
    while (!met()) {
      if (performance.now() - begun > patience)
        throw new Error(`wanted ${what}; the terminal ends with\n${said.slice(-2000)}`);
      await Bun.sleep(20);
    }
  };
  const type = (text: string) => shell.terminal?.write(text);
  const shows = (words: string) => {
    const from = said.length;
    return until(() => said.slice(from).includes(words), `${JSON.stringify(words)} on the terminal`);
  };
  try {
    await until(() => said.includes('$ '), 'a prompt');
    type(`stty -g > ${states}/cooked; ${here.dgmo} --session 0\n`);
    await until(() => said.includes('up to date'), `${updates} updates`);
    // Job control: the shell takes it from the screen, and puts it back.
    let shown = shows('Stopped');
    type('\x1a');
    await shown;
    shown = shows('--session 0');
    type('fg\n');
    await shown;
    shown = shows('it ends');
    type('\x03');
    await shown;
    shown = shows('same terminal');
    // The words are in two parts, so that their echo is not taken for them.
    type(`echo "code=$?"; [ "$(stty -g)" = "$(cat ${states}/cooked)" ] && echo same "terminal"; exit 7\n`);
    await shown;
    const code = await shell.exited;
    const read = (name: string) => fs.readFileSync(path.join(states, name), 'utf8');
    const rounds = Array.from({ length: updates + 1 }, (_, round) => String(round));
    return {
      states: rounds.map(read),
      pids: rounds.map((round) => read(`${round}.pid`)),
      said,
      code,
    };
  } finally {
    shell.kill('SIGKILL');
    shell.terminal?.close();
    here.remove();
    shop.remove();
  }
}
