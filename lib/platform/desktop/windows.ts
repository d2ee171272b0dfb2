/** Power and input on Windows, by kernel32 and user32. Null if they do not say. */
import { dlopen, FFIType } from 'bun:ffi';

/** Null if they can't be loaded. */
function load() {
  try {
    return calls();
  } catch {
    return null;
  }
}

function calls() {
  return {
    ...dlopen('kernel32.dll', {
      GetSystemPowerStatus: { args: [FFIType.ptr], returns: FFIType.i32 },
      GetTickCount: { args: [], returns: FFIType.u32 },
    }).symbols,
    ...dlopen('user32.dll', { GetLastInputInfo: { args: [FFIType.ptr], returns: FFIType.i32 } }).symbols,
  };
}

/** `SYSTEM_POWER_STATUS`: its first byte is 0 on battery, 1 on mains, 255 if it is not known. */
const POWER_STATUS_SIZE = 12;

export function isOnBatteryOnWindows(): boolean | null {
  const status = new Uint8Array(POWER_STATUS_SIZE);
  if ((load()?.GetSystemPowerStatus(status) ?? 0) === 0) return null;
  return status[0] === 0 ? true : status[0] === 1 ? false : null;
}

/** `LASTINPUTINFO`: its own size, then the tick of the last input of this session. */
const LAST_INPUT_SIZE = 8;

/** Milliseconds. The ticks begin anew after 49 days. */
export function untouchedOnWindows(): number | null {
  const info = new Uint32Array([LAST_INPUT_SIZE, 0]);
  const loaded = load();
  if (loaded === null || loaded.GetLastInputInfo(info) === 0) return null;
  return (loaded.GetTickCount() - (info[1] ?? 0)) >>> 0;
}
