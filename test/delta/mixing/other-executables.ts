/**
 * Small executables of machines other than x86-64 and arm64 (executables.ts), and of Go: functions that call each other and load
 * what is in the data. The later version has functions more, so that every address changes.
 */
import { randomNumbers } from '../pairs.ts';
import { goTypes } from './go-types.ts';

type Machine =
  | 'x86'
  | 'arm'
  | 'arm-anywhere'
  | 'power'
  | 'power-big'
  | 'riscv'
  | 'riscv-far'
  | 's390x'
  | 'mips'
  | 'loongarch'
  | 'unknown';

const COUNT = 150;
const CODE_AT = 0x400;
const DATA_AT = 0x8000;
/** By how much what is loaded is further on than in the file. */
const CODE_MOVED = 0x1000 - CODE_AT;
const DATA_MOVED = 0x2000;

interface Kind {
  number: number;
  wide: boolean;
  big: boolean;
  base: number;
}

const KINDS: Readonly<Record<Machine, Kind>> = {
  x86: { number: 3, wide: false, big: false, base: 0x8048000 },
  arm: { number: 40, wide: false, big: false, base: 0x10000 },
  'arm-anywhere': { number: 40, wide: false, big: false, base: 0 },
  power: { number: 21, wide: true, big: false, base: 0x10000000 },
  'power-big': { number: 20, wide: false, big: true, base: 0x10000000 },
  riscv: { number: 243, wide: true, big: false, base: 0x10000 },
  'riscv-far': { number: 243, wide: true, big: false, base: 0x10000 },
  s390x: { number: 22, wide: true, big: true, base: 0x1000000 },
  mips: { number: 8, wide: true, big: false, base: 0x10000 },
  loongarch: { number: 258, wide: true, big: false, base: 0x10000 },
  unknown: { number: 94, wide: false, big: false, base: 0x400000 },
};

const bytesOf = (value: number, big: boolean, size = 4) => {
  const bytes = Array.from({ length: size }, (_, i) => (i < 4 ? (value >>> (8 * i)) & 255 : 0));
  return big ? bytes.reverse() : bytes;
};
const little = (value: number) => bytesOf(value, false);

type Piece = { fill: number } | { kind: 'call' | 'load' | 'store'; to: number };

function piecesOf(id: number): Piece[] {
  const next = randomNumbers(id * 7919 + 5);
  return Array.from({ length: 3 + (next() % 6) }, () => {
    const [choice, to, fill] = [next() % 5, next() % COUNT, next()];
    if (choice < 2) return { kind: 'call', to };
    return choice === 4 ? { fill } : { kind: choice === 2 ? 'load' : 'store', to };
  });
}

