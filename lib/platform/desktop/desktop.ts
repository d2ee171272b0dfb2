/**
 * The desktop around a background service: networks, power, whether somebody is there, and a way to tell them something. Each
 * system is asked with what it brings along. What it does not say is null, and nothing here fails: a service must not end
 * because there is no desktop.
 */
import { errorCode } from '../../errors.ts';
import { readFile } from '../files.ts';
import type { Host } from '../host.ts';
import {
  asMarkup,
  isMeteredByCostType,
  isMeteredByNetworkManager,
  isOnBattery,
  isOnBatteryByPmset,
  type PowerSupply,
  processorTimeByPs,
  takesMarkup,
  untouchedByIoreg,
  untouchedByLogind,
} from './answers.ts';
import { isOnBatteryOnWindows, untouchedOnWindows } from './windows.ts';

/** What the system says of its power and its network. */
export interface Supply {
  onBattery: boolean | null;
  /** The network is paid for by volume. */
  metered: boolean | null;
}

export interface Desktop {
  /** Names of the networks that this machine is on, without loopback; empty: none. Asked often. */
  networks(): string;
  supply(): Promise<Supply>;
  /** For how many milliseconds nobody has used keyboard, mouse or terminal. */
  untouched(): Promise<number | null>;
  /** How much processor time these processes have used so far, in milliseconds in all. */
  processorTime(pids: readonly number[]): Promise<number | null>;
  /** Shows a notification, if it can. */
  notify(title: string, text: string): Promise<void>;
}

/** Milliseconds for one tool. */
const TIME_LIMIT = 5000;

export function nativeDesktop(host: Host): Desktop {
  const { platform } = host;
  const ask = (file: string, ...args: string[]) => answerOf(host, file, args);
  return {
    networks,
    async supply() {
      switch (platform) {
        case 'linux':
          return {
            onBattery: isOnBattery(powerSupplies(host)),
            metered: isMeteredByNetworkManager(await ask('busctl', ...NETWORK_MANAGER, 'Metered')),
          };
        case 'darwin':
          return { onBattery: isOnBatteryByPmset(await ask('pmset', '-g', 'batt')), metered: null };
        case 'win32':
          return {
            onBattery: isOnBatteryOnWindows(),
            metered: isMeteredByCostType(await powershell(host, COST_TYPE)),
          };
      }
    },
    async untouched() {
      switch (platform) {
        case 'linux':
          return untouchedByLogind(
            await ask('busctl', ...LOGIND, 'IdleHint'),
            await ask('busctl', ...LOGIND, 'IdleSinceHint'),
            host.clock.now(),
          );
        case 'darwin':
          return untouchedByIoreg(await ask('ioreg', '-c', 'IOHIDSystem', '-d', '4'));
        case 'win32':
          return untouchedOnWindows();
      }
    },
    async processorTime(pids) {
      if (pids.length === 0) return 0;
      return platform === 'win32'
        ? null
        : processorTimeByPs(await ask('ps', '-o', 'time=', '-p', pids.join(',')));
    },
    async notify(title, text) {
      if (platform === 'linux') {
        // Only the text may be markup, not the title.
        const body = takesMarkup(await ask('busctl', ...CAPABILITIES)) ? asMarkup(text) : text;
        await ask('notify-send', '--app-name', title, '--icon', ICON, '--', title, body);
      } else if (platform === 'darwin') await ask('osascript', ...APPLE_SCRIPT, title, text);
      else await powershell(host, toast(title, text));
    },
  };
}

