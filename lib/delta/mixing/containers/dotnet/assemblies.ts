/** .NET assemblies within another file, as in an application that is one file: one region from the first to the last one, of which a decoder finds them by itself. */
import { around, type Image, MOST_REGIONS, REGION_KINDS } from '../image.ts';

/** Bytes of an assembly, at least. */
const LEAST = 512;
const SIGNATURE = 0x424a5342;

/** With that region, behind all that is loaded. */
export function withAssemblies(bytes: Buffer, image: Image): Image {
  const loaded = image.regions.filter(({ kind }) => kind !== REGION_KINDS.text);
  const last = loaded.at(-1);
  const from = last === undefined ? 0 : last.offset + last.size;
  let [start, end] = [-1, 0];
  for (const each of assembliesOf(bytes, from)) {
    if (start < 0) start = each.start;
    end = each.start + each.size;
  }
  if (start < 0) return image;
  const regions = image.regions.flatMap((each) => around(each, start, end));
  if (regions.length >= MOST_REGIONS) return image;
  const address = Math.max(start, image.span);
  const region = { offset: start, size: end - start, address, kind: REGION_KINDS.assemblies };
  return { ...image, regions: [...regions, region].sort((a, b) => a.offset - b.offset) };
}

/** Those from a place on. */
export function* assembliesOf(bytes: Buffer, from: number): Generator<{ start: number; size: number }> {
  for (let at = bytes.indexOf('MZ', from, 'latin1'); at >= 0; ) {
    const size = at % 4 === 0 ? sizeOf(bytes, at) : 0;
    if (size > 0) yield { start: at, size };
    at = bytes.indexOf('MZ', at + Math.max(1, size), 'latin1');
  }
}

/** Bytes of the assembly that begins there, 0 if none does. */
function sizeOf(bytes: Buffer, start: number): number {
  const word = (at: number) => (at + 4 <= bytes.length ? bytes.readUInt32LE(at) : 0);
  const header = start + word(start + 60);
  if (word(header) !== 0x4550) return 0;
  const optional = header + 24;
  const first = optional + (word(header + 20) & 0xffff);
  const sections = Array.from({ length: word(header + 4) >>> 16 }, (_, index) => {
    const at = first + 40 * index;
    return { address: word(at + 12), size: word(at + 16), offset: start + word(at + 20) };
  });
  const placeOf = (address: number) => {
    const home = sections.find((each) => address >= each.address && address < each.address + each.size);
    return home === undefined ? bytes.length : home.offset + address - home.address;
  };
  const about = placeOf(word(optional + ((word(optional) & 0xffff) === 0x20b ? 224 : 208)));
  const size = sections.reduce((most, section) => Math.max(most, section.offset + section.size - start), 0);
  const isManaged = word(placeOf(word(about + 8))) === SIGNATURE;
  return isManaged && size >= LEAST && start + size <= bytes.length ? size : 0;
}
