/**
 * What the fourth model learns of the old file before it makes the first byte: what is new resembles what surrounds it, or was there in
 * its place. So the contexts of literals learn the old bytes that are nearest to where steps begin and end.
 */
import { mark, release, take } from '../../memory';
import { objectCode, objectStretch } from '../addresses/objects/fields';
import {
  addressOf,
  areObjects,
  classOf,
  hasObjects,
  isInWords,
  regionEnd,
  regionOf,
} from '../addresses/regions';
import { BULK, stepCount, stepOld, stepStart } from '../addresses/steps';
import { learnLiteral } from '../coding/layers';
import { hash } from '../coding/tables';
import { CODE, State, TEXT_CLASS } from '../state';
import { forgetInstructions } from './instruction';
import { describeMade } from './literal';
import { isIdentifier } from './words';

/** What is learned is whole blocks of so many bytes, 2^BLOCK. */
const BLOCK: u32 = 6;
/** Blocks that are farther from the next step than that, in blocks, are not learned. */
const FARTHEST: u32 = 65534;
/** Contexts that old bytes say nothing of: those made of what is across from a byte, by class. */
const UNKNOWN_IN_DATA: u32 = 0b10011100;
const UNKNOWN_IN_CODE: u32 = 0b00011100;
const UNKNOWN_IN_TEXT: u32 = 0b1100001100;

/** Blocks that are learned of those at the greatest distance: the first ones. */
let spare: u32 = 0;
/** Bytes that were learned. */
export let learned: u32 = 0;

/** Learns 2^`amount` bytes of the old file, or all that is not farther than FARTHEST. False if memory ran out. */
export function learnOld(amount: u32): bool {
  const blocks = (State.oldSize + (1 << BLOCK) - 1) >> BLOCK;
  if (amount < BLOCK || blocks === 0) return true;
  const before = mark();
  const distances = take((<usize>blocks) << 1);
  const counts = take((<usize>FARTHEST + 2) << 2);
  if (distances === 0 || counts === 0) return false;
  measure(distances, blocks);
  const most = nearEnough(distances, blocks, counts, 1 << (amount - BLOCK));
  const fresh = State.fresh;
  const at = State.at;
  State.fresh = State.old;
  learnNear(distances, blocks, most);
  State.fresh = fresh;
  State.at = at;
  State.wordHash = 0;
  forgetInstructions();
  release(before);
  return true;
}

/** How far each block is from the next one in which an aligned step begins or ends. */
function measure(distances: usize, blocks: u32): void {
  memory.fill(distances, 255, (<usize>blocks) << 1);
  for (let i: u32 = 0; i < stepCount; i++) {
    const old = stepOld(i);
    if (old === BULK) continue;
    store<u16>(distances + ((<usize>min(blocks - 1, old >> BLOCK)) << 1), 0);
    const size = stepStart(i + 1) - stepStart(i);
    const end = size < State.oldSize - old ? old + size : State.oldSize - 1;
    store<u16>(distances + ((<usize>(end >> BLOCK)) << 1), 0);
  }
  let distance: u32 = FARTHEST;
  for (let i: u32 = 0; i < blocks; i++) distance = nearer(distances + ((<usize>i) << 1), distance);
  distance = FARTHEST;
  for (let i = blocks; i > 0; i--) distance = nearer(distances + ((<usize>(i - 1)) << 1), distance);
}

/** The distance of a block whose neighbour has `distance`. */
function nearer(place: usize, distance: u32): u32 {
  const found = min<u32>(load<u16>(place), min(FARTHEST, distance + 1));
  store<u16>(place, <u16>found);
  return found;
}

/** The greatest distance below which are at most `limit` blocks. How many more may be learned is in `spare`. */
function nearEnough(distances: usize, blocks: u32, counts: usize, limit: u32): u32 {
  memory.fill(counts, 0, (<usize>FARTHEST + 2) << 2);
  for (let i: u32 = 0; i < blocks; i++) {
    const count = counts + ((<usize>load<u16>(distances + ((<usize>i) << 1))) << 2);
    store<u32>(count, load<u32>(count) + 1);
  }
  let sum: u32 = 0;
  let distance: u32 = 0;
  for (; distance < FARTHEST; distance++) {
    const count = load<u32>(counts + ((<usize>distance) << 2));
    if (sum + count > limit) break;
    sum += count;
  }
  spare = distance < FARTHEST ? limit - sum : 0;
  return distance;
}

function learnNear(distances: usize, blocks: u32, most: u32): void {
  let end: u32 = 0;
  for (let block: u32 = 0; block < blocks; block++) {
    const distance: u32 = load<u16>(distances + ((<usize>block) << 1));
    if (distance > most || (distance === most && spare === 0)) {
      State.wordHash = 0;
      continue;
    }
    if (distance === most) spare--;
    const to = min(State.oldSize, (block + 1) << BLOCK);
    for (let place = block << BLOCK; place < to; place++) {
      if (place >= end) end = enter(place);
      State.at = place;
      learnByte();
    }
  }
}

/** Sets what is there in the old file. Returns where something else begins. */
function enter(place: u32): u32 {
  const region = regionOf(0, place);
  let end = regionEnd(0, place, State.oldSize);
  State.code = region === 0 ? 0 : load<u32>(region, 12);
  State.inWords = isInWords(region);
  if (hasObjects && areObjects(State.code)) {
    State.code = objectCode(place);
    end = place + objectStretch(place, end - place);
  }
  State.kind = classOf(State.code);
  return end;
}

function learnByte(): void {
  const byte: u32 = load<u8>(State.old + State.at);
  const count = describeMade(addressOf(0, State.at));
  const isText = State.kind === TEXT_CLASS;
  const unknown = isText ? UNKNOWN_IN_TEXT : State.kind === CODE ? UNKNOWN_IN_CODE : UNKNOWN_IN_DATA;
  learnLiteral(byte, count, unknown);
  State.wordHash = isIdentifier(byte) ? hash(State.wordHash, byte) : 0;
  learned++;
}
