/** Code of POWER and of MIPS that finds data by a register, which points to a place behind the start of the global offset table. */
import { type Part, REGION_KINDS } from './image.ts';

/** Tag of the address of the global offset table, in the table of what is dynamic. */
const GLOBAL_OFFSETS = 3n;
/** How far behind the start the register points. */
const [INTO_POWER, INTO_MIPS] = [0x8000n, 0x7ff0n];

/** The parts, with such code as such; `table`: where the global offset table of POWER is, 0 if there is none. */
export function withPower(parts: readonly Part[], table: bigint): Part[] {
  const start = table === 0n ? 0n : table + INTO_POWER;
  return parts.map((part) =>
    part.kind === REGION_KINDS.powerBased || part.kind === REGION_KINDS.powerBig
      ? { ...part, bases: [start, 0n] }
      : part,
  );
}

/** The same for MIPS, if the file has a table of what is dynamic, and code loads from the global offset table more often than it calls without. */
export function withMips(
  bytes: Buffer,
  parts: Part[],
  dynamic: { offset: number; size: number } | undefined,
  wide: boolean,
): Part[] {
  const { offset = 0, size = 0 } = dynamic ?? {};
  const step = wide ? 16 : 8;
  const number = (at: number) => (wide ? bytes.readBigUInt64LE(at) : BigInt(bytes.readUInt32LE(at)));
  for (let at = offset; at + step <= Math.min(offset + size, bytes.length); at += step) {
    if (number(at) !== GLOBAL_OFFSETS) continue;
    const start = number(at + step / 2) + INTO_MIPS;
    return parts.map((part) =>
      isMips(part) && loadsMore(bytes, part)
        ? { ...part, kind: REGION_KINDS.mipsBased, bases: [start, 0n] }
        : part,
    );
  }
  return parts;
}

function isMips({ kind }: Part): boolean {
  return kind === REGION_KINDS.mips;
}

/** Whether LD and LW of what $28 points to are more than JAL. */
function loadsMore(bytes: Buffer, { offset, size }: Part): boolean {
  let [loads, calls] = [0, 0];
  for (let at = offset; at + 4 <= Math.min(offset + size, bytes.length); at += 4) {
    const top = bytes.readUInt32LE(at) >>> 21;
    if (top === ((55 << 5) | 28) || top === ((35 << 5) | 28)) loads++;
    else if (top >>> 5 === 3) calls++;
  }
  return loads > calls;
}
