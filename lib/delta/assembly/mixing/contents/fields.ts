/** Fields that hold a reference: as predicted, or what they hold instead. */
import { take } from '../../memory';
import { hasClasses, isClassKind, isOfClass } from '../addresses/data/classes';
import { predictNumber } from '../addresses/data/constants';
import { referenceAt } from '../addresses/found';
import { HALFWORDS, sizeAt } from '../addresses/kinds';
import { isLaterLayout } from '../addresses/objects/layouts';
import {
  actual,
  field,
  held,
  isWordAt,
  newOrigin,
  oldOrigin,
  read,
  target,
  unmoved,
  write,
} from '../addresses/references';
import { addressOf } from '../addresses/regions';
import { confidence, learnTarget, neighbours, predictTarget } from '../addresses/targets';
import { charge, encoding, FIELDS, REFERENCES } from '../coding/coder';
import { Limits } from '../coding/limits';
import { codeLiteral } from '../coding/literals';
import { codeMixed, codeMixedTwice, counterOfFlag } from '../coding/mixer';
import { hash } from '../coding/tables';
import { counter, State } from '../state';
import { advanceCalm } from './bytes';
import { codeFastField, codeFastWanted, flagOf } from './fast';
import { context, describeInstruction } from './literal';

const REFERENCE_SETS: u32 = 1024;
/** Of the second weights, behind those of bytes. */
const OTHER_SETS: u32 = 768;
/** The sets of these kinds and those above are behind the sets of words and suspects. */
const LATER: u32 = 48;

/** So many wrong fields in a row; bytes behind the last one that have to be right before there may be fields again. */
const UNLIKELY: u32 = 3;
const AGAIN: u32 = 4;

let referenceHistory: u32 = 0;
/** Fields of objects in a row that nothing predicted, and where the last one ends. */
let wrongFields: u32 = 0;
let wrongAt: u32 = 0;
let referenceFlags: usize = 0;
let secondFlags: usize = 0;

export function openFields(): bool {
  referenceFlags = take(8 * 4096 * 4);
  secondFlags = take(64 * 4 * 4);
  return referenceFlags !== 0 && secondFlags !== 0;
}

export function referenceHere(place: u32, oldPlace: u32): u32 {
  if (oldPlace >= State.oldSize || oldPlace + 8 > State.oldSize) return 0;
  if (place + 8 <= State.stepEnd) return referenceAt(oldPlace);
  // Fields of classes are short, and so are steps.
  if (!hasClasses || place + 2 > State.stepEnd) return 0;
  const reference = referenceAt(oldPlace);
  return isClassKind(reference) && isOfClass(oldPlace, reference) ? reference : 0;
}

/** Whether what looks like references of an object here is likely to be none: what is new may be aligned with a table. */
export function areUnlikely(): bool {
  if ((!isLaterLayout && !hasClasses) || wrongFields < UNLIKELY) return false;
  return (State.history & 15) !== 15 || State.at - wrongAt < AGAIN;
}

export function codeReference(reference: u32): void {
  charge(REFERENCES);
  const size = sizeAt(State.old + State.oldAt, reference);
  const refersTo = target(State.oldAt, reference);
  const address = addressOf(1, State.at);
  let table: u32 = 0;
  const origin = oldOrigin(State.oldAt, reference);
  if (origin !== 0xffffffff) table = predictTarget(origin);
  else table = newOrigin(State.oldAt, reference, State.at);
  const expected = isOfClass(State.oldAt, reference)
    ? predictNumber(State.oldAt, refersTo)
    : predictTarget(refersTo);
  const trust = confidence;
  const wanted = held(
    State.oldAt,
    reference,
    field(State.oldAt, reference, address, expected, table),
    address,
  );
  const before = unmoved(State.oldAt, reference, size, address);
  const same = u32(wanted === before);
  const inWords = isWordAt(State.oldAt, reference);
  const actualWord = encoding ? read(State.fresh + State.at, reference, size, inWords) : 0;
  const set = (reference * 8 + trust) * 2 + same;
  const isWanted = u32(actualWord === wanted);
  const right = State.fast
    ? codeFastWanted(isWanted, set, referenceHistory)
    : codeWanted(isWanted, set, refersTo, expected - refersTo);
  referenceHistory = (referenceHistory << 1) | right;
  let value = wanted;
  let isNew = false;
  if (!right) {
    const moved = field(State.oldAt, reference, address, refersTo + neighbours(refersTo), table);
    const other = held(State.oldAt, reference, moved, address);
    charge(REFERENCES);
    let found = false;
    if (!same) {
      found = flagOf(u32(actualWord === before), counter(secondFlags, reference * 4), Limits.fields) !== 0;
      if (found) value = before;
    }
    if (!found && other !== wanted && (same || other !== before)) {
      found =
        flagOf(u32(actualWord === other), counter(secondFlags, reference * 4 + 2 + same), Limits.fields) !==
        0;
      if (found) value = other;
    }
    charge(FIELDS);
    isNew = !found;
    if (isNew) {
      value = State.fast
        ? codeFastField(reference, size, wanted, actualWord)
        : codeField(reference, size, refersTo, wanted, before, address, actualWord);
    }
  }
  write(State.fresh + State.at, reference, size, value, inWords);
  learnTarget(refersTo, actual(State.oldAt, reference, address, value, expected, table));
  if (!right) State.lastMiss = State.oldAt;
  State.at += size;
  wrongFields = isNew ? wrongFields + 1 : 0;
  if (isNew) wrongAt = State.at;
  State.oldAt += size;
  if (State.matched > 0) State.matchedAt += size;
  if (State.wary && right) advanceCalm(size);
}

