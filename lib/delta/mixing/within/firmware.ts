/** Where the code of firmware is loaded whose records say so (../../records/), in places of the unpacked file: for the encoder only. */
import type { UnpackedFile } from '../../deflate/encode.ts';
import { around, type Image, isCode, MOST_REGIONS, type Part, REGION_KINDS } from '../containers/image.ts';
import { plainRegions, tidy } from '../executable.ts';
import { raw } from '../raw-code.ts';

/** Parts of images that are looked at, the largest first. */
const MOST_SEGMENTS = 64;
/** What another image has at its address is laid out behind all, at multiples of this. */
const GRAIN = 1n << 16n;
/** No address is above. */
const MOST_ADDRESS = 0xffff0000n;

/** Whether most of a file of so many bytes is records. */
export function isFirmware({ spans }: UnpackedFile, fileSize: number): boolean {
  const records = spans.reduce((sum, { size, segments }) => sum + (segments === undefined ? 0 : size), 0);
  return 2 * records > fileSize;
}

/** Null if there is no such code. */
export function firmwareImage({ bytes, spans }: UnpackedFile): Image | null {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const segments = spans
    .flatMap((span) => span.segments ?? [])
    .sort((a, b) => b.size - a.size)
    .slice(0, MOST_SEGMENTS);
  const parts: Part[] = [];
  const taken: { from: bigint; end: bigint }[] = [];
  let end = 0n;
  for (const { offset, size, address } of segments) {
    const found = raw(file.subarray(offset, offset + size), BigInt(address)).parts;
    // Without code all of it is data, which may have addresses.
    const [first = { offset: 0, size, address: BigInt(address), kind: REGION_KINDS.words }] = found;
    const own = found.length === 0 ? [first] : found;
    const from = first.address - BigInt(first.offset);
    const isTaken = taken.some((other) => from < other.end && from + BigInt(size) > other.from);
    const moved = isTaken ? ((end + GRAIN - 1n) / GRAIN) * GRAIN - from : 0n;
    const last = from + moved + BigInt(size);
    if (from < 0n || last > MOST_ADDRESS) continue;
    taken.push({ from: from + moved, end: last });
    if (last > end) end = last;
    for (const part of own) {
      const kind = isTaken && !isCode(part.kind) ? REGION_KINDS.data : part.kind;
      parts.push({ ...part, offset: offset + part.offset, address: part.address + moved, kind });
    }
  }
  if (!parts.some(({ kind }) => isCode(kind))) return null;
  const image = tidy(file, { parts, end });
  const behind = Math.ceil(image.span / Number(GRAIN)) * Number(GRAIN);
  if (image.span === 0 || behind + bytes.length > MOST_ADDRESS) return null;
  // What is text, but in no image.
  const others = segments.reduce(
    (regions, { offset, size }) => regions.flatMap((region) => around(region, offset, offset + size)),
    plainRegions(bytes).regions.map((region) => ({ ...region, address: region.address + behind })),
  );
  const regions = [...image.regions, ...others].sort((a, b) => a.offset - b.offset).slice(0, MOST_REGIONS);
  return { ...image, regions, span: others.length === 0 ? image.span : behind + bytes.length };
}
