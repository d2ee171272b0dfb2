/** What the tools of the systems answer about power, network and input, understood. Pure. Null: they do not say. */

/** Of `busctl get-property`: a letter for the type, then the value. */
function busValue(output: string): string | null {
  return /^[a-z] (\S+)\s*$/.exec(output)?.[1] ?? null;
}

/** NMMetered of NetworkManager: 1 yes, 2 no, 3 and 4 guessed, 0 unknown. */
export function isMeteredByNetworkManager(output: string): boolean | null {
  switch (busValue(output)) {
    case '1':
    case '3':
      return true;
    case '2':
    case '4':
      return false;
    default:
      return null;
  }
}

/**
 * The IdleHint and IdleSinceHint of systemd-logind; the latter is in microseconds since the epoch.
 *
 * @returns milliseconds without any input
 */
export function untouchedByLogind(hint: string, since: string, now: number): number | null {
  const isIdle = busValue(hint);
  if (isIdle === 'false') return 0;
  const begun = Number(busValue(since) ?? Number.NaN) / 1000;
  return isIdle === 'true' && begun > 0 ? Math.max(0, now - begun) : null;
}

/** One of /sys/class/power_supply. */
export interface PowerSupply {
  type: string;
  /** Of a mains adapter: `1` if it delivers. */
  online: string;
  /** Of a battery. */
  status: string;
  /** `Device` for the battery of a mouse. */
  scope: string;
}

export function isOnBattery(supplies: readonly PowerSupply[]): boolean | null {
  const own = supplies.filter(({ scope }) => scope !== 'Device');
  if (own.some(({ type, online }) => type !== 'Battery' && online === '1')) return false;
  const batteries = own.filter(({ type }) => type === 'Battery');
  if (batteries.length === 0) return null;
  return batteries.some(({ status }) => status === 'Discharging');
}

/** `pmset -g batt` of macOS. */
export function isOnBatteryByPmset(output: string): boolean | null {
  const source = /drawing from '([^']+)'/.exec(output)?.[1];
  return source === undefined ? null : source === 'Battery Power';
}

/** `ioreg -c IOHIDSystem -d 4` of macOS: nanoseconds. Returns milliseconds. */
export function untouchedByIoreg(output: string): number | null {
  const nanoseconds = /"HIDIdleTime" = (\d+)/.exec(output)?.[1];
  return nanoseconds === undefined ? null : Number(nanoseconds) / 1e6;
}

/** NetworkCostType of Windows. */
export function isMeteredByCostType(output: string): boolean | null {
  switch (output.trim()) {
    case 'Unrestricted':
      return false;
    case 'Fixed':
    case 'Variable':
      return true;
    default:
      return null;
  }
}

/** The GetCapabilities of a notification server. Nearly all of them take markup, so one that does not say is taken for one of those. */
export function takesMarkup(output: string): boolean {
  return output === '' || output.includes('"body-markup"');
}

/** Text as the markup of the Desktop Notifications Specification, a small part of HTML. */
export function asMarkup(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/**
 * `ps -o time=` of some processes: `1-02:03:04` on Linux, `2:03.45` on macOS.
 *
 * @returns milliseconds of processor time in all
 */
export function processorTimeByPs(output: string): number | null {
  let total = 0;
  for (const line of output.trim().split('\n')) {
    const found = /^(?:(\d+)-)?(?:(\d+):)?(\d+):(\d+(?:\.\d+)?)$/.exec(line.trim());
    if (found === null) return null;
    const [, days = '0', hours = '0', minutes = '0', seconds = '0'] = found;
    total += ((Number(days) * 24 + Number(hours)) * 60 + Number(minutes)) * 60 + Number(seconds);
  }
  return total * 1000;
}
