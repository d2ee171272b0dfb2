/**
 * How long an x86-64 instruction is, and where its displacement and its immediate are: enough to find references. What
 * no compiler emits is taken for a byte of data.
 */

/** What follows an opcode: bit 4 a ModRM byte; bits 0 to 3 the immediate, 0 if there is none. */
const BYTE: u32 = 1;
const WORD: u32 = 2;
const FULL: u32 = 3;
const BRANCH: u32 = 4;
const WIDE: u32 = 5;
const ENTER: u32 = 6;
const OFFSET: u32 = 7;
const INVALID: u32 = 15;
const MODRM: u32 = 16;

/**
 * Opcodes of one byte, then those after 0F, as the sums of the above. REX is INVALID + 64, so that a look at the table tells it from
 * the other prefixes.
 */
const OPCODES = memory.data<u8>([
  16, 16, 16, 16, 1, 3, 15, 15, 16, 16, 16, 16, 1, 3, 15, 15, 16, 16, 16, 16, 1, 3, 15, 15, 16, 16, 16, 16, 1,
  3, 15, 15, 16, 16, 16, 16, 1, 3, 15, 15, 16, 16, 16, 16, 1, 3, 15, 15, 16, 16, 16, 16, 1, 3, 15, 15, 16, 16,
  16, 16, 1, 3, 15, 15, 79, 79, 79, 79, 79, 79, 79, 79, 79, 79, 79, 79, 79, 79, 79, 79, 0, 0, 0, 0, 0, 0, 0,
  0, 0, 0, 0, 0, 0, 0, 0, 0, 15, 15, 15, 16, 15, 15, 15, 15, 3, 19, 1, 17, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1,
  1, 1, 1, 1, 1, 1, 1, 1, 17, 19, 15, 17, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 0, 0, 0, 0, 0, 0, 0,
  0, 0, 0, 15, 0, 0, 0, 0, 0, 7, 7, 7, 7, 0, 0, 0, 0, 1, 3, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 5, 5, 5,
  5, 5, 5, 5, 5, 17, 17, 2, 0, 15, 15, 17, 19, 6, 0, 2, 0, 0, 1, 15, 0, 16, 16, 16, 16, 15, 15, 15, 0, 16, 16,
  16, 16, 16, 16, 16, 16, 1, 1, 1, 1, 1, 1, 1, 1, 4, 4, 15, 1, 0, 0, 0, 0, 15, 0, 15, 15, 0, 0, 16, 16, 0, 0,
  0, 0, 0, 0, 16, 16, 16, 16, 16, 16, 15, 0, 0, 0, 0, 0, 15, 0, 15, 16, 0, 17, 16, 16, 16, 16, 16, 16, 16, 16,
  16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 15, 15, 15, 15, 16, 16, 16, 16, 16, 16, 16, 16, 0, 0, 0, 0,
  0, 0, 0, 0, 15, 15, 15, 15, 15, 15, 15, 15, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16,
  16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16,
  16, 16, 16, 16, 16, 17, 17, 17, 17, 16, 16, 16, 0, 16, 16, 16, 16, 16, 16, 16, 16, 4, 4, 4, 4, 4, 4, 4, 4,
  4, 4, 4, 4, 4, 4, 4, 4, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 0, 0, 0, 16, 17, 16,
  16, 16, 0, 0, 0, 16, 17, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 17, 16, 16, 16, 16, 16, 16, 16,
  17, 16, 17, 17, 17, 16, 0, 0, 0, 0, 0, 0, 0, 0, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16,
  16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16,
  16, 16, 16, 16, 16, 16,
]);

/** Of the last `decode`: where the displacement that is relative to the next instruction begins, or 0. */
export let relativeAt: u32 = 0;
/** Where a displacement or an immediate of four bytes begins that may be an address, or 0. */
export let absoluteAt: u32 = 0;
/** Whether the relative one is the target of a call or a jump. */
export let isBranch: bool = false;

