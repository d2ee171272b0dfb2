/** A boot file of Chez Scheme as Racket has it, not compressed: an image of memory, whose pointers count from its start (vfasl.c of racket/ChezScheme). */
import { type Part, type Parts, REGION_KINDS } from '../image.ts';

/** How it begins, perhaps twice, before versions, the machine and, in brackets, what is loaded first. */
const MAGIC = Buffer.from('\0\0\0\0chez', 'latin1');
const BRACKET = ')'.charCodeAt(0);
const MOST_PREFIX = 256;
/** What then follows: how it is loaded, its size, and that it is not compressed, but an image. */
const SITUATIONS = [0x23, 0x24, 0x25];
const PLAIN_IMAGE = 0x652c;
/** Bytes of the header of the image. It says how long the image is, and the table behind it, and where the nine parts but for the first begin. */
const HEADER = 112;
const PARTS_AT = 24;
/** What is before code, what follows it. */
const [CODE, BEHIND_CODE] = [5, 6];
/** Below that an address is none of code of x86 with fixed addresses; only symbols are there, and pairs. */
const BASE = 0x10000;
/** Of so many bytes of code of x86-64 one at least loads a pointer. */
const SHARE = 1024;

export function isBootFile(bytes: Buffer): boolean {
  return bytes.subarray(0, MAGIC.length).equals(MAGIC);
}

export function bootFile(bytes: Buffer): Parts {
  const header = headerAt(bytes);
  if (header === undefined) return { parts: [], end: 0n };
  const word = (at: number) => Number(bytes.readBigUInt64LE(header + at));
  const [size, start] = [word(0), header + HEADER];
  if (size + word(8) + start > bytes.length) return { parts: [], end: 0n };
  const [code, behind] = [word(PARTS_AT + 8 * CODE), word(PARTS_AT + 8 * BEHIND_CODE)];
  const partOf = (from: number, to: number, kind: Part['kind']) => ({
    offset: start + from,
    size: to - from,
    address: BigInt(from),
    kind,
  });
  const isX86 = loadsPointers(bytes.subarray(start + code, start + behind), size);
  const parts = [
    partOf(BASE, code, REGION_KINDS.pointers),
    // Instructions of 32 bits, as in those of 64 bits a number of 64 bits is no reference.
    partOf(code, behind, isX86 ? REGION_KINDS.x86Legacy : REGION_KINDS.pointers),
    partOf(behind, size, REGION_KINDS.pointers),
  ];
  return { parts, end: BigInt(size) };
}

/** Where the header of the image begins, if the file is one. */
function headerAt(bytes: Buffer): number | undefined {
  const last = bytes.subarray(0, MOST_PREFIX).lastIndexOf(MAGIC);
  const bracket = bytes.subarray(0, MOST_PREFIX).indexOf(BRACKET, last);
  if (bracket < 0 || !SITUATIONS.includes(bytes.readUInt8(bracket + 1))) return undefined;
  let at = bracket + 2;
  while (bytes.readUInt8(at) > 127) at++;
  return bytes.readUInt16LE(at + 1) === PLAIN_IMAGE ? at + 3 : undefined;
}

/** Whether that is what code does: `mov` of a number of 64 bits below `size` to a register. */
function loadsPointers(code: Buffer, size: number): boolean {
  let found = 0;
  for (let at = code.indexOf(0x48); at >= 0 && at + 10 <= code.length; at = code.indexOf(0x48, at + 1)) {
    const isMove = (code.readUInt8(at + 1) & 0xf8) === 0xb8;
    if (isMove && code.readUInt32LE(at + 6) === 0 && code.readUInt32LE(at + 2) < size) found++;
  }
  return found * SHARE > code.length;
}
