/** Types as modules of Linux have them (BTF, its documentation): their numbers, and places of names, go on from those of the kernel. */
import { State } from '../../state';
import { OBJECT_NUMBER } from '../kinds';
import { noteUnlessZero } from './fields';

/** What numbers of types are relative to, and places of names: nothing is there. */
const TYPES: u32 = 0x80000000;
const NAMES: u32 = 0xc0000000;
/** How BTF begins; bytes of its header, and of a type without what follows. */
const BTF: u32 = 0x01eb9f;
const BTF_HEADER: u32 = 24;
const TYPE: u32 = 12;
/** Kinds of types, a bit each: the third word is a type; one thing follows; members, if any, begin with a name, have a type as their second word, begin with a type. */
const OF_TYPE: u32 = 0x67f04;
const WITH_ONE: u32 = 0x2400a;
const WITH_NAMES: u32 = 0x82070;
const WITH_TYPES: u32 = 0x2038;
const WITH_TYPE_FIRST: u32 = 0x8008;

/** If there are any. */
export function scanTypes(from: u32, length: u32): void {
  if (length < BTF_HEADER || (load<u32>(State.old + from) & 0xffffff) !== BTF) return;
  const begin = <u64>load<u32>(State.old + from, 4) + <u64>load<u32>(State.old + from, 8);
  const end = begin + <u64>load<u32>(State.old + from, 12);
  if (end > <u64>length) return;
  const last = from + <u32>end;
  for (let at = from + <u32>begin; at + TYPE <= last; ) {
    const info = load<u32>(State.old + at, 4);
    const kind = (info >> 24) & 31;
    noteUnlessZero(at, OBJECT_NUMBER, NAMES);
    if (isOne(OF_TYPE, kind)) noteUnlessZero(at + 8, OBJECT_NUMBER, TYPES);
    at += TYPE;
    const bytes = memberSize(kind);
    const members: u32 = isOne(WITH_ONE, kind) ? 1 : info & 0xffff;
    for (let i: u32 = 0; i < members && bytes > 0 && at + bytes <= last; i++) {
      if (isOne(WITH_NAMES, kind)) noteUnlessZero(at, OBJECT_NUMBER, NAMES);
      if (isOne(WITH_TYPE_FIRST, kind)) noteUnlessZero(at, OBJECT_NUMBER, TYPES);
      if (isOne(WITH_TYPES, kind)) noteUnlessZero(at + 4, OBJECT_NUMBER, TYPES);
      at += bytes;
    }
  }
}

function isOne(kinds: u32, kind: u32): bool {
  return ((kinds >> kind) & 1) !== 0;
}

/** Bytes of a member, or of what follows a type of that kind. */
function memberSize(kind: u32): u32 {
  if (isOne(0x24002, kind)) return 4;
  if (isOne(0x2040, kind)) return 8;
  return isOne(0x88038, kind) ? 12 : 0;
}