/** Bytes of the instruction at `code`, of which 24 can be read; 0 if it is none. `legacy`: of 32 bits. */
export function decode(code: usize, legacy: bool = false): u32 {
  relativeAt = 0;
  absoluteAt = 0;
  isBranch = false;
  let at: u32 = 0;
  let narrow = false;
  // Most instructions begin with none.
  while (load<u8>(OPCODES + load<u8>(code + at)) === INVALID) {
    const byte = load<u8>(code + at);
    if (byte === 0x66) narrow = true;
    else if (!isPrefix(byte)) break;
    at++;
    if (at > 8) return 0;
  }
  let wide = false;
  if (!legacy && (load<u8>(code + at) & 0xf0) === 0x40) {
    wide = (load<u8>(code + at) & 8) !== 0;
    at++;
  }
  let opcode: u32 = load<u8>(code + at++);
  let form: u32;
  let single = false;
  if (opcode === 0x0f) {
    opcode = load<u8>(code + at++);
    if (opcode === 0x38 || opcode === 0x3a) {
      form = opcode === 0x38 ? MODRM : MODRM | BYTE;
      at++;
    } else {
      form = load<u8>(OPCODES + 256 + opcode);
    }
  } else if (legacy && isLegacy(opcode, load<u8>(code + at))) {
    form = opcode >= 0x62 ? MODRM : 0;
  } else if (opcode === 0xc5) {
    at++;
    form = load<u8>(OPCODES + 256 + load<u8>(code + at++));
    if (form === BRANCH) return 0;
  } else if (opcode === 0xc4 || opcode === 0x62) {
    const map: u32 = load<u8>(code + at) & (opcode === 0xc4 ? 31 : 7);
    at += opcode === 0xc4 ? 2 : 3;
    const vector: u32 = load<u8>(code + at++);
    if (map === 1) form = load<u8>(OPCODES + 256 + vector);
    else if (map === 2 || map === 5 || map === 6) form = MODRM;
    else if (map === 3) form = MODRM | BYTE;
    else return 0;
    if (form === BRANCH) return 0;
  } else {
    form = load<u8>(OPCODES + opcode);
    single = true;
  }
  let immediate = form & 15;
  if (immediate === INVALID) return 0;
  if ((form & MODRM) !== 0) {
    const modrm: u32 = load<u8>(code + at++);
    const mode = modrm >> 6;
    const operand = modrm & 7;
    if (single && (opcode === 0xf6 || opcode === 0xf7) && ((modrm >> 3) & 7) < 2)
      immediate = opcode === 0xf6 ? BYTE : FULL;
    if (mode !== 3) {
      let base = operand;
      if (operand === 4) base = load<u8>(code + at++) & 7;
      if (mode === 0) {
        if (operand === 5) {
          if (legacy) absoluteAt = at;
          else relativeAt = at;
          at += 4;
        } else if (operand === 4 && base === 5) {
          absoluteAt = at;
          at += 4;
        }
      } else if (mode === 1) {
        at++;
      } else {
        absoluteAt = at;
        at += 4;
      }
    }
  }
  if (immediate === BYTE) at++;
  else if (immediate === WORD) at += 2;
  else if (immediate === ENTER) at += 3;
  else if (immediate === OFFSET) {
    if (legacy) absoluteAt = at;
    at += legacy ? 4 : 8;
  } else if (immediate === BRANCH) {
    relativeAt = at;
    isBranch = true;
    at += 4;
  } else if (immediate === WIDE && wide) at += 8;
  else if (immediate === FULL || immediate === WIDE) {
    if (narrow) at += 2;
    else {
      if (absoluteAt === 0) absoluteAt = at;
      at += 4;
    }
  }
  return at;
}

function isPrefix(byte: u32): bool {
  if (byte >= 0x64) return byte <= 0x67 || byte === 0xf0 || byte === 0xf2 || byte === 0xf3;
  return (byte & 0xe7) === 0x26;
}

/** One byte, or with a ModRM (which follows) whose mode is not 3, where code of 64 bits has something else. */
function isLegacy(opcode: u32, modrm: u32): bool {
  if (opcode < 0x40) return (opcode & 7) >= 6;
  if (opcode === 0x62 || opcode === 0xc4 || opcode === 0xc5) return modrm < 0xc0;
  return opcode < 0x50 || opcode === 0x60 || opcode === 0x61;
}
