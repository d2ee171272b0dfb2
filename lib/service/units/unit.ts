/**
 * The background service as the service manager of the system knows it: a systemd user unit, a launchd agent, or a task of the
 * Windows Task Scheduler. Pure: what is written where, and which commands make it count.
 */
import { MachineError } from '../../errors.ts';
import type { Host, Platform } from '../../platform/host.ts';
import { pathsOf } from '../../platform/path-flavour.ts';
import type { ManagerCommand, ServiceDefinition, Unit } from './definition.ts';
import { launchAgent } from './launchd.ts';
import { systemdUnit } from './systemd.ts';
import { scheduledTask } from './task-scheduler.ts';

/** Throws MachineError if this user has no place for it; UsageError if a path can't be written into the definition. */
export function unitFor(host: Host, home: string, definition: ServiceDefinition): Unit {
  switch (host.platform) {
    case 'linux':
      return forSystemd(host, definition);
    case 'darwin':
      return forLaunchd(host, definition);
    case 'win32':
      return forTaskScheduler(host, home, definition);
  }
}

function forSystemd(host: Host, definition: ServiceDefinition): Unit {
  const { join } = pathsOf(host.platform);
  const { XDG_CONFIG_HOME = '' } = host.environment;
  const config = XDG_CONFIG_HOME.startsWith('/') ? XDG_CONFIG_HOME : join(homeOf(host), '.config');
  const units = join(config, 'systemd', 'user');
  const unit = `${definition.name}.service`;
  const wants = join(units, 'default.target.wants');
  const systemctl = (...words: string[]): ManagerCommand => ['systemctl', '--user', ...words];
  return {
    manager: 'systemd',
    file: { path: join(units, unit), content: utf8(systemdUnit(definition)), temporary: false },
    enable: [systemctl('daemon-reload'), systemctl('enable', '--now', unit)],
    disable: [systemctl('disable', unit)],
    stop: [systemctl('stop', unit)],
    afterRemoval: [systemctl('daemon-reload'), systemctl('reset-failed', unit)],
    traces: [join(wants, unit)],
    folders: [wants, units, join(config, 'systemd'), config],
    isKnown: null,
  };
}

function forLaunchd(host: Host, definition: ServiceDefinition): Unit {
  const { join } = pathsOf(host.platform);
  const { name } = definition;
  const path = join(homeOf(host), 'Library', 'LaunchAgents', `${name}.plist`);
  const domain = `gui/${host.user ?? 0}`;
  return {
    manager: 'launchd',
    file: { path, content: utf8(launchAgent(definition)), temporary: false },
    enable: [['launchctl', 'bootstrap', domain, path]],
    disable: [],
    stop: [['launchctl', 'bootout', `${domain}/${name}`]],
    afterRemoval: [],
    traces: [],
    folders: [],
    isKnown: null,
  };
}

function forTaskScheduler(host: Host, home: string, definition: ServiceDefinition): Unit {
  const { join } = pathsOf(host.platform);
  const { name } = definition;
  const { SystemRoot = 'C:\\Windows', USERDOMAIN = '', USERNAME = '' } = host.environment;
  if (USERNAME === '')
    throw new MachineError('the name of this user is not known, for whom the task is to run', {
      advice: 'Set USERNAME, as Windows does at login.',
    });
  const user = USERDOMAIN === '' ? USERNAME : `${USERDOMAIN}\\${USERNAME}`;
  const system = join(SystemRoot, 'System32');
  const schtasks = (...words: string[]): ManagerCommand => [join(system, 'schtasks.exe'), ...words];
  const path = join(home, `${name}.xml`);
  const task = scheduledTask(definition, { user, console: join(system, 'conhost.exe') });
  return {
    manager: 'the Task Scheduler',
    file: { path, content: utf16(task), temporary: true },
    enable: [schtasks('/Create', '/F', '/TN', name, '/XML', path), schtasks('/Run', '/TN', name)],
    disable: [schtasks('/End', '/TN', name), schtasks('/Delete', '/F', '/TN', name)],
    stop: [],
    afterRemoval: [],
    traces: [],
    folders: [],
    isKnown: schtasks('/Query', '/TN', name),
  };
}

function homeOf({ homeDirectory }: Host): string {
  if (homeDirectory !== null) return homeDirectory;
  throw new MachineError('this user has no home directory, where services are defined', {
    advice: 'Start `dgmo-updater service run` in another way.',
  });
}

function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** With a byte order mark, as schtasks.exe wants it. */
function utf16(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(`\ufeff${text}`, 'utf16le'));
}

/** The variables of the environment that the service is to have as well: a service manager starts it with few of its own. */
export function environmentOf(
  environment: Readonly<Record<string, string | undefined>>,
  platform: Platform,
): Record<string, string> {
  // There the service has the environment of the user in any case.
  if (platform === 'win32') return {};
  const wanted = /^(?:DGMO_UPDATER_\w+|(?:HTTPS?|NO|ALL)_PROXY|NODE_EXTRA_CA_CERTS)$/i;
  return Object.fromEntries(
    Object.entries(environment).flatMap(([name, value]) =>
      value !== undefined && value !== '' && wanted.test(name) ? [[name, value]] : [],
    ),
  );
}
