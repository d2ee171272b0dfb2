/** What is new in the new file, as it is in `extra`, and the hashes of its pages: from lib/delta/FORMAT.md. */
import { createHash } from 'node:crypto';
import { requireSound } from './arithmetic.ts';
import { convert } from './converted.ts';
import {
  addressIn,
  HASHES,
  hashedFrom,
  type Image,
  LARGE_HASHES,
  type Region,
  stretchIn,
  X86,
} from './image.ts';
import type { State } from './state.ts';
import { instruction } from './x86.ts';

/** The bytes of all bulk, and how many of them are used up. */
export interface Extra {
  bytes: Uint8Array;
  isLight: boolean;
  at: number;
  /** The new file as it is, of which this is the beginning as it is made: of a patch between unpacked files. */
  packed?: (made: Uint8Array) => Uint8Array;
}

const LARGEST_PIECE = 65536;
const isHashes = ({ kind }: Region) => kind === HASHES || kind === LARGE_HASHES;

export class Bulk {
  readonly #state: State;
  readonly #image: Image;
  readonly #extra: Extra;

  constructor(state: State, image: Image, extra: Extra) {
    this.#state = state;
    this.#image = image;
    this.#extra = extra;
  }

  makePiece(): void {
    const { files, at, stepEnd } = this.#state;
    const { region, end } = stretchIn(this.#image, at, files.fresh.length);
    const size = Math.min(LARGEST_PIECE, stepEnd - at, end - at);
    const piece = files.fresh.subarray(at, at + size);
    if (region !== undefined && isHashes(region)) {
      const from = at - region.offset;
      if (files.start === 0)
        piece.set(digests(files.fresh, region, this.#image, this.#extra).subarray(from, from + size));
    } else {
      const extra = this.#extra;
      piece.set(extra.bytes.subarray(extra.at, extra.at + size));
      extra.at += size;
      requireSound(extra.at <= extra.bytes.length);
      if (region?.kind === X86) this.#makeRelative(piece, addressIn(this.#image, at));
    }
    this.#state.at += size;
  }

  #makeRelative(piece: Uint8Array, address: number): void {
    const view = new DataView(piece.buffer, piece.byteOffset, piece.length);
    let from = 0;
    for (let at = 0; at + 24 <= piece.length; ) {
      const found = instruction(piece, at);
      if (found === null && this.#extra.isLight) from = at + 16;
      if (found !== null && found.relativeAt !== 0 && at + found.relativeAt >= from) {
        const field = at + found.relativeAt;
        view.setUint32(field, view.getUint32(field, true) - (address + at + found.length), true);
      }
      at += found?.length ?? 1;
    }
  }
}

/** The hashes that a region consists of, nothing for one of another kind. */
export function digests(made: Uint8Array, region: Region, image: Image, { packed }: Extra): Uint8Array {
  if (!isHashes(region)) return new Uint8Array();
  const unpacked = convert(made, image, true);
  const fresh = packed === undefined ? unpacked : packed(unpacked.subarray(0, region.offset));
  requireSound(packed === undefined || fresh.length >= region.address);
  const pageSize = region.kind === HASHES ? 4096 : 16384;
  const all: Uint8Array[] = [];
  for (let from = hashedFrom(region); from < region.address; from += pageSize) {
    const bytes = fresh.subarray(from, Math.min(from + pageSize, region.address));
    all.push(createHash('sha256').update(bytes).digest());
  }
  return Buffer.concat(all);
}
