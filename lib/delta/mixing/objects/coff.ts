/** Objects of COFF ("PE Format"), as Windows has them. */
import { type Named, type ObjectTable, textAt } from './object.ts';

/** Bytes of the header, of that of a section, of a symbol, of a relocation. */
const [HEADER, SECTION, SYMBOL, RELOCATION] = [20, 40, 18, 10];
/** How what is not of COFF, but imports one function, begins, and where it has its name; how the symbol of a function begins that an object imports. */
const [IMPORT, IMPORT_NAME] = [0xffff0000, 20];
const IMPORTED = ' __imp_';
const MACHINES = [0x8664, 0x14c, 0xaa64];

export function isCoff(bytes: Buffer): boolean {
  if (bytes.length < HEADER + SECTION || !MACHINES.includes(bytes.readUInt16LE(0))) return false;
  const [count, symbols, symbolCount] = [
    bytes.readUInt16LE(2),
    bytes.readUInt32LE(8),
    bytes.readUInt32LE(12),
  ];
  const headersEnd = HEADER + SECTION * count;
  return (
    bytes.readUInt16LE(16) === 0 &&
    count > 0 &&
    symbols >= headersEnd &&
    symbols + SYMBOL * symbolCount + 4 <= bytes.length
  );
}

/** The name of the function, if it imports one and does nothing besides. */
export function importOf(bytes: Buffer): string | undefined {
  if (bytes.length > IMPORT_NAME && bytes.readUInt32LE(0) === IMPORT) return textAt(bytes, IMPORT_NAME);
  if (!isCoff(bytes)) return undefined;
  const [symbols] = tablesOfCoff(bytes).slice(-1);
  const name = symbols?.entries.find((entry) => entry.name.includes(IMPORTED) && entry.address > 0)?.name;
  return name?.slice(name.indexOf(IMPORTED) + IMPORTED.length);
}

export function tablesOfCoff(bytes: Buffer): ObjectTable[] {
  const symbolsAt = bytes.readUInt32LE(8);
  const count = bytes.readUInt32LE(12);
  const namesAt = symbolsAt + SYMBOL * count;
  const sections = Array.from({ length: bytes.readUInt16LE(2) }, (_, index) => {
    const at = HEADER + SECTION * index;
    const name = textAt(bytes, at, 8);
    return {
      name: name.startsWith('/') ? textAt(bytes, namesAt + (Number.parseInt(name.slice(1), 10) || 0)) : name,
      offset: bytes.readUInt32LE(at + 20),
      relocations: bytes.readUInt32LE(at + 24),
      count: bytes.readUInt16LE(at + 32),
    };
  });
  const symbols: Named[] = [];
  while (symbols.length < count) {
    const at = symbolsAt + SYMBOL * symbols.length;
    const long = bytes.readUInt32LE(at) === 0;
    const text = long ? textAt(bytes, namesAt + bytes.readUInt32LE(at + 4)) : textAt(bytes, at, 8);
    const [value, home, kind] = [
      bytes.readUInt32LE(at + 8),
      sections[bytes.readUInt16LE(at + 12) - 1],
      bytes.readUInt8(at + 16),
    ];
    const address = home === undefined || home.offset === 0 ? 0 : home.offset + value;
    const name = `${kind} ${text}`;
    symbols.push({ address, name });
    for (let more = bytes.readUInt8(at + 17); more > 0 && symbols.length < count; more--)
      symbols.push({ address, name: `${name} ${more}` });
  }
  const tables = sections
    .filter(
      (section) => section.count > 0 && section.relocations + RELOCATION * section.count <= bytes.length,
    )
    .map((section): ObjectTable => {
      const entries = Array.from({ length: section.count }, (_, index) => {
        const at = section.relocations + RELOCATION * index;
        const name = symbols[bytes.readUInt32LE(at + 4)]?.name;
        return {
          address: section.offset + bytes.readUInt32LE(at),
          name: `${bytes.readUInt16LE(at + 8)} ${name}`,
        };
      });
      return { name: section.name, offset: section.relocations, entry: RELOCATION, entries, isOrdered: true };
    });
  return [...tables, { name: '', offset: symbolsAt, entry: SYMBOL, entries: symbols, isOrdered: false }];
}
