/**
 * Starting a program that outlives us on Windows. Bun puts the processes that it spawns into a job that ends with it, and
 * `detached` gives them no console. So this calls CreateProcess: outside of every job that permits it, on our console if
 * no other process uses that, and with our standard handles if they are redirected.
 */
import type { SpawnOptions, StartOptions } from '../host.ts';
import { ERROR_ACCESS_DENIED, kernel, systemError, wide } from './kernel.ts';

const CREATE_NEW_CONSOLE = 0x10;
const CREATE_UNICODE_ENVIRONMENT = 0x400;
const CREATE_BREAKAWAY_FROM_JOB = 0x0100_0000;
const CREATE_NO_WINDOW = 0x0800_0000;
const STARTF_USESTDHANDLES = 0x100;
const HANDLE_FLAG_INHERIT = 1;
const FILE_TYPE_DISK = 1;
const FILE_TYPE_PIPE = 3;
/** Standard input, output and error, as GetStdHandle numbers them. */
const STANDARD = [0xffff_fff6, 0xffff_fff5, 0xffff_fff4] as const;

/** Returns its process id. Throws an Error with an errno name in `code` if the program can't be started. */
export function windowsStart(file: string, args: string[], options: StartOptions): number {
  const { GetStdHandle, SetHandleInformation } = kernel();
  const [input, output, error] = STANDARD;
  const wanted = [input, options.outputToError ? error : output, error];
  const handles = wanted.map((which) => GetStdHandle(which));
  const console =
    options.background === true ? { inherit: false, flags: CREATE_NO_WINDOW } : consoleFor(handles);
  if (console.inherit) for (const handle of handles) SetHandleInformation(handle, HANDLE_FLAG_INHERIT, 1);
  try {
    const information = startupInformation(console.inherit ? handles : null);
    const create = (flags: number) => createProcess(file, args, options, information, console.flags | flags);
    // If the job does not permit leaving it, the program is started inside of it.
    const outside = create(CREATE_BREAKAWAY_FROM_JOB);
    const created = outside.status === ERROR_ACCESS_DENIED ? create(0) : outside;
    if (created.status !== 0) throw systemError(created.status, 'start', file);
    return created.pid;
  } finally {
    if (console.inherit) for (const handle of handles) SetHandleInformation(handle, HANDLE_FLAG_INHERIT, 0);
  }
}

/**
 * Redirected input and output are inherited. If other processes use our console, it belongs to the shell that DGMO was
 * started from, which reads from it again. Then the program gets a new window, because both would read the same keys.
 */
function consoleFor(handles: bigint[]): { inherit: boolean; flags: number } {
  const { GetConsoleProcessList, GetFileType } = kernel();
  const attached = GetConsoleProcessList(new Uint32Array(1), 1);
  const redirected = handles.slice(0, 2).some((handle) => {
    const type = GetFileType(handle);
    return type === FILE_TYPE_DISK || type === FILE_TYPE_PIPE;
  });
  if (redirected) return { inherit: true, flags: attached === 0 ? CREATE_NO_WINDOW : 0 };
  if (attached === 1) return { inherit: true, flags: 0 };
  return { inherit: false, flags: CREATE_NEW_CONSOLE };
}

/** A STARTUPINFOW of 64-bit Windows. */
function startupInformation(handles: bigint[] | null): Uint8Array {
  const information = new Uint8Array(104);
  const view = new DataView(information.buffer);
  view.setUint32(0, information.length, true);
  if (handles === null) return information;
  view.setUint32(60, STARTF_USESTDHANDLES, true);
  for (const [index, handle] of handles.entries()) view.setBigInt64(80 + 8 * index, handle, true);
  return information;
}

/** The status is 0, or the error code of GetLastError. */
function createProcess(
  file: string,
  args: string[],
  { environment, workingDirectory }: SpawnOptions,
  information: Uint8Array,
  flags: number,
): { status: number; pid: number } {
  const { CloseHandle, CreateProcessW, GetLastError } = kernel();
  const created = new BigInt64Array(3);
  const done = CreateProcessW(
    wide(`${file}\0`),
    wide(`${[file, ...args].map(quoted).join(' ')}\0`),
    null,
    null,
    1,
    flags | CREATE_UNICODE_ENVIRONMENT,
    wide(environmentBlock(environment)),
    wide(`${workingDirectory}\0`),
    information,
    created,
  );
  if (done === 0) return { status: GetLastError(), pid: 0 };
  for (const handle of created.subarray(0, 2)) CloseHandle(handle);
  // A PROCESS_INFORMATION: two handles, then the ids of the process and of its thread.
  return { status: 0, pid: Number(BigInt.asUintN(32, created[2] ?? 0n)) };
}

/** `name=value`, each terminated by a zero, sorted by name regardless of case, and another zero at the end. */
export function environmentBlock(environment: Record<string, string>): string {
  const names = Object.keys(environment).sort((a, b) => (a.toUpperCase() < b.toUpperCase() ? -1 : 1));
  const entries = names.map((name) => `${name}=${environment[name]}\0`).join('');
  return `${entries || '\0'}\0`;
}

/** Quotes an argument so that CommandLineToArgvW, and every C runtime, reads it back unchanged. */
export function quoted(argument: string): string {
  if (argument !== '' && !/[\s"]/.test(argument)) return argument;
  const escaped = argument.replace(/(\\*)"/g, '$1$1\\"').replace(/(\\+)$/, '$1$1');
  return `"${escaped}"`;
}
