/** The parts of a PE file. */

import { type Part, type Parts, REGION_KINDS, type RegionKind } from './image.ts';
import { type DebugSection, isDwarf, plainName, tellDwarf } from './sections/dwarf.ts';

/** Bytes of an entry of the exception directory. */
const ENTRY = 12;
/** What the optional header of 64 bits begins with. */
const WIDE = 0x20b;
/** Name of the section with the objects of a native image of Java, of which 8 bytes are kept. */
const HEAP = '.svm_hea';
/** Bytes of a symbol, and of the longest name of a section that is looked at. */
const SYMBOL = 18;
const LONGEST_NAME = 32;
const CODE: Readonly<Record<number, RegionKind>> = {
  332: REGION_KINDS.x86Legacy,
  20580: REGION_KINDS.riscV,
  25188: REGION_KINDS.loongArch,
  34404: REGION_KINDS.x86,
  43620: REGION_KINDS.arm,
};

/** With what ReadyToRun images for other systems than Windows have their machine combined: Linux, macOS, FreeBSD. */
const SYSTEMS = [0, 0x7b79, 0x4644, 0xadc4];

function codeOf(machine: number): RegionKind {
  for (const system of SYSTEMS) {
    const kind = CODE[machine ^ system];
    if (kind !== undefined) return kind;
  }
  return REGION_KINDS.otherCode;
}

export function isPe(bytes: Buffer): boolean {
  return bytes.readUInt16LE(0) === 0x5a4d;
}

export function pe(bytes: Buffer): Parts {
  const header = bytes.readUInt32LE(60);
  if (bytes.readUInt32LE(header) !== 0x4550) return { parts: [], end: 0n };
  const code = codeOf(bytes.readUInt16LE(header + 4));
  const wide = bytes.readUInt16LE(header + 24) === WIDE;
  const base = wide ? bytes.readBigUInt64LE(header + 48) : BigInt(bytes.readUInt32LE(header + 52));
  const parts: Part[] = [
    { offset: 0, size: Math.min(4096, bytes.length), address: base, kind: REGION_KINDS.data },
  ];
  let at = header + 24 + bytes.readUInt16LE(header + 20);
  let end = base;
  let heap: Parts['heap'];
  const sections = new Map<string, Part>();
  for (let i = 0; i < bytes.readUInt16LE(header + 6); i++, at += 40) {
    const [memory, rva, stored, offset] = [8, 12, 16, 20].map((field) => bytes.readUInt32LE(at + field)) as [
      number,
      number,
      number,
      number,
    ];
    const address = base + BigInt(rva);
    const limit = address + BigInt(Math.max(memory, stored));
    if (limit > end) end = limit;
    const size = Math.min(memory, stored);
    if (bytes.toString('latin1', at, at + 8) === HEAP) heap = { offset, size };
    const executable = (bytes.readUInt32LE(at + 36) & 0x20000000) !== 0;
    const kind = executable ? code : wide ? REGION_KINDS.relative : REGION_KINDS.words;
    const part: Part = { offset, size, address, kind };
    parts.push(part);
    if (!executable) sections.set(longName(bytes, header, at), part);
    if (offset < (parts[0]?.size ?? 0) && offset > 0 && parts[0] !== undefined) parts[0].size = offset;
  }
  tellDwarf(sections);
  return { parts, end, functions: wide ? functionTable(bytes, header, base, parts) : undefined, heap };
}

/** The sections that debuggers read, as compilers of GNU and Go write them. */
export function debugSectionsOfPe(bytes: Buffer): DebugSection[] {
  const header = bytes.length < 64 || !isPe(bytes) ? -1 : bytes.readUInt32LE(60);
  if (header < 0 || header + 24 > bytes.length || bytes.readUInt32LE(header) !== 0x4550) return [];
  const first = header + 24 + bytes.readUInt16LE(header + 20);
  return Array.from({ length: bytes.readUInt16LE(header + 6) }, (_, index) => first + 40 * index)
    .filter((at) => at + 40 <= bytes.length)
    .map((at) => ({
      name: longName(bytes, header, at),
      offset: bytes.readUInt32LE(at + 20),
      size: bytes.readUInt32LE(at + 16),
    }))
    .filter(({ name }) => isDwarf(plainName(name)));
}

/** The name of a section, which a number behind a slash is the place of, in the table of strings behind the symbols. */
function longName(bytes: Buffer, header: number, at: number): string {
  const name = bytes.toString('latin1', at, at + 8);
  if (!/^\/[0-9]{1,7}\0*$/.test(name)) return name;
  const symbols = bytes.readUInt32LE(header + 12);
  const start = symbols + SYMBOL * bytes.readUInt32LE(header + 16) + Number.parseInt(name.slice(1), 10);
  return (
    bytes.toString('latin1', start, Math.min(start + LONGEST_NAME, bytes.length)).split('\0', 1)[0] ?? ''
  );
}

/** The exception directory. */
function functionTable(
  bytes: Buffer,
  header: number,
  base: bigint,
  parts: readonly Part[],
): Parts['functions'] {
  const optional = header + 24;
  if (bytes.readUInt16LE(header + 20) < 144 || bytes.readUInt32LE(optional + 108) < 4) return undefined;
  const address = base + BigInt(bytes.readUInt32LE(optional + 136));
  const size = bytes.readUInt32LE(optional + 140);
  const part = parts.find((each) => address >= each.address && address < each.address + BigInt(each.size));
  if (part === undefined) return undefined;
  const into = Number(address - part.address);
  const offset = part.offset + into;
  if (size < ENTRY || size > part.size - into || offset + size > bytes.length) return undefined;
  return { offset, size, entry: ENTRY, isAddress: false };
}
