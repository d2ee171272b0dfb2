/** Code in a file without headers, as firmware is: told by its calls, of which many lead to other places of the file. */
import { type Part, type Parts, REGION_KINDS, type RegionKind } from './containers/image.ts';

/** Bytes that are looked at as one; so many pieces are looked at before all are. */
const PIECE = 4096;
const FIRST = 512;
/** Pieces with few calls between others are code too, so many in a row. */
const GAP = 4;
/** Pieces of code that a file has, at least, and what share of them all. */
const PIECES = 4;
const SHARE = 8;

interface Machine {
  kind: RegionKind;
  /** Instructions begin at multiples of it. */
  step: number;
  /** Calls in a piece of code, more than in noise. */
  least: number;
  /** How far a call at `at` leads, if there is one. */
  distance(bytes: Buffer, at: number): number | undefined;
}

const MACHINES: readonly Machine[] = [
  {
    kind: REGION_KINDS.arm,
    step: 4,
    least: 24,
    distance(bytes, at) {
      const word = bytes.readUInt32LE(at);
      return word >>> 26 === 0x25 ? (word << 6) >> 4 : undefined;
    },
  },
  {
    kind: REGION_KINDS.arm32,
    step: 4,
    least: 16,
    distance(bytes, at) {
      const word = bytes.readUInt32LE(at);
      return word >>> 24 === 0xeb ? 8 + ((word << 8) >> 6) : undefined;
    },
  },
  {
    kind: REGION_KINDS.thumb,
    step: 2,
    least: 12,
    distance(bytes, at) {
      const [first, second] = [bytes.readUInt16LE(at), bytes.readUInt16LE(at + 2)];
      // The two bits that a distance of less than 4 MiB does not need are set.
      if ((first & 0xf800) !== 0xf000 || (second & 0xf800) !== 0xf800) return undefined;
      return 4 + ((((first & 0x7ff) << 21) >> 9) | ((second & 0x7ff) << 1));
    },
  },
  {
    kind: REGION_KINDS.riscV,
    step: 2,
    least: 10,
    distance(bytes, at) {
      const word = bytes.readUInt32LE(at);
      if ((word & 0xfff) !== 0xef) return undefined;
      const low = ((word >>> 20) & 0x7fe) | ((word >>> 9) & 0x800) | (word & 0xff000);
      return low - (word >>> 31) * 0x100000;
    },
  },
  {
    kind: REGION_KINDS.x86,
    step: 1,
    least: 12,
    distance: (bytes, at) => (bytes[at] === 0xe8 ? 5 + bytes.readInt32LE(at + 1) : undefined),
  },
];

const NARROW = [REGION_KINDS.arm32, REGION_KINDS.x86Legacy, REGION_KINDS.thumb];

/** The second byte of PUSH with the link register, and the first half of the longer form. */
const SAVE = 0xb5;
const SAVE_MORE = 0xe92d;
/** Code is loaded at multiples of it; functions and words that are looked at, and words that lead to a function, at least. */
const PAGE = 256;
const MOST_FUNCTIONS = 2048;
const MOST_WORDS = 2048;
const LEAST_VOTES = 8;

/** Of 64 bits: moves with a prefix that is an instruction of its own elsewhere. */
const WIDE_MOVES = [0x8b, 0x89, 0x8d];
const WIDE = 12;

/** @param known where the file is loaded, if that is known */
export function raw(bytes: Buffer, known?: bigint): Parts {
  for (const machine of MACHINES) {
    const all = Math.floor(bytes.length / PIECE);
    const stride = Math.ceil(all / FIRST);
    const some = stride < 2 ? [] : piecesOf(bytes, machine, stride);
    if (stride > 1 && some.length * stride * SHARE < all) continue;
    const found = piecesOf(bytes, machine, 1);
    if (found.length < PIECES || found.length * SHARE < all) continue;
    const parts: Part[] = [];
    const base = known ?? (machine.kind === REGION_KINDS.thumb ? loadedAt(bytes) : 0n);
    // No table of offsets.
    const own = machine.kind === REGION_KINDS.thumb ? { bases: [0n, 0n] as const } : {};
    const kind = machine.kind === REGION_KINDS.x86 ? widthOf(bytes, found) : machine.kind;
    for (const offset of found) {
      const last = parts.at(-1);
      if (last !== undefined && offset - last.offset - last.size <= GAP * PIECE)
        last.size = offset + PIECE - last.offset;
      else parts.push({ offset, size: PIECE, address: base + BigInt(offset), kind, ...own });
    }
    const isNarrow = NARROW.some((each) => each === kind);
    const data = isNarrow ? REGION_KINDS.words : REGION_KINDS.pointers;
    return {
      parts: [...parts, ...between(parts, bytes.length, data, base)],
      end: base + BigInt(bytes.length),
    };
  }
  return { parts: [], end: 0n };
}

/** What is no code. */
function* between(parts: readonly Part[], size: number, kind: RegionKind, base: bigint): Generator<Part> {
  let end = 0;
  for (const next of [...parts, { offset: size, size: 0 }]) {
    if (next.offset > end) yield { offset: end, size: next.offset - end, address: base + BigInt(end), kind };
    end = next.offset + next.size;
  }
}

/** Where pieces of code begin, of every `stride` pieces one. */
function piecesOf(bytes: Buffer, { step, least, distance }: Machine, stride: number): number[] {
  const found: number[] = [];
  for (let start = 0; start + PIECE + 4 < bytes.length; start += stride * PIECE) {
    let calls = 0;
    for (let at = start; at < start + PIECE; at += step) {
      const to = at + (distance(bytes, at) ?? Number.NaN);
      if (to >= 0 && to < bytes.length && to !== at) calls++;
    }
    if (calls >= least) found.push(start);
  }
  return found;
}

function widthOf(bytes: Buffer, pieces: readonly number[]): RegionKind {
  let wide = 0;
  for (const start of pieces)
    for (let at = start; at < start + PIECE; at++)
      if (bytes[at] === 0x48 && WIDE_MOVES.includes(bytes[at + 1] ?? 0)) wide++;
  return wide > WIDE * pieces.length ? REGION_KINDS.x86 : REGION_KINDS.x86Legacy;
}

/** Where Thumb code is loaded: where most words that are odd, as pointers to it are, lead to functions, which begin by saving registers; 0 if few do. */
function loadedAt(bytes: Buffer): bigint {
  const functions: number[] = [];
  for (let at = 0; at + 4 <= bytes.length && functions.length < MOST_FUNCTIONS; at += 2)
    if (bytes[at + 1] === SAVE || bytes.readUInt16LE(at) === SAVE_MORE) functions.push(at);
  const places = new Set(functions.map((at) => at % PAGE));
  const votes = new Map<number, number>();
  let words = 0;
  for (let at = 0; at + 4 <= bytes.length && words < MOST_WORDS; at += 4) {
    const word = bytes.readUInt32LE(at);
    if (word % 2 === 0 || !places.has((word - 1) % PAGE)) continue;
    words++;
    for (const place of functions) {
      const base = word - 1 - place;
      if (base >= 0 && base % PAGE === 0) votes.set(base, (votes.get(base) ?? 0) + 1);
    }
  }
  const [best, count] = [...votes].reduce((most, vote) => (vote[1] > most[1] ? vote : most), [0, 0]);
  return count < LEAST_VOTES ? 0n : BigInt(best);
}
