/** Objects of Mach-O (mach-o/loader.h) of 64 bits, the lowest byte first. */
import { type ObjectTable, textAt } from './object.ts';

/** Bytes of the header, of a command with sections without these, of the header of a section, of a symbol, of a relocation. */
const [HEADER, SEGMENT, SECTION, SYMBOL, RELOCATION] = [32, 72, 80, 16, 8];
/** Numbers of commands. */
const [SECTIONS, SYMBOLS] = [0x19, 2];
const BY_SYMBOL = 0x08000000;

export function isMachObject(bytes: Buffer): boolean {
  return bytes.length >= HEADER && bytes.readUInt32LE(0) === 0xfeedfacf && bytes.readUInt32LE(12) === 1;
}

export function tablesOfMachObject(bytes: Buffer): ObjectTable[] {
  const [segment, table] = [commandOf(bytes, SECTIONS), commandOf(bytes, SYMBOLS)];
  if (segment === undefined || table === undefined) return [];
  const sections = Array.from({ length: bytes.readUInt32LE(segment + 64) }, (_, index) => {
    const at = segment + SEGMENT + SECTION * index;
    return {
      name: textAt(bytes, at, 16),
      address: bytes.readUInt32LE(at + 32),
      offset: bytes.readUInt32LE(at + 48),
      relocations: bytes.readUInt32LE(at + 56),
      count: bytes.readUInt32LE(at + 60),
    };
  });
  const [symbolsAt, count, namesAt] = [8, 12, 16].map((field) => bytes.readUInt32LE(table + field)) as [
    number,
    number,
    number,
  ];
  const symbols = Array.from({ length: Math.min(count, bytes.length / SYMBOL) }, (_, index) => {
    const at = symbolsAt + SYMBOL * index;
    const home = sections[bytes.readUInt8(at + 5) - 1];
    const address =
      home === undefined || home.offset === 0 ? 0 : home.offset + bytes.readUInt32LE(at + 8) - home.address;
    return {
      address,
      name: `${bytes.readUInt8(at + 4)} ${textAt(bytes, namesAt + bytes.readUInt32LE(at))}`,
    };
  });
  const tables = sections
    .filter(
      (section) => section.count > 0 && section.relocations + RELOCATION * section.count <= bytes.length,
    )
    .map((section): ObjectTable => {
      const entries = Array.from({ length: section.count }, (_, index) => {
        const at = section.relocations + RELOCATION * index;
        const word = bytes.readUInt32LE(at + 4);
        const to = word & 0xffffff;
        const name = (word & BY_SYMBOL) === 0 ? sections[to - 1]?.name : symbols[to]?.name;
        return { address: section.offset + bytes.readUInt32LE(at), name: `${word >>> 24} ${name}` };
      });
      return { name: section.name, offset: section.relocations, entry: RELOCATION, entries, isOrdered: true };
    });
  return [...tables, { name: '', offset: symbolsAt, entry: SYMBOL, entries: symbols, isOrdered: false }];
}

/** Where the first command of that number is. */
function commandOf(bytes: Buffer, number: number): number | undefined {
  const end = HEADER + bytes.readUInt32LE(20);
  for (let at = HEADER; at + 8 <= end; ) {
    if (bytes.readUInt32LE(at) === number) return at;
    const size = bytes.readUInt32LE(at + 4);
    if (size < 8) return undefined;
    at += size;
  }
  return undefined;
}
