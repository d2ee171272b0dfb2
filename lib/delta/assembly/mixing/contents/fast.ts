/**
 * Fast steps: the same predictions of references, and the same blocks, but each bit is told by one counter or two, and nothing is searched for
 * around a wrong byte: neither matches nor words nor another aligned place.
 */
import { take } from '../../memory';
import {
  charge,
  codeFastBit,
  codeFastFlag,
  codeFlag,
  encoding,
  HITS,
  LITERALS,
  spendFast,
} from '../coding/coder';
import { Limits } from '../coding/limits';
import { hash } from '../coding/tables';
import { counter, State, TEXT_CLASS } from '../state';
import { advanceCalm } from './bytes';

/** Bits that counters have seen, at most. */
const LIMIT: u32 = 127;
/** What a reference takes besides its bits. */
const REFERENCE: u32 = 16;

/** Of references: the sets of mixed flags, by how the last three went. */
const FLAGS: usize = 64 * 8 * 2 * 8;
/** Whether a byte is the aligned one: by class and history; by class, the last two of it, and the byte. */
const HISTORIES: u32 = 3 * 256;
const HIT_FLAGS: usize = HISTORIES + 3 * 4 * 256;
/** Counters of a byte by what it is likened to, and of one by its bits alone. */
const LIKENED: usize = 3 * 256;
const TREE: usize = 256;
/** Trees of text by the last two bytes; of others by the aligned byte. */
const PAIRS: u32 = 4096;
const TREES: usize = PAIRS + 2 * 256;
/** Trees of fields by their higher byte. */
const FIELD_TREES: u32 = 4096;

let flags: usize = 0;
let hits: usize = 0;
let bytes: usize = 0;
let byteTrees: usize = 0;
let fields: usize = 0;
let fieldTrees: usize = 0;

/** Bytes. */
export function sizeOfFast(): usize {
  return Limits.fast
    ? 4 * (FLAGS + HIT_FLAGS + (3 * 256 + 64 * 16) * LIKENED + (TREES + FIELD_TREES) * TREE)
    : 0;
}

export function openFast(): bool {
  if (!Limits.fast) return true;
  flags = take(4 * FLAGS);
  hits = take(4 * HIT_FLAGS);
  bytes = take(4 * 3 * 256 * LIKENED);
  byteTrees = take(4 * TREES * TREE);
  fields = take(4 * 64 * 16 * LIKENED);
  fieldTrees = take(4 * FIELD_TREES * TREE);
  return flags !== 0 && hits !== 0 && bytes !== 0 && byteTrees !== 0 && fields !== 0 && fieldTrees !== 0;
}

/** A flag of a step of either kind. */
export function flagOf(bit: u32, counter: usize, limit: u32): u32 {
  return State.fast ? codeFastFlag(bit, counter, limit) : codeFlag(bit, counter, limit);
}

/** Whether a field is as predicted; `set` as of mixed flags. */
export function codeFastWanted(isWanted: u32, set: u32, history: u32): u32 {
  spendFast(REFERENCE);
  return codeFastFlag(isWanted, counter(flags, set * 8 + (history & 7)), LIMIT);
}

/** A field that nothing predicted, byte by byte from its highest. */
export function codeFastField(reference: u32, size: u32, wanted: u64, actual: u64): u64 {
  let value: u64 = 0;
  for (let i = <i32>size - 1; i >= 0; i--) {
    const shift: u64 = (<u64>i) << 3;
    const place = reference * 8 + <u32>i;
    const equal = u32(value === (i === 7 ? 0 : wanted >> (shift + 8)));
    const table = fields + ((<usize>(place * 2 + equal) * LIKENED) << 2);
    const key = hash(place, <u32>value & 255) & (FIELD_TREES - 1);
    const tree = fieldTrees + ((<usize>key * TREE) << 2);
    const byte = <u32>(actual >> shift) & 255;
    value = (value << 8) | <u64>codeLikened(byte, <u32>(wanted >> shift) & 255, table, tree);
  }
  return value;
}

/** The byte is known not to be the aligned one. */
export function fastMiss(): void {
  State.wary = true;
  State.blockLeft = -1;
  State.cleanBlocks = 0;
  State.history = 255;
  literal(true, load<u8>(State.old + State.oldAt));
}

/** Byte by byte: whether each is the aligned one, what it is if not. */
export function codeFastByte(): void {
  if (State.oldAt >= State.oldSize) {
    literal(false, 0);
    return;
  }
  const aligned: u32 = load<u8>(State.old + State.oldAt);
  charge(HITS + State.kind);
  const isAligned = encoding ? u32(load<u8>(State.fresh + State.at) === aligned) : 0;
  const byHistory = counter(hits, State.kind * 256 + State.history);
  const byByte = counter(hits, HISTORIES + (State.kind * 4 + (State.history & 3)) * 256 + aligned);
  if (!codeFastBit(isAligned, byHistory, byByte, LIMIT)) {
    literal(true, aligned);
    return;
  }
  store<u8>(State.fresh + State.at, <u8>aligned);
  State.history = ((State.history << 1) | 1) & 255;
  State.at++;
  State.oldAt++;
  advanceCalm(1);
}

function literal(hasAligned: bool, aligned: u32): void {
  charge(LITERALS + State.kind);
  const here = State.fresh + State.at;
  const table = bytes + ((<usize>(State.kind * 256 + load<u8>(here - 1)) * LIKENED) << 2);
  const key =
    State.kind === TEXT_CLASS
      ? hash(load<u16>(here - 2), 0) & (PAIRS - 1)
      : PAIRS + State.kind * 256 + aligned;
  const byte = encoding ? load<u8>(here) : 0;
  store<u8>(here, <u8>codeLikened(byte, aligned, table, byteTrees + ((<usize>key * TREE) << 2)));
  State.history = (State.history << 1) & 255;
  State.calm = 0;
  State.lastMiss = State.oldAt;
  State.at++;
  if (hasAligned) State.oldAt++;
}

/**
 * A byte by two counters for each bit: of `table` by the bits so far and, until one differs, the next bit of what it is likened to; of `tree`
 * by the bits so far.
 */
function codeLikened(byte: u32, like: u32, table: usize, tree: usize): u32 {
  let node: u32 = 1;
  let isLike = true;
  for (let i: i32 = 7; i >= 0; i--) {
    const next = (like >> i) & 1;
    const row = isLike ? 1 + next : 0;
    const bit = codeFastBit((byte >> i) & 1, counter(table, row * 256 + node), counter(tree, node), LIMIT);
    if (bit !== next) isLike = false;
    node = node * 2 + bit;
  }
  return node & 255;
}
