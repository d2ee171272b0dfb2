/**
 * What .NET keeps of a program (ECMA-335): instructions, of which some are followed by a token, the number of a row in a table; and these tables, whose
 * columns are numbers of rows and offsets. Tokens have no addresses; a token stands for the first base of its region + it.
 */
import { State } from '../../state';
import { note } from '../found';
import { GO_FIELD, OFFSET } from '../kinds';
import { hasRows, indexOf, ROWS, regionOf } from '../regions';
import { assemblyFieldAt } from './assemblies';
import { goBaseAt } from './go';

/** Bytes of an instruction with a token, and of the token. */
const INSTRUCTION: u32 = 5;
const TOKEN: u32 = 4;
/** Begins an instruction whose opcode has two bytes. */
const PREFIX: u32 = 0xfe;
/** By the opcode, or the second byte of it: whether a token follows, 32 opcodes in each. */
const SINGLE = memory.data<u32>([0, 0x00000380, 0, 0xfa3f8000, 0x0000b003, 0x00000038, 0x00010044, 0]);
const SECOND = memory.data<u32>([0x106000c0, 0, 0, 0, 0, 0, 0, 0]);
/** By the highest byte of a token: whether it is a table that instructions refer to; 70 is that of strings. */
const TABLES = memory.data<u32>([0x08020456, 0x00000800, 0, 0x00010000, 0, 0, 0, 0]);

function has(set: usize, byte: u32): bool {
  return ((load<u32>(set + ((byte >> 5) << 2)) >> (byte & 31)) & 1) !== 0;
}

/** Notes the tokens behind instructions. */
export function findTokens(start: u32, size: u32): void {
  const end = start + size;
  let last: u32 = 0;
  for (let at = start; end - at >= INSTRUCTION; ) {
    const opcode: u32 = load<u8>(State.old + at);
    if (has(last === PREFIX ? SECOND : SINGLE, opcode) && has(TABLES, load<u8>(State.old + at + TOKEN))) {
      note(at + 1, OFFSET);
      at += INSTRUCTION;
      last = 0;
    } else {
      at++;
      last = opcode;
    }
  }
}

/** The region of records that contains the offset of the old file, or 0. */
export function rowsAt(offset: u32): usize {
  if (!hasRows) return 0;
  const region = regionOf(0, offset);
  return region !== 0 && load<u32>(region, 12) === ROWS ? region : 0;
}

/** Where the last field of a record may begin that is told of. */
const LAST_FIELD: u32 = 30;
/** Fields: offsets of strings and of blobs come first, then numbers of rows, and addresses. */
const ROW: u32 = GO_FIELD + 2;
const ADDRESS: u32 = GO_FIELD + 3;

/** Bytes of a record of the region; its other half has a bit for each two bytes where a field of four begins. */
function recordSize(region: usize): u32 {
  return load<u8>(region, 16);
}

function isWide(region: usize, into: u32): bool {
  return ((<u32>load<u16>(region, 18) >> (into >> 1)) & 1) !== 0;
}

/** The two bits for each two bytes of a record: 0 if no field begins there. */
function formAt(region: usize, into: u32): u32 {
  return (load<u32>(region, 20) >> into) & 3;
}

/** The kind of the field that begins at `offset` of the old file, or 0. */
export function rowFieldAt(offset: u32): u32 {
  const region = rowsAt(offset);
  if (region === 0) return assemblyFieldAt(offset);
  const record = recordSize(region);
  if (record === 0) return 0;
  const place = offset - load<u32>(region);
  const into = place % record;
  if ((into & 1) !== 0 || into > LAST_FIELD || place - into + record > load<u32>(region, 4)) return 0;
  const form = formAt(region, into);
  if (form === 0 || (into >= 2 && isWide(region, into - 2))) return 0;
  const wide = isWide(region, into);
  if (into + (wide ? 4 : 2) > record) return 0;
  return wide && form === 3 && into < LAST_FIELD && formAt(region, into + 2) === 1
    ? ADDRESS
    : GO_FIELD + form - 1;
}

/** Bytes of the field that begins there. */
export function rowFieldSize(offset: u32): u32 {
  const region = rowsAt(offset);
  return isWide(region, (offset - load<u32>(region)) % recordSize(region)) ? 4 : 2;
}

/** What the field is relative to: rows of each column have numbers of their own. */
function rowOrigin(file: usize, offset: u32, kind: u32): u32 {
  if (kind === ADDRESS) return 0;
  const base = load<u32>(goBaseAt(file, kind - GO_FIELD));
  if (kind !== ROW) return base;
  const region = rowsAt(offset);
  const into = (offset - load<u32>(region)) % recordSize(region);
  return base + ((16 * indexOf(0, region) + (into >> 1)) << 20);
}

/** What a field for the one at `offset` of the old file refers to, in either file. */
export function rowTarget(file: usize, offset: u32, kind: u32, value: u32): u32 {
  return rowOrigin(file, offset, kind) + value;
}

export function rowField(offset: u32, kind: u32, to: u32): u64 {
  const value = to - rowOrigin(1, offset, kind);
  return <u64>(rowFieldSize(offset) === 2 ? value & 0xffff : value);
}
