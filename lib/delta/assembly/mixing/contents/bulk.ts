/** Bulk: bytes of the other stream, and those that are computed. */
import { take } from '../../memory';
import {
  addressOf,
  classOf,
  HASHES_OF_LARGE,
  isHashes,
  regionAt,
  regionCount,
  regionEnd,
  regionOf,
  X86,
} from '../addresses/regions';
import { decode, relativeAt } from '../addresses/x86';
import { State } from '../state';

export const BULK_PIECE: u32 = 1 << 16;

/** Where no instruction is, bytes after it decided that, at most so many: no displacement among them is converted. */
const LOOKAHEAD: u32 = 16;

let scratch: usize = 0;
let reversible: bool = false;

/** Of streams by the light coder: displacements are converted only where the decoder finds the same ones again. */
export function careful(): void {
  reversible = true;
}

/** For the encoder. */
export function openBulk(): bool {
  scratch = take(BULK_PIECE);
  return scratch !== 0;
}

/** How much of the bulk is due now. */
export function bulkSize(): u32 {
  return min(BULK_PIECE, min(State.stepEnd, regionEnd(1, State.at, State.newSize)) - State.at);
}

/** If the bulk that is due is the SHA-256 of pages: which of their bytes, + 1; else 0. */
export function bulkHashes(): u32 {
  const region = regionOf(1, State.at);
  return region !== 0 && isHashes(load<u32>(region, 12)) ? State.at - load<u32>(region) + 1 : 0;
}

/** The class of the content of the bulk that is due. */
export function bulkClass(): u32 {
  const region = regionOf(1, State.at);
  return region === 0 ? 0 : classOf(load<u32>(region, 12));
}

/** Bytes of the pages that are digested. */
export function pageSize(): u32 {
  for (let i: u32 = 0; i < regionCount(1); i++) {
    if (load<u32>(regionAt(1, i), 12) === HASHES_OF_LARGE) return 16384;
  }
  return 4096;
}

/** How many bytes of the new file are digested, page by page; 0 if none are. */
export function hashedBytes(): u32 {
  for (let i: u32 = 0; i < regionCount(1); i++) {
    if (isHashes(load<u32>(regionAt(1, i), 12))) return load<u32>(regionAt(1, i), 8);
  }
  return 0;
}

/** Decoding: the piece was placed at `freshAt(made())`. */
export function bulkPlaced(): void {
  const size = bulkSize();
  convert(State.fresh + State.at, size, false);
  State.at += size;
}

/** Encoding: the address of the piece as it goes to the other stream. */
export function bulkTaken(): usize {
  const size = bulkSize();
  memory.copy(scratch, State.fresh + State.at, size);
  convert(scratch, size, true);
  State.at += size;
  return scratch;
}

/** Makes the relative displacements of x86-64 code absolute, or relative again. */
function convert(piece: usize, size: u32, absolute: bool): void {
  const region = regionOf(1, State.at);
  if (region === 0 || load<u32>(region, 12) !== X86) return;
  const address = addressOf(1, State.at);
  let done: u32 = 0;
  let fixed: u32 = 0;
  while (done + 24 <= size) {
    const length = decode(piece + done);
    if (length === 0) {
      if (reversible) fixed = done + LOOKAHEAD;
      done++;
      continue;
    }
    if (relativeAt !== 0 && done + relativeAt >= fixed) {
      const place = piece + done + relativeAt;
      const next = address + done + length;
      store<u32>(place, load<u32>(place) + (absolute ? next : 0 - next));
    }
    done += length;
  }
}