/** `distance` from the start of the instruction to what it refers to, which is loaded at `to`. */
function encode(machine: Machine, piece: Piece, distance: number, to: number): number[] {
  const fill = 'fill' in piece ? piece.fill : 0;
  const kind = 'fill' in piece ? 'fill' : piece.kind;
  if (machine === 'x86') {
    // mov %eax, imm and inc %eax; call; mov to, %eax; movl $7, to
    if (kind === 'fill') return [0xb8, ...little(fill & 0xfff), 0x40, 0xc4, 0x09];
    if (kind === 'call') return [0xe8, ...little(distance - 5)];
    return kind === 'load' ? [0xa1, ...little(to)] : [0xc7, 0x05, ...little(to), ...little(7)];
  }
  if (machine === 'arm') {
    // mov; bl; a word that is an address; bne
    if (kind === 'fill') return little(0xe3a00000 | (fill & 0xfff));
    if (kind === 'load') return little(to);
    return little((kind === 'call' ? 0xeb000000 : 0x1a000000) | (((distance - 8) >> 2) & 0xffffff));
  }
  if (machine === 'arm-anywhere') {
    // mov; bl; ldr and add, a word that is how far it is from there behind a branch; the same with a second ldr
    if (kind === 'fill') return little(0xe3a00000 | (fill & 0xfff));
    if (kind === 'call') return little(0xeb000000 | (((distance - 8) >> 2) & 0xffffff));
    const sum = kind === 'load' ? 0xe08f1001 : 0xe79f1001;
    return [0xe59f1004, sum, 0xea000000, distance - 12].flatMap(little);
  }
  if (machine === 'power' || machine === 'power-big') {
    // li; bl; lis, then addi or stw
    const word = (value: number) => bytesOf(value, KINDS[machine].big);
    if (kind === 'fill') return word(0x38600000 | (fill & 0xffff));
    if (kind === 'call') return word(0x48000001 | (distance & 0x3fffffc));
    const second = (kind === 'load' ? 0x38630000 : 0x90830000) | (to & 0xffff);
    return [0x3c600000 | (((to + 0x8000) >> 16) & 0xffff), second].flatMap(word);
  }
  if (machine === 'riscv-far' && kind === 'call') {
    // auipc with jalr
    const [high, low] = [(distance + 0x800) & 0xfffff000, distance & 0xfff];
    return [...little(high | 0x97), ...little(0x000080e7 | (low << 20))];
  }
  if (machine === 'riscv' || machine === 'riscv-far') {
    // c.nop and addi; jal; auipc with ld, with sd
    if (kind === 'fill') return [1, 0, ...little(0x00050513 | ((fill & 0xfff) << 20))];
    if (kind === 'call') {
      const parts = [
        (distance & 0x100000) << 11,
        (distance & 0x7fe) << 20,
        (distance & 0x800) << 9,
        distance & 0xff000,
      ];
      return little(parts.reduce((a, b) => a | b, 0xef));
    }
    const [high, low] = [(distance + 0x800) & 0xfffff000, distance & 0xfff];
    const second =
      kind === 'load' ? 0x0005b503 | (low << 20) : 0x00a5b023 | ((low & 0xfe0) << 20) | ((low & 31) << 7);
    return [...little(high | 0x597), ...little(second)];
  }
  if (machine === 's390x') {
    // lr and ahi; brasl; larl, lgrl
    if (kind === 'fill') return [0x18, 0x22, 0xa7, 0x2a, (fill >> 8) & 255, fill & 255];
    const first = kind === 'call' ? [0xc0, 0xe5] : kind === 'load' ? [0xc0, 0x20] : [0xc4, 0x28];
    return [...first, ...bytesOf(distance >> 1, true)];
  }
  if (machine === 'mips') {
    // addiu; jal and nop; lui, daddu with $28, then ld or daddiu
    if (kind === 'fill') return little(0x24020000 | (fill & 0xffff));
    if (kind === 'call') return [...little(0x0c000000 | ((to >> 2) & 0x3ffffff)), ...little(0)];
    const upper = ((to + 0x8000) >> 16) & 0xffff;
    const last = kind === 'load' ? 0xdc220000 : 0x64210000;
    return [0x3c010000 | upper, 0x003c082d, last | (to & 0xffff)].flatMap(little);
  }
  if (machine === 'loongarch') {
    // addi.w; bl, pcaddu18i and jirl; pcalau12i or pcaddu12i, a word between, then ld.d, addi.d
    if (kind === 'fill') return little(0x0280000c | ((fill & 0xfff) << 10));
    if (kind === 'call' && 'to' in piece && piece.to % 3 === 0) {
      const upper = ((distance + 0x20000) >> 18) & 0xfffff;
      return [0x1e000001 | (upper << 5), 0x4c000021 | (((distance >> 2) & 0xffff) << 10)].flatMap(little);
    }
    if (kind === 'call')
      return little(0x54000000 | (((distance >> 2) & 0xffff) << 10) | ((distance >> 18) & 0x3ff));
    const here = to - distance;
    const whole = kind === 'load' ? to - (here & ~4095) : distance;
    const upper = ((whole + 0x800) >> 12) & 0xfffff;
    const last = (kind === 'load' ? 0x28c00084 : 0x02c00084) | ((whole & 0xfff) << 10);
    return [(kind === 'load' ? 0x1a000004 : 0x1c000004) | (upper << 5), 0x0010000d, last].flatMap(little);
  }
  return little(0x24020000 | (fill & 0xffff));
}

