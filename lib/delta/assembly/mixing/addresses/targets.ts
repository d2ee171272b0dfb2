/**
 * Where the target of a reference has moved: what earlier references to it became, else what the steps say, else as far
 * as its neighbours.
 */
import { take } from '../../memory';
import { hash } from '../coding/tables';
import { hasMoves, movedTo } from './moves';
import { addressOf, hasDwarf, offsetOf, PLACES } from './regions';
import { mapped } from './steps';

let learned: usize = 0;
let learnedShift: u32 = 0;
let near: usize = 0;
let overall: u32 = 0;

/** How much is known of the last `predictTarget`: 0 by neighbours, 1 by the steps, 2 to 7 by earlier references. */
export let confidence: u32 = 0;

function bitsOf(oldSize: u32): u32 {
  return min<u32>(20, max<u32>(10, 26 - clz<u32>(oldSize | 1)));
}

/** Bytes. */
export function sizeOfTargets(oldSize: u32): usize {
  return (<usize>12) << bitsOf(oldSize);
}

export function openTargets(oldSize: u32): bool {
  learnedShift = 32 - bitsOf(oldSize);
  learned = take(sizeOfTargets(oldSize));
  near = take(((<usize>1) << 16) << 2);
  return learned !== 0 && near !== 0;
}

function slot(target: u32): usize {
  return learned + <usize>((target * 0x9e3779b1) >> learnedShift) * 12;
}

function nearby(target: u32, shift: u32): usize {
  return near + ((<usize>(hash(target >> shift, shift) & 0xffff)) << 2);
}

/** Where a prediction was made otherwise. */
export function setConfidence(trust: u32): void {
  confidence = trust;
}

/** Whether earlier references say it. */
export function isLearned(target: u32): bool {
  const entry = slot(target);
  return load<u32>(entry, 8) !== 0 && load<u32>(entry) === target;
}

export function learnedTarget(target: u32): u32 {
  const entry = slot(target);
  confidence = 2 + min<u32>(load<u32>(entry, 8), 5);
  return load<u32>(entry, 4);
}

export function predictTarget(target: u32): u32 {
  if (isLearned(target)) return learnedTarget(target);
  if (hasMoves(target) && !(hasDwarf && target >= PLACES)) {
    confidence = 1;
    return movedTo(target);
  }
  const from = offsetOf(0, target);
  if (from !== 0xffffffff) {
    const to = mapped(from);
    if (to !== 0xffffffff) {
      confidence = 1;
      return addressOf(1, to);
    }
  }
  confidence = 0;
  return target + neighbours(target);
}

/** How far what is near the target has moved. */
export function neighbours(target: u32): u32 {
  let moved = load<u32>(nearby(target, 8));
  if (moved === 0) moved = load<u32>(nearby(target, 14));
  return moved === 0 ? overall : moved;
}

export function learnTarget(target: u32, became: u32): void {
  const entry = slot(target);
  const count = load<u32>(entry, 8);
  if (count !== 0 && load<u32>(entry) === target) {
    if (load<u32>(entry, 4) === became) {
      store<u32>(entry, min<u32>(1000, count + 1), 8);
      return;
    }
    if (count > 2) {
      store<u32>(entry, count >> 1, 8);
      return;
    }
  }
  store<u32>(entry, target);
  store<u32>(entry, became, 4);
  store<u32>(entry, 1, 8);
  const moved = became - target;
  store<u32>(nearby(target, 8), moved);
  store<u32>(nearby(target, 14), moved);
  overall = moved;
}
