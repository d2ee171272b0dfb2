/** Tables of symbols as tables of functions: each record has the name and the address of something. */
import { type FunctionTable, type Image, REGION_KINDS, type Region } from './image.ts';

/** Bytes of a symbol of ELF (of 64 bits), and of Mach-O; where its address is in either. */
const [SYMBOL, SYMBOL_SHORT, ADDRESS] = [24, 16, 8];
/** Bytes of a name that tell it from others. */
const NAME = 200;

export function symbolTables(bytes: Buffer, image: Pick<Image, 'regions'>): FunctionTable[] {
  const { symbols, symbolsShort } = REGION_KINDS;
  return image.regions
    .filter(({ kind }) => kind === symbols || kind === symbolsShort)
    .map((region) => tableOf(bytes, region, image));
}

function tableOf(bytes: Buffer, region: Region, { regions }: Pick<Image, 'regions'>): FunctionTable {
  const size = region.kind === REGION_KINDS.symbols ? SYMBOL : SYMBOL_SHORT;
  const [names, first] = region.bases ?? [0, 0];
  const home = regions.find(({ address, size: length }) => names >= address && names < address + length);
  const start = home === undefined ? bytes.length : home.offset + names - home.address;
  const records = Array.from({ length: Math.floor(region.size / size) }, (_, index) => {
    const offset = region.offset + size * index;
    const name = start + bytes.readUInt32LE(offset);
    const end = bytes.indexOf(0, name);
    const type = bytes.readUInt8(offset + 4);
    return {
      address: (first + bytes.readUInt32LE(offset + ADDRESS)) >>> 0,
      offset,
      size,
      name: `${type} ${bytes.toString('latin1', name, Math.min(name + NAME, end < 0 ? bytes.length : end))}`,
    };
  });
  return { offset: region.offset, size: size * records.length, records };
}
