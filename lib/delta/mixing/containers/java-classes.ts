/** Classes of Java within another file, as in an archive that is not compressed, or alone: one region from the first to the last one of many, of which a decoder finds them by itself. */
import { around, type Image, MOST_REGIONS, REGION_KINDS, type Region } from './image.ts';

const MAGIC = Buffer.from([0xca, 0xfe, 0xba, 0xbe]);
const HEADER = 10;
/** Of the first version of Java; Mach-O files for several machines, which begin with the same, have fewer parts. */
const LEAST_VERSION = 45;
/** Bytes of each constant, by its tag; those of text are without it. */
const SIZES = [0, 3, 0, 5, 5, 9, 9, 3, 3, 5, 5, 5, 5, 0, 0, 4, 3, 5, 5, 3, 3];
/** Bytes between classes of one region, at most. */
const MOST_BETWEEN = 1 << 16;

/** Of regions whose references have the same numbers as those of classes, and another order of bytes. */
const OTHERS: readonly number[] = [
  REGION_KINDS.go,
  REGION_KINDS.goTypes,
  REGION_KINDS.objects,
  REGION_KINDS.rows,
  REGION_KINDS.otherObjects,
  REGION_KINDS.assemblies,
];

export function hasClasses({ regions }: Image): boolean {
  return regions.some(({ kind }) => kind === REGION_KINDS.classes);
}

/** With these regions in the place of what else was there, unless that can't be beside them. */
export function withClasses(bytes: Buffer, image: Image): Image {
  if (image.regions.some(({ kind }) => OTHERS.includes(kind))) return image;
  const found: Region[] = [];
  for (const { start, end } of classesOf(bytes)) {
    const last = found.at(-1);
    if (last !== undefined && start - last.offset - last.size <= MOST_BETWEEN) last.size = end - last.offset;
    else
      found.push({
        offset: start,
        size: end - start,
        address: Math.max(start, image.span),
        kind: REGION_KINDS.classes,
      });
  }
  const others = found.reduce<Region[]>(
    (regions, { offset, size }) => regions.flatMap((each) => around(each, offset, offset + size)),
    image.regions,
  );
  const regions = [...others, ...found];
  if (found.length === 0 || regions.length > MOST_REGIONS) return image;
  return { ...image, regions: regions.sort((a, b) => a.offset - b.offset) };
}

function* classesOf(bytes: Buffer): Generator<{ start: number; end: number }> {
  for (let start = bytes.indexOf(MAGIC); start >= 0; ) {
    const end = endOfClass(bytes, start);
    if (end > 0) yield { start, end };
    start = bytes.indexOf(MAGIC, Math.max(start + 1, end));
  }
}

/** 0 if there is no class. */
function endOfClass(bytes: Buffer, start: number): number {
  const constants = endOfConstants(bytes, start);
  if (constants === 0) return 0;
  let at = constants + 6;
  const half = () => {
    at += 2;
    return at <= bytes.length ? bytes.readUInt16BE(at - 2) : 0;
  };
  const attributes = () => {
    for (let left = half(); left > 0 && at + 6 <= bytes.length; left--) at += 6 + bytes.readUInt32BE(at + 2);
  };
  const interfaces = half();
  at += 2 * interfaces;
  for (let table = 0; table < 2; table++) {
    for (let left = half(); left > 0 && at < bytes.length; left--) {
      at += 6;
      attributes();
    }
  }
  attributes();
  return at <= bytes.length ? at : 0;
}

function endOfConstants(bytes: Buffer, start: number): number {
  if (bytes.length - start < HEADER || bytes.readUInt16BE(start + 6) < LEAST_VERSION) return 0;
  const count = bytes.readUInt16BE(start + 8);
  let at = start + HEADER;
  for (let number = 1; number < count; number++) {
    const tag = bytes[at] ?? 0;
    const size = SIZES[tag] ?? 0;
    if (size === 0 || at + size > bytes.length) return 0;
    if (tag === 5 || tag === 6) number++;
    at += size + (tag === 1 ? bytes.readUInt16BE(at + 1) : 0);
  }
  return at <= bytes.length ? at : 0;
}