/** Whether the field is as predicted; the target has moved so far then. */
function codeWanted(isWanted: u32, set: u32, refersTo: u32, moved: u32): u32 {
  const trust = (set >> 1) & 7;
  const reference = set >> 4;
  const apart = min<u32>(16, (State.oldAt - State.lastMiss) >> 2);
  counterOfFlag(0, counter(referenceFlags, set));
  counterOfFlag(1, counter(referenceFlags, 4096 + (referenceHistory & 255) * 8 + trust));
  counterOfFlag(2, counter(referenceFlags, 2 * 4096 + (hash(refersTo, 5) & 4095)));
  counterOfFlag(3, counter(referenceFlags, 3 * 4096 + (apart * 8 + trust) * 4 + (referenceHistory & 3)));
  const weights = REFERENCE_SETS + set + (reference < LATER ? 0 : 256);
  if (!Limits.third) return codeMixed(isWanted, 4, weights, Limits.references);
  const move = hash(hash(moved, 6), reference);
  counterOfFlag(4, counter(referenceFlags, 4 * 4096 + (move & 16383)));
  const other = OTHER_SETS + apart * 16 + (referenceHistory & 15);
  return codeMixedTwice(isWanted, 5, weights, other, Limits.references);
}

/** A field that nothing predicted, byte by byte from its highest. */
function codeField(
  reference: u32,
  size: u32,
  refersTo: u32,
  wanted: u64,
  before: u64,
  address: u32,
  actualWord: u64,
): u64 {
  let value: u64 = 0;
  for (let i = <i32>size - 1; i >= 0; i--) {
    const shift: u64 = (<u64>i) << 3;
    const guess = <u32>(wanted >> shift) & 255;
    const was = <u32>(before >> shift) & 255;
    const place = reference * 8 + <u32>i;
    const higher = <u32>(value & 255);
    const equal = u32(value === (i === 7 ? 0 : wanted >> (shift + 8)));
    const close = higher - (<u32>(i === 7 ? 0 : wanted >> (shift + 8)) & 255);
    context(0, hash(hash(place, guess), 1));
    context(1, hash(hash(place, higher), 2));
    context(2, hash(hash(place, guess), was + 256));
    context(3, hash(hash(place, <u32>value), 3));
    context(4, hash(hash(place, guess), (close & 255) + 512));
    context(5, hash(hash(refersTo, 4), <u32>value));
    const y = <u32>(actualWord >> shift) & 255;
    let count: usize = 6;
    if (State.inWords && (reference === HALFWORDS || isWordAt(State.oldAt, reference))) {
      const made = size - 1 - <u32>i;
      if (made > 0) store<u8>(State.fresh + State.at + made - 1, <u8>value);
      State.at += made;
      count = describeInstruction(6, address + made);
      State.at -= made;
    }
    const byte = codeLiteral(y, count, <i32>guess, 32 + (<u32>i & 3) * 2 + equal, -1, 0, 96 + <u32>i);
    value = (value << 8) | <u64>byte;
  }
  return value;
}