interface Linked {
  code: number[];
  /** Where the functions are in the file, in order, and which they are. */
  starts: { id: number; at: number }[];
}

function link(machine: Machine, later: boolean): Linked {
  const ids = Array.from({ length: COUNT }, (_, i) => i).flatMap((i) =>
    later && i % 30 === 11 ? [i, COUNT + i] : [i],
  );
  const { base } = KINDS[machine];
  const align = (code: number[]) => {
    while (code.length % 8 !== 0) code.push(...(machine.startsWith('riscv') ? [1, 0] : [0]));
  };
  let startOf = new Map<number, number>();
  for (let pass = 0; ; pass++) {
    const code: number[] = [];
    const starts: Linked['starts'] = [];
    for (const id of ids) {
      align(code);
      starts.push({ id, at: CODE_AT + code.length });
      for (const piece of piecesOf(id)) {
        const here = CODE_AT + CODE_MOVED + code.length;
        const target =
          'fill' in piece
            ? 0
            : piece.kind === 'call'
              ? (startOf.get(piece.to) ?? CODE_AT) + CODE_MOVED
              : DATA_AT + DATA_MOVED + 8 * COUNT + 16 * piece.to;
        code.push(...encode(machine, piece, target - here, base + target));
      }
    }
    if (pass === 1) return { code, starts };
    startOf = new Map(starts.map(({ id, at }) => [id, at]));
  }
}

function assemble(
  { number, wide, big, base }: Kind,
  code: number[],
  data: number[],
  dataAt: number,
): Uint8Array {
  const half = (value: number) => bytesOf(value, big, 2);
  const word = (value: number) => bytesOf(value, big);
  const long = (value: number) => bytesOf(value, big, wide ? 8 : 4);
  const header = [0x7f, 0x45, 0x4c, 0x46, wide ? 2 : 1, big ? 2 : 1, 1, ...new Array(9).fill(0)];
  const size = wide ? 64 : 52;
  header.push(...half(2), ...half(number), ...word(1), ...long(base), ...long(size), ...long(0), ...word(0));
  header.push(...half(size), ...half(wide ? 56 : 32), ...half(2), ...half(0), ...half(0), ...half(0));
  for (const [flags, offset, address, length] of [
    [5, CODE_AT, base + CODE_AT + CODE_MOVED, code.length],
    [6, dataAt, base + dataAt + DATA_MOVED, data.length],
  ] as const) {
    const places = [offset, address, address, length, length].flatMap(long);
    header.push(
      ...word(1),
      ...(wide ? word(flags) : []),
      ...places,
      ...(wide ? [] : word(flags)),
      ...long(4096),
    );
  }
  const file = new Uint8Array(dataAt + data.length);
  for (const [offset, bytes] of [[0, header] as const, [CODE_AT, code] as const, [dataAt, data] as const])
    file.set(bytes, offset);
  return file;
}

/** Code, and data that begins with pointers to the functions. */
export function otherElf(machine: Machine, later: boolean): Uint8Array {
  const kind = KINDS[machine];
  const { code, starts } = link(machine, later);
  const next = randomNumbers(12);
  const data = starts.flatMap(({ at }) => bytesOf(kind.base + at + CODE_MOVED, kind.big, kind.wide ? 8 : 4));
  for (let i = 0; i < 4 * COUNT; i++) data.push(...little(next() % 1000));
  return assemble(kind, code, data, DATA_AT);
}

interface GoKind {
  big: boolean;
  pointer: 4 | 8;
  /** The least bytes of an instruction. */
  least: number;
  withTypes?: boolean;
}

/**
 * The table of functions of a Go program, loaded at `begin`, then data of functions, then the module data that refers to both; `code`:
 * where code is, and its size.
 */
