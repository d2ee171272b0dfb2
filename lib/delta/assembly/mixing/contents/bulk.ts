/** Bulk: bytes of the other stream, and those that are computed. */
import { take } from '../../memory';
import { decode, relativeAt } from '../addresses/machines/x86';
import {
  addressOf,
  classOf,
  isHashes,
  pageSizeOf,
  regionAt,
  regionCount,
  regionEnd,
  regionOf,
  X86,
} from '../addresses/regions';
import { BULK, stepOld, stepStart } from '../addresses/steps';
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

/** If the bulk that is due is the SHA-256 of pages: which of their bytes, counting those of all regions in order, + 1; else 0. */
export function bulkHashes(): u32 {
  let before: u32 = 0;
  for (let i: u32 = 0; i < regionCount(1); i++) {
    const region = regionAt(1, i);
    if (!isHashes(load<u32>(region, 12))) continue;
    const into = State.at - load<u32>(region);
    if (into < load<u32>(region, 4)) return before + into + 1;
    before += load<u32>(region, 4);
  }
  return 0;
}

/** How much bulk the steps before the one of that index have that is not computed. */
export function bulkBefore(index: u32): u32 {
  let sum: u32 = 0;
  for (let i: u32 = 0; i < index; i++) {
    if (stepOld(i) !== BULK) continue;
    const start = stepStart(i);
    const end = stepStart(i + 1);
    sum += end - start;
    for (let j: u32 = 0; j < regionCount(1); j++) {
      const region = regionAt(1, j);
      if (!isHashes(load<u32>(region, 12))) continue;
      const from = max(start, load<u32>(region));
      const to = min(end, load<u32>(region) + load<u32>(region, 4));
      if (from < to) sum -= to - from;
    }
  }
  return sum;
}

/** The class of the content of the bulk that is due. */
export function bulkClass(): u32 {
  const region = regionOf(1, State.at);
  return region === 0 ? 0 : classOf(load<u32>(region, 12));
}

/** Whether the region of that index has the hashes of pages: their size, else 0. */
export function hashedPages(index: u32): u32 {
  const kind = load<u32>(regionAt(1, index), 12);
  return index < regionCount(1) && isHashes(kind) ? pageSizeOf(kind) : 0;
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
