/**
 *     bun test/bench/real-session.ts
 *
 * The real opencode 1.18.33 with a session on its full screen ends, and the process that has started it becomes the updater, which
 * replaces it by 1.18.34 and becomes that, with `--session`. It has to be one process from then on, in the foreground of the same
 * terminal, with the session on the screen; when it ends, the terminal has to be as it was before the first start. Linux, with tmux;
 * needs no network once both releases are in the cache.
 *
 * opencode does not call the updater itself, and takes no code to do it (BUN_OPTIONS does not reach it), so a shell stands for what DGMO does
 * when it has set its terminal back: `exec dgmo-updater --apply`.
 */
import fs from 'node:fs';
import path from 'node:path';
import { makeInstall } from '../support/installed.ts';
import { openScreen } from '../support/tmux.ts';
import { openWorkshop } from '../support/workshop.ts';
import { fetchPackage } from './pairs.ts';

const [FROM, TO] = ['1.18.33', '1.18.34'];
const TITLE = 'The session that goes on';
const [before, after] = [
  await fetchPackage('opencode-linux-x64', FROM),
  await fetchPackage('opencode-linux-x64', TO),
];
const shop = await openWorkshop();
const pack = await shop.bundle({ version: TO, file: after, old: { version: FROM, file: before } });
const here = await makeInstall({ binary: before, version: FROM, updater: await shop.updater() });
const at = (...names: string[]) => path.join(here.folder, ...names);
fs.mkdirSync(at('person', 'project'), { recursive: true });
const environment = { ...here.env, HOME: at('person'), LANG: 'C.UTF-8', PS1: 'ready> ' };

const session = await makeSession();
fs.writeFileSync(
  at('shell.sh'),
  `stty -a >'${at('stty-before')}'
cd '${at('person', 'project')}'
sh -c 'echo $$ >"${at('pid')}"; "${here.dgmo}" --session ${session}; exec "${here.updater}" --apply "${pack}" --wait-pid $$ -- --session ${session}'
echo "it ended with $?"
stty -a >'${at('stty-after')}'
echo "the shell goes on"
`,
);

const problems: string[] = [];
const same = (what: string, found: unknown, wanted: unknown) => {
  console.log(
    `${found === wanted ? 'same' : 'DIFFERS'}: ${what}: ${found}${found === wanted ? '' : `, wanted ${wanted}`}`,
  );
  if (found !== wanted) problems.push(what);
};
try {
  using screen = openScreen(['bash', '--norc', '--noprofile', '-i'], { columns: 160, rows: 40, environment });
  await screen.shows('ready>');
  screen.type(`. ${at('shell.sh')}`, 'Enter');
  await screen.shows(TITLE);
  await screen.shows(`OpenCode ${FROM}`);
  const pid = Number(fs.readFileSync(at('pid'), 'utf8'));
  const state = processOf(pid);
  const begun = performance.now();
  screen.type('C-c');
  await screen.shows(`OpenCode ${TO}`);
  await screen.shows(TITLE);
  console.log(
    `from Ctrl-C in 1.18.33 to the session on the screen of ${TO}: ${((performance.now() - begun) / 1000).toFixed(1)} s`,
  );
  same('the process, its group, session, parent and the group in the foreground', processOf(pid), state);
  same(
    'its arguments',
    fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(1).join(' ').trim(),
    `--session ${session}`,
  );
  same('the executable', fs.readlinkSync(`/proc/${pid}/exe`), here.dgmo);
  same('what is installed', await here.version(), TO);
  screen.type('C-c');
  const last = await screen.shows('the shell goes on');
  same('how it ended', /it ended with (\d+)/.exec(last)?.[1], '0');
  same('stty -a', fs.readFileSync(at('stty-after'), 'utf8'), fs.readFileSync(at('stty-before'), 'utf8'));
  same('the cursor, the screen, the mouse', screen.modes(), '1 0 0');
  screen.type('echo typed', 'Enter');
  await screen.shows('\ntyped');
} finally {
  here.remove();
  shop.remove();
}
process.exitCode = problems.length === 0 ? 0 : 1;

/** Has opencode make a session, through its own server. Returns its id. */
async function makeSession(): Promise<string> {
  const server = Bun.spawn([here.dgmo, 'serve', '--port', '0', '--print-logs'], {
    cwd: at('person', 'project'),
    env: { ...process.env, ...environment },
    stdout: 'pipe',
    stderr: 'ignore',
  });
  try {
    let said = '';
    for await (const bytes of server.stdout) {
      said += new TextDecoder().decode(bytes);
      const url = /http:\/\/\S+/.exec(said)?.[0];
      if (url === undefined) continue;
      const made = await fetch(`${url}/session`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ title: TITLE }),
      });
      const { id } = (await made.json()) as { id: string };
      return id;
    }
    throw new Error(`opencode serve said no address: ${said}`);
  } finally {
    server.kill();
    await server.exited;
  }
}

function processOf(pid: number): string {
  const { stdout } = Bun.spawnSync(['ps', '-o', 'pid=,pgid=,tpgid=,sess=,ppid=,tty=', '-p', String(pid)]);
  return stdout.toString().trim().replaceAll(/\s+/g, ' ');
}
