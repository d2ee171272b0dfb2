/** What the headers of both files say, and what is tried in its place. */
import type { UnpackedPair } from '../../deflate/encode.ts';
import {
  type Image,
  isCode,
  isData,
  isUnwinding,
  REGION_KINDS,
  type RegionKind,
} from '../containers/image.ts';
import type { MixingInput } from '../encode.ts';
import { regionsOf } from '../executable.ts';
import { unpackedImage } from '../within/unpacked-image.ts';

type Images = MixingInput['images'];

/** What the headers of both files say. */
export function imagesOf(old: Uint8Array, fresh: Uint8Array, unpacked: UnpackedPair | null): Images {
  const images =
    unpacked === null
      ? { old: regionsOf(old, false), fresh: regionsOf(fresh, true) }
      : { old: unpackedImage(old, unpacked.old, false), fresh: unpackedImage(fresh, unpacked.fresh, true) };
  if (!hasRecords(images.old) || !hasRecords(images.fresh)) {
    for (const { regions } of [images.old, images.fresh])
      for (const region of regions)
        if (region.kind === REGION_KINDS.codeRecords) region.kind = REGION_KINDS.data;
  }
  for (const { regions } of [images.old, images.fresh]) {
    const [, ...others] = regions.filter(({ kind }) => kind === REGION_KINDS.dwarf);
    for (const region of others) region.kind = REGION_KINDS.debug;
  }
  return images;
}

export function hasRecords({ regions }: Image): boolean {
  return regions.some(({ kind }) => kind === REGION_KINDS.codeRecords);
}

/** Whether all code is as it was, where it was: then the decoder need not look through it for references, which takes longest. */
export function isCodeEqual({ old, fresh, images }: Pick<MixingInput, 'old' | 'fresh' | 'images'>): boolean {
  const code = (image: Image) => image.regions.filter(({ kind }) => isCode(kind));
  const before = code(images.old);
  const after = code(images.fresh);
  return (
    before.length > 0 &&
    before.length === after.length &&
    before.every(({ offset, size, address }, index) => {
      const now = after[index];
      if (now === undefined || now.size !== size || now.address !== address) return false;
      const bytes = fresh.subarray(now.offset, now.offset + size);
      return Buffer.compare(old.subarray(offset, offset + size), bytes) === 0;
    })
  );
}

/** Changes them: code, and data that may refer to it, is data then. */
export function makeCodeData(images: Images): void {
  for (const { regions } of [images.old, images.fresh]) {
    for (const region of regions)
      if (isCode(region.kind) || isData(region.kind) || isUnwinding(region.kind))
        region.kind = REGION_KINDS.data;
  }
}

/** Code as such of a machine that is not known: without references. */
export function withOtherCode(images: Images): Images {
  return withKinds(images, (kind) => (isCode(kind) ? REGION_KINDS.otherCode : kind));
}

/** Debug information without what its entries say. */
export function withoutEntries(images: Images): Images {
  return withKinds(images, (kind) => (kind === REGION_KINDS.dwarf ? REGION_KINDS.debug : kind));
}

function withKinds({ old, fresh }: Images, kindFor: (kind: RegionKind) => RegionKind): Images {
  const changed = (image: Image) => ({
    ...image,
    regions: image.regions.map((region) => ({ ...region, kind: kindFor(region.kind) })),
  });
  return { old: changed(old), fresh: changed(fresh) };
}
