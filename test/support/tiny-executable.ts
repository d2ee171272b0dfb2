/**
 * Executables of a few hundred bytes: of Linux ones that print a text and end, of the others headers that fit. With them a test
 * publishes what `release add` takes for a build, without compiling anything.
 */
import { parseTarget } from '../../lib/version/index.ts';

export interface TinyOptions {
  /** What it prints, whatever its arguments are. Linux only. */
  prints?: string;
  /** Bytes behind the program, as Bun has them. */
  rest?: Uint8Array;
  /** The loader that it asks for. Linux only; without one it is static. */
  loader?: string;
}

/** `name`: of the target, e.g. `linux-x64`. */
export function tinyExecutable(name: string, options: TinyOptions = {}): Uint8Array {
  const target = parseTarget(name);
  if (target === null) throw new Error(`no target ${name}`);
  const isArm = target.arch.startsWith('arm64');
  const rest = options.rest ?? new Uint8Array();
  if (target.platform === 'win32') return Buffer.concat([pe(isArm), rest]);
  if (target.platform === 'darwin') return Buffer.concat([machO(isArm), rest]);
  return Buffer.concat([elf(isArm, options.prints ?? '', options.loader), rest]);
}

const BASE = 0x400000n;

function elf(isArm: boolean, prints: string, loader: string | undefined): Buffer {
  const text = Buffer.from(prints);
  const path = Buffer.from(loader === undefined ? '' : `${loader}\0`);
  const segments = loader === undefined ? 1 : 2;
  const start = 64 + 56 * segments;
  const code = isArm ? armCode(text.length) : x64Code(text.length);
  const all = Buffer.concat([Buffer.alloc(start), code, text, path]);
  all.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  all.writeUInt16LE(2, 16);
  all.writeUInt16LE(isArm ? 183 : 62, 18);
  all.writeUInt32LE(1, 20);
  all.writeBigUInt64LE(BASE + BigInt(start), 24);
  all.writeBigUInt64LE(64n, 32);
  all.writeUInt16LE(64, 52);
  all.writeUInt16LE(56, 54);
  all.writeUInt16LE(segments, 56);
  const segment = (index: number, kind: number, offset: number, size: number) => {
    const at = 64 + 56 * index;
    all.writeUInt32LE(kind, at);
    all.writeUInt32LE(5, at + 4);
    all.writeBigUInt64LE(BigInt(offset), at + 8);
    for (const place of [16, 24]) all.writeBigUInt64LE(BASE + BigInt(offset), at + place);
    for (const place of [32, 40]) all.writeBigUInt64LE(BigInt(size), at + place);
    all.writeBigUInt64LE(0x1000n, at + 48);
  };
  segment(0, 1, 0, all.length);
  if (loader !== undefined) segment(1, 3, all.length - path.length, path.length);
  return all;
}

/** write(1, text, length); exit(0). The text follows. */
function x64Code(length: number): Buffer {
  const code = Buffer.from('b801000000bf01000000488d3500000000ba000000000f05b83c00000031ff0f05', 'hex');
  code.writeInt32LE(code.length - 17, 13);
  code.writeInt32LE(length, 18);
  return code;
}

function armCode(length: number): Buffer {
  // movz x8 64; movz x0 1; adr x1 +24; movz x2 length; svc; movz x8 93; movz x0 0; svc
  const words = [
    0xd2800808,
    0xd2800020,
    0x10000001 | ((24 >> 2) << 5),
    0xd2800002 | (length << 5),
    0xd4000001,
    0xd2800ba8,
    0xd2800000,
    0xd4000001,
  ];
  const code = Buffer.alloc(4 * words.length);
  for (const [index, word] of words.entries()) code.writeUInt32LE(word >>> 0, 4 * index);
  return code;
}

function pe(isArm: boolean): Buffer {
  const all = Buffer.alloc(64 + 24 + 240);
  all.write('MZ', 0);
  all.writeUInt32LE(64, 60);
  all.write('PE\0\0', 64, 'latin1');
  all.writeUInt16LE(isArm ? 0xaa64 : 0x8664, 68);
  all.writeUInt16LE(240, 84);
  all.writeUInt16LE(0x20b, 88);
  return all;
}

/** With an empty signature. */
function machO(isArm: boolean): Buffer {
  const all = Buffer.alloc(64);
  all.writeUInt32LE(0xfeedfacf, 0);
  all.writeUInt32LE(isArm ? 0x0100000c : 0x01000007, 4);
  all.writeUInt32LE(2, 12);
  all.writeUInt32LE(1, 16);
  all.writeUInt32LE(16, 20);
  all.writeUInt32LE(0x1d, 32);
  all.writeUInt32LE(16, 36);
  return all;
}