/** Standard output; empty if the tool is missing, fails or takes too long. */
async function answerOf(host: Host, file: string, args: string[]): Promise<string> {
  const environment = Object.fromEntries(
    Object.entries(host.environment).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
  const { workingDirectory } = host;
  const ran = await host.processes.run(file, args, { environment, workingDirectory, timeLimit: TIME_LIMIT });
  return ran.started && ran.code === 0 ? ran.stdout : '';
}

/** Of IPv6 the network alone: the rest changes by itself. Uses `require` so that node:os is loaded only if it is needed. */
function networks(): string {
  const os = require('node:os') as typeof import('node:os');
  const names = Object.values(os.networkInterfaces()).flatMap((addresses = []) =>
    addresses
      .filter(({ internal }) => !internal)
      .map(({ address, family }) => (family === 'IPv6' ? address.split(':', 4).join(':') : address)),
  );
  return [...new Set(names)].sort().join(' ');
}

const NETWORK_MANAGER = [
  '--system',
  'get-property',
  'org.freedesktop.NetworkManager',
  '/org/freedesktop/NetworkManager',
  'org.freedesktop.NetworkManager',
];
const LOGIND = [
  '--system',
  'get-property',
  'org.freedesktop.login1',
  '/org/freedesktop/login1',
  'org.freedesktop.login1.Manager',
];

const CAPABILITIES = [
  '--user',
  'call',
  'org.freedesktop.Notifications',
  '/org/freedesktop/Notifications',
  'org.freedesktop.Notifications',
  'GetCapabilities',
];
/** Of the Icon Naming Specification, so that every theme has it. */
const ICON = 'software-update-available';

const SUPPLIES = '/sys/class/power_supply';

function powerSupplies({ disk }: Host): PowerSupply[] {
  const read = (supply: string, name: string) => {
    try {
      return new TextDecoder()
        .decode(readFile(disk, `${SUPPLIES}/${supply}/${name}`, 1 << 16) ?? undefined)
        .trim();
    } catch (error) {
      // The driver may not answer: ENODEV of a battery that was taken out.
      if (errorCode(error) === undefined) throw error;
      return '';
    }
  };
  try {
    return disk.list(SUPPLIES).map((supply) => ({
      type: read(supply, 'type'),
      online: read(supply, 'online'),
      status: read(supply, 'status'),
      scope: read(supply, 'scope'),
    }));
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
    return [];
  }
}

/** The texts are arguments, not a part of the script. */
const APPLE_SCRIPT = [
  '-e',
  'on run argv',
  '-e',
  'display notification (item 2 of argv) with title (item 1 of argv)',
  '-e',
  'end run',
];

const COST_TYPE = `[void][Windows.Networking.Connectivity.NetworkInformation,Windows.Networking.Connectivity,ContentType=WindowsRuntime]
[Windows.Networking.Connectivity.NetworkInformation]::GetInternetConnectionProfile().GetConnectionCost().NetworkCostType`;

/** In the name of PowerShell, since a toast needs a program that is in the start menu. */
export function toast(title: string, text: string): string {
  const quoted = (value: string) => `'${value.replaceAll(/['\u2018\u2019\u201a\u201b]/g, '$&$&')}'`;
  return `[void][Windows.UI.Notifications.ToastNotificationManager,Windows.UI.Notifications,ContentType=WindowsRuntime]
$toast = [Windows.UI.Notifications.ToastNotificationManager]::GetTemplateContent([Windows.UI.Notifications.ToastTemplateType]::ToastText02)
$lines = $toast.GetElementsByTagName('text')
[void]$lines.Item(0).AppendChild($toast.CreateTextNode(${quoted(title)}))
[void]$lines.Item(1).AppendChild($toast.CreateTextNode(${quoted(text)}))
$sender = '{1AC14E77-02E7-4E5D-B744-2EB1AE5198B7}\\WindowsPowerShell\\v1.0\\powershell.exe'
[Windows.UI.Notifications.ToastNotificationManager]::CreateToastNotifier($sender).Show([Windows.UI.Notifications.ToastNotification]::new($toast))`;
}

function powershell(host: Host, script: string): Promise<string> {
  const { SystemRoot = 'C:\\Windows' } = host.environment;
  const encoded = Buffer.from(script, 'utf16le').toString('base64');
  return answerOf(host, `${SystemRoot}\\System32\\WindowsPowerShell\\v1.0\\powershell.exe`, [
    '-NoProfile',
    '-NonInteractive',
    '-EncodedCommand',
    encoded,
  ]);
}
