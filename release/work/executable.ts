/**
 * What the headers of an executable (ELF, PE, Mach-O) say it is for, and whether that is the target that it is published for.
 * It is read before anything is made of the file, so that a build that was renamed, mixed up or cut off on its way is told at
 * once, and not by the first person who installs it.
 */
import { type Target, targetName } from '../../lib/version/index.ts';

/** Reads bytes of the file; fewer where it ends. */
export type Read = (offset: number, size: number) => Uint8Array;

/** What else a header can name is printed as its number. */
type Processor = 'x64' | 'arm64' | `processor ${number}`;

export interface Executable {
  format: 'ELF' | 'PE' | 'Mach-O';
  /** More than one in a universal binary of macOS. */
  processors: Processor[];
  /** Of ELF: whose dynamic loader it asks for. Null: none, it is static. */
  libc?: 'glibc' | 'musl' | 'another libc' | null;
  /** Of Mach-O for one processor: whether it has a signature. */
  signed?: boolean;
  /** The file has to have that many bytes at least. */
  end: number;
}

/**
 * Why the file can't be what is to be published for the target, as a clause ("it is an ELF executable for arm64"); null if
 * its headers fit.
 */
export function misfit(target: Target, size: number, read: Read): string | null {
  const found = readExecutable(read);
  if (found === null) return 'it is no executable of Linux, macOS or Windows for 64 bits';
  const [processor] = target.arch.split('-', 1);
  const fits =
    found.format === FORMATS[target.platform] && found.processors.some((name) => name === processor);
  if (!fits) return `it is ${describe(found)}`;
  const wantedLibc = target.arch.includes('musl') ? 'musl' : 'glibc';
  if (found.libc !== undefined && found.libc !== null && found.libc !== wantedLibc) {
    return `it asks for the loader of ${found.libc}, and ${targetName(target)} has that of ${wantedLibc}`;
  }
  if (found.end > size) return `it is cut off: its headers name ${found.end} bytes, and it has ${size}`;
  if (found.signed === false && processor === 'arm64') {
    return 'it has no signature, and a Mac with Apple silicon starts nothing without one (codesign -s - <file>)';
  }
  return null;
}

const FORMATS = { linux: 'ELF', win32: 'PE', darwin: 'Mach-O' } as const;

function describe({ format, processors, libc }: Executable): string {
  const [system, article] =
    format === 'ELF' ? ['Linux', 'an'] : format === 'PE' ? ['Windows', 'a'] : ['macOS', 'a'];
  return `${article} ${format} executable, of ${system} for ${processors.join(' and ')}${libc === 'musl' ? ' with musl' : ''}`;
}

/** Null if it is none of the three, not for 64 bits, or its headers make no sense. */
function readExecutable(read: Read): Executable | null {
  const head = view(read(0, 64));
  if (head.byteLength < 64) return null;
  try {
    if (head.getUint32(0) === 0x7f454c46) return readElf(head, read);
    if (head.getUint16(0) === 0x4d5a) return readPe(head, read);
    if (head.getUint32(0, true) === 0xfeedfacf) return readMachO(head, read);
    if (head.getUint32(0) === 0xcafebabe) return readUniversal(head, read);
    return null;
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

function view(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

function processorOf(number: number, x64: number, arm64: number): Processor {
  return number === x64 ? 'x64' : number === arm64 ? 'arm64' : `processor ${number}`;
}

const LOADED = 1;
const INTERPRETER = 3;
/** The path of a loader is short. */
const LONGEST_PATH = 256;

/** System V ABI, "Object Files": the header, the program headers, and where the section headers end. */
function readElf(head: DataView, read: Read): Executable | null {
  const is64 = head.getUint8(4) === 2 && head.getUint8(5) === 1;
  const isProgram = [2, 3].includes(head.getUint16(16, true));
  if (!is64 || !isProgram) return null;
  const [segments, sections] = [head.getBigUint64(32, true), head.getBigUint64(40, true)].map(Number);
  let end = (sections ?? 0) + head.getUint16(58, true) * head.getUint16(60, true);
  let libc: Executable['libc'] = null;
  const count = head.getUint16(56, true);
  const table = view(read(segments ?? 0, count * 56));
  for (let at = 0; at < count * 56; at += 56) {
    const [offset, size] = [table.getBigUint64(at + 8, true), table.getBigUint64(at + 32, true)].map(Number);
    const kind = table.getUint32(at, true);
    if (kind === LOADED) end = Math.max(end, (offset ?? 0) + (size ?? 0));
    if (kind === INTERPRETER) {
      const path = new TextDecoder().decode(read(offset ?? 0, Math.min(size ?? 0, LONGEST_PATH)));
      libc = path.includes('/ld-musl-') ? 'musl' : path.includes('/ld-linux') ? 'glibc' : 'another libc';
    }
  }
  return { format: 'ELF', processors: [processorOf(head.getUint16(18, true), 62, 183)], libc, end };
}

/** Microsoft's "PE Format": the COFF header, the optional header of PE32+, and where the last section ends. */
function readPe(head: DataView, read: Read): Executable | null {
  const at = head.getUint32(60, true);
  const coff = view(read(at, 26));
  if (coff.getUint32(0) !== 0x50450000 || coff.getUint16(24, true) !== 0x20b) return null;
  const count = coff.getUint16(6, true);
  const table = view(read(at + 24 + coff.getUint16(20, true), count * 40));
  let end = 0;
  for (let section = 0; section < count * 40; section += 40) {
    end = Math.max(end, table.getUint32(section + 20, true) + table.getUint32(section + 16, true));
  }
  return { format: 'PE', processors: [processorOf(coff.getUint16(4, true), 0x8664, 0xaa64)], end };
}

const X64_OF_MACH = 0x01000007;
const ARM64_OF_MACH = 0x0100000c;
const SEGMENT = 0x19;
const SIGNATURE = 0x1d;

/** Apple's <mach-o/loader.h>: the header and its load commands. */
function readMachO(head: DataView, read: Read): Executable | null {
  if (head.getUint32(12, true) !== 2) return null;
  const commands = view(read(32, head.getUint32(20, true)));
  let [end, signed] = [0, false];
  for (let at = 0, left = head.getUint32(16, true); left > 0; left--) {
    const [command, size] = [commands.getUint32(at, true), commands.getUint32(at + 4, true)];
    if (command === SEGMENT) {
      end = Math.max(
        end,
        Number(commands.getBigUint64(at + 40, true) + commands.getBigUint64(at + 48, true)),
      );
    }
    if (command === SIGNATURE) signed = true;
    if (size < 8) return null;
    at += size;
  }
  const processor = processorOf(head.getUint32(4, true), X64_OF_MACH, ARM64_OF_MACH);
  return { format: 'Mach-O', processors: [processor], signed, end };
}

/** Apple's <mach-o/fat.h>, whose numbers are big-endian. */
function readUniversal(head: DataView, read: Read): Executable | null {
  const count = head.getUint32(4);
  if (count === 0 || count > 16) return null;
  const table = view(read(8, count * 20));
  const processors: Processor[] = [];
  let end = 0;
  for (let at = 0; at < count * 20; at += 20) {
    processors.push(processorOf(table.getUint32(at), X64_OF_MACH, ARM64_OF_MACH));
    end = Math.max(end, table.getUint32(at + 8) + table.getUint32(at + 12));
  }
  return { format: 'Mach-O', processors, end };
}
