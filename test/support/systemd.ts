/**
 * A systemd of a user that has nothing to do with the machine's, nor with the user's own: with a home and a runtime folder of
 * its own, in a control group of its own. It needs no system bus, and no systemd as the first process.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { type Ran, run } from './workshop.ts';

const SYSTEMD = ['/usr/lib/systemd/systemd', '/lib/systemd/systemd'].find((file) => fs.existsSync(file));
/** Where control groups are: of version 1, of version 2 beside it, of version 2 alone. */
const GROUPS = ['/sys/fs/cgroup/systemd', '/sys/fs/cgroup/unified', '/sys/fs/cgroup'].filter((folder) =>
  fs.existsSync(path.join(folder, 'cgroup.procs')),
);

/** Only root may make the control groups. */
export const HAS_SYSTEMD =
  process.platform === 'linux' &&
  process.getuid?.() === 0 &&
  SYSTEMD !== undefined &&
  Bun.which('systemctl') !== null &&
  GROUPS.length > 0;

// systemd does not start where the machine has not been started by one, which it sees by that folder.
const START = `set -e
mount -t tmpfs none /run
mkdir -p /run/systemd/system
for group; do mkdir "$group"; echo $$ >"$group/cgroup.procs"; done
exec "$SYSTEMD" --user --log-target=console --log-level=notice --unit=basic.target
`;

export interface UserSystemd extends AsyncDisposable {
  /** With which programs reach it. */
  environment: Record<string, string>;
  /** `systemctl --user <args>` */
  systemctl(...args: string[]): Promise<Ran>;
}

export async function startSystemd(folder: string): Promise<UserSystemd> {
  const of = (name: string) => path.join(folder, name);
  const environment = { HOME: of('user'), XDG_RUNTIME_DIR: of('run'), XDG_CONFIG_HOME: of('config') };
  for (const one of Object.values(environment)) fs.mkdirSync(one, { mode: 0o700 });
  const groups = GROUPS.map((group) => path.join(group, path.basename(folder)));
  const manager = spawn('unshare', ['--mount', '/bin/sh', '-c', START, 'start', ...groups], {
    env: { ...process.env, ...environment, SYSTEMD: SYSTEMD ?? '' },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  manager.stderr.on('data', (bytes: Buffer) => {
    said += bytes;
  });
  const ended = new Promise<void>((resolve) => manager.on('exit', () => resolve()));
  const socket = path.join(environment.XDG_RUNTIME_DIR, 'systemd/private');
  await appears(socket, manager, () => said);
  return {
    environment,
    systemctl: (...args) => run('systemctl', ['--user', ...args], { env: environment }),
    async [Symbol.asyncDispose]() {
      manager.kill('SIGTERM');
      await ended;
      for (const group of groups) removeGroup(group);
    },
  };
}

async function appears(file: string, manager: ChildProcess, said: () => string): Promise<void> {
  while (!fs.existsSync(file)) {
    if (manager.exitCode !== null || manager.signalCode !== null)
      throw new Error(`systemd ended with ${manager.exitCode ?? manager.signalCode}: ${said()}`);
    await Bun.sleep(20);
  }
}

/** Control groups are removed from the innermost one. */
function removeGroup(group: string): void {
  for (const entry of fs.readdirSync(group, { withFileTypes: true }))
    if (entry.isDirectory()) removeGroup(path.join(group, entry.name));
  fs.rmdirSync(group);
}