export function goData(
  { big, pointer, least, withTypes = false }: GoKind,
  functions: readonly { id: number; start: number }[],
  begin: number,
  code: { address: number; size: number },
  later: boolean,
): number[] {
  const word = (value: number) => bytesOf(value, big);
  const long = (value: number) => bytesOf(value, big, pointer);
  const text = (content: string) => [...Buffer.from(content)];
  const padded = (bytes: number[]) => [...bytes, ...new Array((8 - (bytes.length % 8)) % 8).fill(0)];
  const names: number[] = [0];
  const values: number[] = [0];
  const known = functions.map(({ id, start }) => {
    const next = randomNumbers(id + 77);
    const [name, value] = [names.length, values.length];
    names.push(...text(`main.f${id}\0`));
    for (let i = 0; i < 6; i++) values.push(2 + (next() % 200), 4, 0);
    const [count, data] = [next() % 4, next() % 3];
    return { id, start, name, value, count, data, next };
  });
  const files = Array.from({ length: 20 }, (_, i) => `/src/file${later ? i + 1 : i}.go\0`);
  const units = files.flatMap((_, i) => word(i % 7 === 3 ? 0xffffffff : files.slice(0, i).join('').length));
  const header = 8 + 8 * pointer;
  const parts = [padded(names), padded(units), padded(text(files.join(''))), padded(values)];
  const offsets: number[] = [header];
  for (const part of parts) offsets.push((offsets.at(-1) ?? 0) + part.length);
  const entries: number[] = [];
  const details: number[] = [];
  const first = 8 * known.length + 4;
  for (const { id, start, name, value, count, data, next } of known) {
    entries.push(...word(start), ...word(first + details.length));
    details.push(...word(start), ...word(name), ...word(next() % 64), ...word(0));
    details.push(...word(value), ...word(value + 3), ...word(id % 5 === 0 ? 0 : value + 6), ...word(count));
    details.push(...word(id % 20), ...word(next() % 900), id % 3, 0, 0, data);
    for (let i = 0; i < count; i++) details.push(...word(i === 1 ? 0 : value + 9));
    for (let i = 0; i < data; i++) details.push(...word(i === 1 ? 0xffffffff : 16 * id));
  }
  entries.push(...word(code.size));
  const magic = big ? [0xff, 0xff, 0xff, 0xf1] : [0xf1, 0xff, 0xff, 0xff];
  const fields = [known.length, files.length, 0, ...offsets].flatMap(long);
  const table = [...magic, 0, 0, least, pointer, ...fields, ...parts.flat(), ...entries, ...details];
  const functionData = padded([]).concat(Array.from({ length: 32 * COUNT }, (_, i) => (i * 7) & 255));
  const typesAt = begin + padded(table).length + functionData.length;
  const numberOf = (value: number, size: number) => bytesOf(value, big, size);
  const types = withTypes ? goTypes({ pointer, numberOf }, functions, typesAt) : { bytes: [], list: [] };
  const listAt = typesAt + padded(types.bytes).length;
  const list = padded(types.list.flatMap(word));
  const module = new Array<number>(48).fill(0);
  for (const [i, offset] of [0, ...offsets].entries()) module[i === 0 ? 0 : 3 * i - 2] = begin + offset;
  module[22] = code.address;
  module[23] = code.address + code.size;
  module[37] = typesAt;
  module[38] = listAt;
  module[40] = begin + padded(table).length;
  module[44] = listAt;
  module[45] = types.list.length;
  module[46] = types.list.length;
  return [...padded(table), ...functionData, ...padded(types.bytes), ...list, ...module.flatMap(long)];
}

/** A Go program: its table of functions, then the module data that refers to it. */
export function goElf(machine: 'riscv' | 's390x' | 'arm', later: boolean): Uint8Array {
  const kind = KINDS[machine];
  const { code, starts } = link(machine, later);
  const { big, base, wide } = kind;
  const data = goData(
    { big, pointer: wide ? 8 : 4, least: machine === 's390x' ? 2 : 4, withTypes: true },
    starts.map(({ id, at }) => ({ id, start: at - CODE_AT })),
    base + DATA_AT + DATA_MOVED,
    { address: base + CODE_AT + CODE_MOVED, size: code.length },
    later,
  );
  return assemble(kind, code, data, DATA_AT);
}
