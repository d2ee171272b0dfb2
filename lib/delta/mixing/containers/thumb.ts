/** Thumb code of arm in ELF files, whose headers do not tell it from code with instructions of 4 bytes. */
import { type Part, REGION_KINDS } from './image.ts';

/** Tag of the address of the global offset table, in the table of what is dynamic. */
const GLOBAL_OFFSETS = 3;

/** The parts, with code that has more calls of Thumb than of the other kind as such; `dynamic`: where the table is, if the file has one. */
export function withThumb(
  bytes: Buffer,
  parts: Part[],
  dynamic: { offset: number; size: number } | undefined,
): Part[] {
  const bases = globalOffsets(bytes, parts, dynamic);
  return parts.map((part) =>
    part.kind === REGION_KINDS.arm32 && isThumb(bytes, part)
      ? { ...part, kind: REGION_KINDS.thumb, bases }
      : part,
  );
}

/** Where addresses are whose places code knows as offsets, and the end of that. */
function globalOffsets(
  bytes: Buffer,
  parts: readonly Part[],
  dynamic: { offset: number; size: number } | undefined,
): readonly [bigint, bigint] {
  const { offset = 0, size = 0 } = dynamic ?? {};
  for (let at = offset; at + 8 <= Math.min(offset + size, bytes.length); at += 8) {
    if (bytes.readUInt32LE(at) !== GLOBAL_OFFSETS) continue;
    const start = BigInt(bytes.readUInt32LE(at + 4));
    const home = parts.find(({ address, size }) => start >= address && start < address + BigInt(size));
    if (home !== undefined) return [start, home.address + BigInt(home.size)];
  }
  return [0n, 0n];
}

/** By the calls that stay within the part. */
function isThumb(bytes: Buffer, { offset, size }: Part): boolean {
  let [thumb, other] = [0, 0];
  for (let at = 0; at + 4 <= size && offset + at + 4 <= bytes.length; at += 2) {
    const [first, second] = [bytes.readUInt16LE(offset + at), bytes.readUInt16LE(offset + at + 2)];
    const isInside = (distance: number) => at + distance >= 0 && at + distance < size;
    if (at % 4 === 0 && (second & 0xff00) === 0xeb00) {
      if (isInside((((second << 16) | first) << 8) >> 6)) other++;
    } else if ((first & 0xf800) === 0xf000 && (second & 0xf800) === 0xf800) {
      // The two bits that a distance of less than 4 MiB does not need are set.
      if (isInside((((first & 0x7ff) << 21) >> 9) | ((second & 0x7ff) << 1))) thumb++;
    }
  }
  return thumb > other;
}
