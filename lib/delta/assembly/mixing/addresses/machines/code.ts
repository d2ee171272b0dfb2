/** Finds the references in code of x86 and of arm64, and the places in data that it takes the address of. */
import { State } from '../../state';
import { isNoted, note } from '../found';
import { ABSOLUTE, ADRP, BRANCH, BRANCH_19, BRANCH_26, LOW_12, MARK, OPERAND } from '../kinds';
import { target } from '../references';
import { ARM_WORDS, imageSpan, inCode, offsetOf } from '../regions';
import { fromWord } from './words';
import { absoluteAt, decode, isBranch, relativeAt } from './x86';

const NEAR: u32 = 12;

/** `legacy`: code of 32 bits, whose jump tables are pointers. */
export function scanX86(start: u32, size: u32, address: u32, legacy: bool): void {
  const span = imageSpan(0);
  const base = load<u64>(State.bases);
  const fixed = base >= 0x10000 && base + <u64>span <= 0xffffffff;
  let at: u32 = 0;
  while (at + 24 <= size) {
    const length = decode(State.old + start + at, legacy);
    if (length === 0) {
      at++;
      continue;
    }
    if (relativeAt !== 0) {
      const field = start + at + relativeAt;
      const target = address + at + length + load<u32>(State.old + field);
      if (target < span) {
        if (isBranch) note(field, BRANCH);
        else if (length - relativeAt - 4 <= 8) {
          note(field, OPERAND + length - relativeAt - 4);
          if (load<u8>(State.old + field - 2) === 0x8d) mark(target);
        }
      }
    }
    if (fixed && absoluteAt !== 0) {
      const field = start + at + absoluteAt;
      const target = load<u32>(State.old + field) - <u32>base;
      if (target < span) {
        note(field, ABSOLUTE);
        if (!legacy) mark(target);
      }
    }
    at += length;
  }
}

/** `inWords`: it is in converted words. */
export function scanArm(start: u32, size: u32, address: u32, inWords: bool): void {
  for (let at: u32 = (0 - address) & 3; at + 4 <= size; at += 4) {
    const field = start + at;
    const held = load<u32>(State.old + field);
    const word = inWords ? fromWord(ARM_WORDS, bswap<u32>(held), address + at) : held;
    if ((word & 0x7c000000) === 0x14000000) note(field, BRANCH_26);
    else if ((word & 0x9f000000) === 0x90000000) note(field, ADRP);
    else if ((word & 0xff000010) === 0x54000000 || (word & 0x7e000000) === 0x34000000) note(field, BRANCH_19);
    else if ((word & 0xff800000) === 0x91000000 || (word & 0x3b000000) === 0x39000000) {
      const register = (word >> 5) & 31;
      for (let back: u32 = 1; back <= NEAR && back << 2 <= at; back++) {
        const last = load<u32>(State.old + field - 4 * back);
        const before = inWords ? bswap<u32>(last) : last;
        if ((before & 0x9f00001f) === (0x90000000 | register)) {
          note(field, LOW_12 + back);
          const first = field - 4 * back;
          if (isNoted(first, ADRP)) note(first, ADRP + back);
          if ((word & 0xff800000) === 0x91000000) mark(target(field, LOW_12 + back));
          break;
        }
        if ((before & 31) === register && ((before >> 24) & 31) !== 0x14) break;
      }
    }
  }
}

function mark(target: u32): void {
  if ((target & 3) !== 0) return;
  const offset = offsetOf(0, target);
  if (offset === 0xffffffff || (offset & 3) !== 0 || inCode(target)) return;
  note(offset, MARK);
}
