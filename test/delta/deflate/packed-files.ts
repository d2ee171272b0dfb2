/** Files with compressed parts, as zlib and Go make them, in two versions: what patches between unpacked files are for. */
import { crc32 } from 'node:zlib';
import type { Making } from '../../../lib/delta/deflate/deflater.ts';
import { elf, elfWithDebug, machO, type Sample } from '../mixing/executables.ts';
import { randomNumbers } from '../pairs.ts';
import { deflateAsGo } from '../reference/deflate-go.ts';
import { deflateAsLaterGo } from '../reference/deflate-go-later.ts';
import { deflateLikeZip } from '../reference/deflate-zip.ts';
import { deflateLikeZlib } from '../reference/deflate-zlib.ts';

/** Lines of a program's log; the later one has a line more in every fifty, and another word in some. */
export function lines(count: number, later: boolean, seed = 1): Buffer {
  const next = randomNumbers(seed);
  const words = ['read', 'wrote', 'opened', 'closed', 'the', 'file', 'of', 'user', 'at', 'again'];
  const all: string[] = [];
  for (let i = 0; i < count; i++) {
    const line = Array.from({ length: 4 + (next() % 8) }, () => words[next() % words.length]).join(' ');
    all.push(`${next() % 100_000} ${later && i % 60 === 7 ? 'now ' : ''}${line}\n`);
    if (later && i % 50 === 9) all.push(`${i} added\n`);
  }
  return Buffer.from(all.join(''));
}

export function adler32(bytes: Uint8Array): Buffer {
  let [a, b] = [1, 0];
  for (const byte of bytes) {
    a = (a + byte) % 65521;
    b = (b + a) % 65521;
  }
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(b * 65536 + a);
  return sum;
}

/** What the second implementations make. */
export function deflateLike({ maker, level, memory }: Making, bytes: Uint8Array): Uint8Array {
  if (maker === 'Go') return level < 98 ? deflateAsGo(bytes, level) : deflateAsLaterGo(bytes, level);
  const made = memory === 10 || memory === 11 ? deflateLikeZip(bytes, level, memory) : null;
  return made ?? deflateLikeZlib(bytes, level, memory);
}

/** A stream of zlib (RFC 1950) whose header says that it has the usual level. */
export function usualStream(making: Making, bytes: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from([0x78, 0x9c]), deflateLike(making, bytes), adler32(bytes)]);
}

/** A stream of zlib (RFC 1950), at a level that its header tells. */
export function zlibStream(bytes: Uint8Array, level: number, memory = 8): Buffer {
  const header = { 1: [0x78, 1], 6: [0x78, 0x9c], 9: [0x78, 0xda] }[level] ?? [0x78, 0x5e];
  return Buffer.concat([Buffer.from(header), deflateLikeZlib(bytes, level, memory), adler32(bytes)]);
}

export function goStream(bytes: Uint8Array, level = 1): Buffer {
  const header = { 1: [0x78, 1], 6: [0x78, 0x9c] }[level] ?? [0x78, 0xda];
  return Buffer.concat([Buffer.from(header), deflateAsGo(bytes, level), adler32(bytes)]);
}

/** A file of gzip (RFC 1952) with a name. */
function gzip(bytes: Uint8Array, level: number): Buffer {
  const trailer = Buffer.alloc(8);
  trailer.writeUInt32LE(crc32(bytes));
  trailer.writeUInt32LE(bytes.length, 4);
  const header = Buffer.from([0x1f, 0x8b, 8, 8, 0, 0, 0, 0, 0, 3]);
  return Buffer.concat([header, Buffer.from('log.txt\0'), deflateLikeZlib(bytes, level, 8), trailer]);
}

