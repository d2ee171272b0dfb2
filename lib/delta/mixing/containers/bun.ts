/** The table of the files that Bun packs into an executable. */
import { around, type Image, MOST_REGIONS, REGION_KINDS } from './image.ts';

/** What ends the files that Bun packs into an executable; before it are two words each of offset and length, and more. */
const BUN_TRAILER = '\n---- Bun! ----\n';
const BUN_OFFSETS = 32;

/** With the table of the files that Bun packs into an executable, whose offsets begin where the files do. */
export function withModules(bytes: Buffer, image: Image): Image {
  const end = bytes.lastIndexOf(BUN_TRAILER) - BUN_OFFSETS;
  if (end < 0) return image;
  const origin = end - Number(bytes.readBigUInt64LE(end));
  const offset = origin + bytes.readUInt32LE(end + 8);
  const size = bytes.readUInt32LE(end + 12);
  const parts = image.regions.flatMap((region) => around(region, offset, offset + size));
  if (origin < 0 || size === 0 || offset + size > end || parts.length >= MOST_REGIONS) return image;
  const home = image.regions.find((each) => origin >= each.offset && origin < each.offset + each.size);
  const address = home === undefined ? origin : home.address + origin - home.offset;
  const regions = [...parts, { offset, size, address, kind: REGION_KINDS.offsets }];
  return { ...image, regions: regions.sort((a, b) => a.offset - b.offset) };
}
