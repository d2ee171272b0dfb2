/** The parts of an executable of AIX, XCOFF of 64 bits (IBM, "XCOFF Object File Format"). */
import { type Part, type Parts, REGION_KINDS, type RegionKind } from './image.ts';

const MAGIC = 0x01f7;
/** Bytes of the first header, of that of a section; where the second header has the table of contents. */
const [HEADER, SECTION, CONTENTS] = [24, 72, 24];
/** Flags of sections: code with what is only read, data, bytes that are 0, what links the file when it is loaded. */
const [TEXT, DATA, BSS, LOADER] = [0x20, 0x40, 0x80, 0x1000];
const KINDS: Readonly<Record<number, RegionKind>> = {
  [TEXT]: REGION_KINDS.powerBig,
  [DATA]: REGION_KINDS.wordsBig,
  [LOADER]: REGION_KINDS.wordsBig,
};
const LOW = 0xffffffffn;
const GRAIN = 4096n;

export function isXcoff(bytes: Buffer): boolean {
  return bytes.readUInt16BE(0) === MAGIC;
}

/**
 * Code and data are in different segments of 4 GiB, at addresses whose lower halves follow each other: these count, in the segment of the
 * code, so that all pointers are words.
 */
export function xcoff(bytes: Buffer): Parts {
  const sections = HEADER + bytes.readUInt16BE(16);
  const long = (at: number) => bytes.readBigUInt64BE(at);
  const headers = Array.from({ length: bytes.readUInt16BE(2) }, (_, index) => {
    const at = sections + SECTION * index;
    return {
      flags: bytes.readUInt32BE(at + 64) & 0xffff,
      address: long(at + 16),
      size: long(at + 24),
      offset: long(at + 32),
    };
  });
  const text = headers.find(({ flags }) => flags === TEXT);
  if (text === undefined) return { parts: [], end: 0n };
  const here = (address: bigint) => (text.address & ~LOW) | (address & LOW);
  const bases = [here(sections > HEADER + CONTENTS ? long(HEADER + CONTENTS) : 0n), 0n] as const;
  const parts: Part[] = [];
  let end = 0n;
  for (const { flags, address, size, offset } of headers) {
    const kind = KINDS[flags];
    if (flags === LOADER || (kind === undefined && flags !== BSS)) continue;
    if (here(address) + size > end) end = here(address) + size;
    if (kind !== undefined)
      parts.push({
        offset: Number(offset),
        size: Number(size),
        address: here(address),
        kind,
        ...(flags === TEXT ? { bases } : {}),
      });
  }
  for (const { flags, size, offset } of headers) {
    if (flags !== LOADER) continue;
    const address = ((end + GRAIN - 1n) / GRAIN) * GRAIN + (offset % 8n);
    parts.push({ offset: Number(offset), size: Number(size), address, kind: REGION_KINDS.wordsBig });
    end = address + size;
  }
  return { parts, end };
}
