/**
 * A bus that has nothing to do with the machine's: a dbus-daemon that is session and system bus at once. On it python3-dbusmock
 * answers as the services of a desktop do.
 */
import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { type Ran, run } from './workshop.ts';

/** Debian's: the templates are no module of another Python. */
const PYTHON = '/usr/bin/python3';

const MISSING = ['dbus-daemon', 'busctl', 'notify-send'].filter((name) => Bun.which(name) === null);

/** Why there is no bus here; null if there is one. */
const busMissing: string | null =
  process.platform !== 'linux'
    ? 'only Linux has these buses'
    : MISSING.length > 0
      ? `${MISSING.join(', ')} is not installed (Debian: dbus-daemon, systemd, libnotify-bin)`
      : Bun.spawnSync([PYTHON, '-c', 'import dbusmock']).exitCode !== 0
        ? 'dbusmock is not installed (Debian: python3-dbusmock)'
        : null;

/** Without a bus a test is skipped and says why, but not in CI. */
export function skipsWithoutBus(what: string): boolean {
  const skips = busMissing !== null && process.env.CI !== 'true';
  if (skips) console.warn(`skipped: ${what}: ${busMissing}`);
  return skips;
}

export interface Bus extends AsyncDisposable {
  /** With which programs reach it. */
  environment: Record<string, string>;
  /** A service of a template of dbusmock. Returns what it was called with so far, a line for each call. */
  serve(template: string, parameters?: Record<string, unknown>): Promise<() => string>;
  /** `busctl <args>`; throws if it fails. */
  call(...args: string[]): Promise<Ran>;
}

/** Of the machine's services it starts none. */
const configuration = (address: string) => `<busconfig>
  <type>session</type>
  <listen>${address}</listen>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
`;

export async function startBus(folder: string): Promise<Bus> {
  const address = `unix:path=${path.join(folder, 'bus')}`;
  const environment = { DBUS_SESSION_BUS_ADDRESS: address, DBUS_SYSTEM_BUS_ADDRESS: address };
  const config = path.join(folder, 'bus.conf');
  fs.writeFileSync(config, configuration(address));
  const env = { ...process.env, ...environment };
  const running: ChildProcess[] = [];
  const start = (file: string, args: string[], stdio: StdioOptions) => {
    const child = spawn(file, args, { env, stdio });
    running.push(child);
    return child;
  };
  // As root it complains of a limit.
  const daemon = start(
    'dbus-daemon',
    ['--config-file', config, '--nofork', '--print-address'],
    ['ignore', 'pipe', 'ignore'],
  );
  await new Promise<void>((resolve, reject) => {
    daemon.stdout?.once('data', () => resolve());
    daemon.once('exit', (code) => reject(new Error(`dbus-daemon ended with ${code}`)));
  });
  const call = async (...args: string[]) => {
    const ran = await run('busctl', ['--user', ...args], { env: environment });
    if (ran.code !== 0) throw new Error(`busctl ${args.join(' ')} ended with ${ran.code}: ${ran.stderr}`);
    return ran;
  };
  const names = async () => (await call('list', '--acquired', '--no-legend')).stdout;
  return {
    environment,
    call,
    async serve(template, parameters = {}) {
      const log = path.join(folder, `${template}-${running.length}.log`);
      const before = await names();
      const words = ['--session', '--template', template, '--parameters', JSON.stringify(parameters)];
      const mock = start(
        PYTHON,
        ['-m', 'dbusmock', '--logfile', log, ...words],
        ['ignore', 'ignore', 'inherit'],
      );
      while ((await names()) === before)
        if (mock.exitCode !== null) throw new Error(`dbusmock ended with ${mock.exitCode}`);
      return () => fs.readFileSync(log, 'utf8');
    },
    async [Symbol.asyncDispose]() {
      for (const child of running.reverse()) {
        const ended = new Promise((resolve) => child.once('exit', resolve));
        if (child.exitCode === null && child.kill('SIGKILL')) await ended;
      }
    },
  };
}