/** An entry of a ZIP archive, without a directory. */
function zipEntry(name: string, bytes: Uint8Array, level: number): Buffer {
  const content = level === 0 ? bytes : deflateLikeZlib(bytes, level, 8);
  const header = Buffer.alloc(30);
  header.write('PK\x03\x04', 0, 'latin1');
  header.writeUInt16LE(20, 4);
  header.writeUInt16LE(level === 0 ? 0 : 8, 8);
  header.writeUInt32LE(crc32(bytes), 14);
  header.writeUInt32LE(content.length, 18);
  header.writeUInt32LE(bytes.length, 22);
  header.writeUInt16LE(name.length, 26);
  return Buffer.concat([header, Buffer.from(name), content]);
}

/** An archive with text, executables of which one is stored, and a file of gzip. */
function archive(later: boolean): Uint8Array {
  return Uint8Array.from(
    Buffer.concat([
      zipEntry('read.me', lines(60, later, 2), 6),
      zipEntry('same.txt', lines(80, false, 3), 6),
      zipEntry('program', elf('x86', later), 6),
      zipEntry('stored', elf('arm', later), 0),
      zipEntry('large.log', lines(2200, later, 4), 9),
      gzip(lines(100, later, 5), 6),
      Buffer.from('the end'),
    ]),
  );
}

/** An executable whose debug information is compressed, as the linker of Go does; besides an icon behind it. */
function elfWithPackedDebug(later: boolean): Uint8Array {
  const file = Buffer.from(elfWithDebug(later));
  const sections = Number(file.readBigUInt64LE(40));
  const last = sections + 3 * 64;
  const [offset, size] = [Number(file.readBigUInt64LE(last + 24)), Number(file.readBigUInt64LE(last + 32))];
  const plain = Buffer.concat(Array.from({ length: 20 }, () => file.subarray(offset, offset + size)));
  const header = Buffer.alloc(24);
  header.writeUInt32LE(1, 0);
  header.writeBigUInt64LE(BigInt(plain.length), 8);
  header.writeBigUInt64LE(1n, 16);
  const packed = Buffer.concat([header, goStream(plain)]);
  const names = Buffer.from('\0.debug_line\0');
  const table = Buffer.concat([file.subarray(sections), Buffer.alloc(64), names]);
  table.writeBigUInt64LE(2048n, 3 * 64 + 8);
  table.writeBigUInt64LE(BigInt(packed.length), 3 * 64 + 32);
  table.writeUInt32LE(1, 3 * 64);
  const padding = Buffer.alloc(-packed.length & 7);
  const whole = Buffer.concat([file.subarray(0, offset), packed, padding, table]);
  const tableAt = offset + packed.length + padding.length;
  whole.writeBigUInt64LE(BigInt(tableAt), 40);
  // The section of names.
  whole.writeUInt16LE(5, 60);
  whole.writeUInt16LE(4, 62);
  whole.writeUInt32LE(3, tableAt + 4 * 64 + 4);
  whole.writeBigUInt64LE(BigInt(tableAt + 5 * 64), tableAt + 4 * 64 + 24);
  whole.writeBigUInt64LE(BigInt(names.length), tableAt + 4 * 64 + 32);
  return Uint8Array.from(Buffer.concat([whole, Buffer.from('icon'), goStream(lines(90, later, 6), 6)]));
}

/** A signed executable: the digests of its pages are those of the compressed ones. */
function machOWithStream(later: boolean): Uint8Array {
  const stream = zlibStream(lines(1500, later, 7), 6, 9);
  return machO(later, 'plain', Buffer.concat([stream, Buffer.alloc(-stream.length & 0x3fff)]));
}

/** Streams beside each other, as of a program that has its modules compressed one by one. */
function modules(later: boolean): Uint8Array {
  const all = Array.from({ length: 12 }, (_, index) => lines(20 + index, later, 10 + index));
  return Uint8Array.from(
    Buffer.concat(all.map((text, index) => zlibStream(text, [1, 6, 9, 5][index % 4] ?? 6))),
  );
}

export function packedSamples(): Sample[] {
  const sample = (name: string, make: (later: boolean) => Uint8Array) => ({
    name,
    old: make(false),
    fresh: make(true),
  });
  return [
    sample('archive', archive),
    sample('go-elf', elfWithPackedDebug),
    sample('mach-o', machOWithStream),
    sample('modules', modules),
  ];
}
