/** The lengths and the displacements of x86 instructions, from the tables of lib/delta/FORMAT.md. */

const [BYTE, WORD, FULL, BRANCHES, WIDE, ENTER, OFFSET, INVALID, MODRM] = [1, 2, 3, 4, 5, 6, 7, 15, 16];

/** The two tables of opcodes, as FORMAT.md lists them: ranges of opcodes and what follows them. */
function opcodes(ranges: string, otherwise: number): number[] {
  const names: Record<string, number> = {
    n: 0,
    b: 1,
    w: 2,
    f: 3,
    j: 4,
    v: 5,
    e: 6,
    o: 7,
    x: 15,
    m: 16,
    mb: 17,
    mf: 19,
  };
  const table = new Array<number>(256).fill(otherwise);
  for (const range of ranges.trim().split(/\s+/)) {
    const [span = '', name = ''] = range.split('=');
    const [from = '', to = from] = span.split('-');
    table.fill(Number(names[name]), Number.parseInt(from, 16), Number.parseInt(to, 16) + 1);
  }
  return table;
}

const ARITHMETIC = [0, 8, 16, 24, 32, 40, 48, 56]
  .map((base) => {
    const hex = (offset: number) => (base + offset).toString(16);
    return `${hex(0)}-${hex(3)}=m ${hex(4)}=b ${hex(5)}=f ${hex(6)}-${hex(7)}=x`;
  })
  .join(' ');
const ONE_BYTE = opcodes(
  `${ARITHMETIC} 40-4f=x 60-62=x 63=m 64-67=x 68=f 69=mf 6a=b 6b=mb 70-7f=b 80=mb 81=mf 82=x 83=mb 84-8f=m 9a=x a0-a3=o
   a8=b a9=f b0-b7=b b8-bf=v c0-c1=mb c2=w c4-c5=x c6=mb c7=mf c8=e ca=w cd=b ce=x d0-d3=m d4-d6=x d8-df=m e0-e7=b e8-e9=j
   ea=x eb=b f0=x f2-f3=x f6-f7=m fe-ff=m`,
  0,
);
const TWO_BYTES = opcodes(
  `04=x 05-09=n 0a=x 0b=n 0c=x 0e=n 0f=mb 24-27=x 30-37=n 38-3f=x 70-73=mb 77=n 80-8f=j a0-a2=n a4=mb a8-aa=n ac=mb ba=mb
   c2=mb c4-c6=mb c8-cf=n`,
  MODRM,
);
const PREFIXES = [0x66, 0xf2, 0xf3, 0x2e, 0x36, 0x3e, 0x26, 0x64, 0x65, 0xf0, 0x67];

export interface Instruction {
  length: number;
  relativeAt: number;
  absoluteAt: number;
  branch: boolean;
}

/** One byte, or those with a ModRM whose mode is not 3, where code of 64 bits has something else. */
function legacyForm(opcode: number, next: number): number | null {
  if (opcode < 0x40) return opcode % 8 >= 6 ? 0 : null;
  if (opcode < 0x50 || opcode === 0x60 || opcode === 0x61) return 0;
  return [0x62, 0xc4, 0xc5].includes(opcode) && next < 0xc0 ? MODRM : null;
}

export function instruction(bytes: Uint8Array, start: number, legacy = false): Instruction | null {
  const peek = (at: number) => bytes[start + at] ?? 0;
  let at = 0;
  let narrow = false;
  while (PREFIXES.includes(peek(at))) {
    if (peek(at) === 0x66) narrow = true;
    if (++at > 8) return null;
  }
  let wide = false;
  if (!legacy && peek(at) >> 4 === 4) wide = (peek(at++) & 8) !== 0;
  let opcode = peek(at++);
  let form: number;
  let single = false;
  if (opcode === 0x0f) {
    opcode = peek(at++);
    if (opcode === 0x38 || opcode === 0x3a) {
      at++;
      form = opcode === 0x38 ? MODRM : MODRM + BYTE;
    } else {
      form = Number(TWO_BYTES[opcode]);
    }
  } else if (legacy && legacyForm(opcode, peek(at)) !== null) {
    form = Number(legacyForm(opcode, peek(at)));
  } else if (opcode === 0xc5 || opcode === 0xc4 || opcode === 0x62) {
    const map = opcode === 0xc5 ? 1 : peek(at) & (opcode === 0xc4 ? 31 : 7);
    at += opcode === 0xc5 ? 1 : opcode === 0xc4 ? 2 : 3;
    const vector = peek(at++);
    if (map === 1) form = Number(TWO_BYTES[vector]);
    else if (map === 2 || map === 5 || map === 6) form = MODRM;
    else if (map === 3) form = MODRM + BYTE;
    else return null;
    if (form === BRANCHES) return null;
  } else {
    form = Number(ONE_BYTE[opcode]);
    single = true;
  }
  let immediate = form & 15;
  if (immediate === INVALID) return null;
  const found = { relativeAt: 0, absoluteAt: 0, branch: false };
  if ((form & MODRM) !== 0) {
    const modrm = peek(at++);
    const [mode, operand] = [modrm >> 6, modrm & 7];
    if (single && (opcode === 0xf6 || opcode === 0xf7) && ((modrm >> 3) & 7) < 2) {
      immediate = opcode === 0xf6 ? BYTE : FULL;
    }
    if (mode !== 3) {
      const base = operand === 4 ? peek(at++) & 7 : operand;
      if (mode === 1) {
        at++;
      } else if (mode === 2 || operand === 5 || (operand === 4 && base === 5)) {
        if (mode === 0 && operand === 5 && !legacy) found.relativeAt = at;
        else found.absoluteAt = at;
        at += 4;
      }
    }
  }
  const sizes = new Map([
    [BYTE, 1],
    [WORD, 2],
    [ENTER, 3],
    [OFFSET, legacy ? 4 : 8],
  ]);
  if (legacy && immediate === OFFSET) found.absoluteAt = at;
  if (immediate === BRANCHES) {
    found.relativeAt = at;
    found.branch = true;
    at += 4;
  } else if (immediate === WIDE && wide) {
    at += 8;
  } else if (immediate === FULL || immediate === WIDE) {
    if (!narrow && found.absoluteAt === 0) found.absoluteAt = at;
    at += narrow ? 2 : 4;
  } else {
    at += sizes.get(immediate) ?? 0;
  }
  return { length: at, ...found };
}
