/** Firmware in two versions, as Intel HEX, S-records and UF2, as tools write them. */
import type { Sample } from '../mixing/executables.ts';
import { randomNumbers } from '../pairs.ts';

export const BASE = 0x8004000;
const FUNCTIONS = 420;

/** A part of an image, and where it is loaded. */
export interface Part {
  address: number;
  bytes: Uint8Array;
}

/** Thumb code for Cortex-M: functions that call each other, and words with places of functions and of data. The later one has a few more. */
export function thumbImage(later: boolean, base = BASE): Buffer {
  const ids = Array.from({ length: FUNCTIONS }, (_, id) => id).flatMap((id) =>
    later && id % 90 === 31 ? [id, FUNCTIONS + id] : [id],
  );
  const fills = [0x4620, 0x2000, 0x6803, 0x3304, 0x4283, 0xd1f8, 0x601a, 0x69c2, 0x4770, 0xbf00];
  let starts = new Map<number, number>();
  let code: number[] = [];
  for (let pass = 0; pass < 2; pass++) {
    code = [];
    const now = new Map<number, number>();
    for (const id of ids) {
      now.set(id, code.length);
      const next = randomNumbers(id + 77);
      code.push(0x70, 0xb5);
      for (let left = 3 + (next() % 5); left > 0; left--) {
        const target = starts.get(next() % FUNCTIONS) ?? 0;
        for (let fill = next() % 4; fill > 0; fill--) code.push(next() % 256, (fills[next() % 10] ?? 0) >> 8);
        const by = target - code.length - 4;
        const [high, low] = [0xf000 | ((by >> 12) & 0x7ff), 0xf800 | ((by >> 1) & 0x7ff)];
        code.push(high & 255, high >> 8, low & 255, low >> 8);
      }
      code.push(0x70, 0xbd);
      if (code.length % 4 !== 0) code.push(0, 0xbf);
      const word = base + (starts.get(next() % FUNCTIONS) ?? 0) + 1;
      code.push(...[0, 8, 16, 24].map((shift) => (word >>> shift) & 255));
    }
    starts = now;
  }
  return Buffer.from(code);
}

const line = (bytes: readonly number[], checksum: (sum: number) => number) => {
  const sum = bytes.reduce((all, byte) => all + byte, 0);
  return Buffer.from([...bytes, checksum(sum) & 255])
    .toString('hex')
    .toUpperCase();
};
export const hexLine = (type: number, address: number, data: readonly number[]) =>
  `:${line([data.length, (address >> 8) & 255, address & 255, type, ...data], (sum) => -sum)}`;
export const sLine = (type: number, width: number, address: number, data: readonly number[]) => {
  const bytes = Array.from({ length: width }, (_, index) => (address / 256 ** (width - 1 - index)) & 255);
  return `S${type}${line([width + data.length + 1, ...bytes, ...data], (sum) => 255 - sum)}`;
};

/** With a record that says where what follows is wherever that changes, and where it starts. */
export function intelHexFile(parts: readonly Part[], lineEnd = '\r\n', size = 16): Buffer {
  const lines: string[] = [];
  let high = 0;
  for (const { address, bytes } of parts) {
    for (let at = 0; at < bytes.length; ) {
      const place = address + at;
      if (place >>> 16 !== high) {
        high = place >>> 16;
        lines.push(hexLine(4, 0, [high >> 8, high & 255]));
      }
      const end = Math.min(bytes.length, at + size, at + 0x10000 - (place & 0xffff));
      lines.push(hexLine(0, place & 0xffff, [...bytes.subarray(at, end)]));
      at = end;
    }
  }
  lines.push(hexLine(5, 0, [8, 0, 0x40, 1]), hexLine(1, 0, []));
  return Buffer.from(lines.map((each) => each + lineEnd).join(''));
}

export function sRecordFile(parts: readonly Part[], lineEnd = '\r\n', size = 16): Buffer {
  const lines = [sLine(0, 2, 0, [...Buffer.from('firmware.srec')])];
  for (const { address, bytes } of parts) {
    for (let at = 0; at < bytes.length; at += size)
      lines.push(sLine(3, 4, address + at, [...bytes.subarray(at, at + size)]));
  }
  lines.push(sLine(7, 4, 0x8004001, []));
  return Buffer.from(lines.map((each) => each + lineEnd).join(''));
}

/** The words of a block besides those that are the same in all, in their order: flags, address, bytes of data, number, blocks, family. */
export function uf2Block(words: readonly number[], data: Uint8Array): Buffer {
  const block = Buffer.alloc(512);
  for (const [place, word] of [0x0a324655, 0x9e5d5157, ...words].entries())
    block.writeUInt32LE(word, 4 * place);
  block.set(data, 32);
  block.writeUInt32LE(0x0ab16f30, 508);
  return block;
}

export function uf2File(parts: readonly Part[], size = 256): Buffer {
  const chunks = parts.flatMap(({ address, bytes }) =>
    Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) => ({
      address: address + index * size,
      bytes: bytes.subarray(index * size, (index + 1) * size),
    })),
  );
  return Buffer.concat(
    chunks.map(({ address, bytes }, index) =>
      uf2Block([0x2000, address, size, index, chunks.length, 0xe48bff56], bytes),
    ),
  );
}

/** Code, data that is loaded behind it, and far from both what configures the chip. */
export function firmwareParts(later: boolean): Part[] {
  const code = thumbImage(later);
  const next = randomNumbers(3);
  const data = Buffer.from(Array.from({ length: 1203 }, () => next() % 50));
  const set = Buffer.from([1, 0, 0, 0, later ? 3 : 2, 0, 255, 255]);
  return [
    { address: BASE, bytes: code },
    { address: BASE + code.length, bytes: data },
    { address: 0x10001000, bytes: set },
  ];
}

/** Two files, in what holds them without compressing them: a license, the firmware for one chip, and for another one. */
function archive(later: boolean): Uint8Array {
  const other = { address: BASE, bytes: thumbImage(later, 0x20000).subarray(0, 20_000) };
  const pieces = [
    Buffer.from('The license.\n'.repeat(40)),
    intelHexFile(firmwareParts(later), '\n'),
    Buffer.from(`end of the first, ${later ? 'later' : 'now'}\n`),
    uf2File([other]),
  ];
  return Uint8Array.from(Buffer.concat(pieces));
}

export function firmwareSamples(): Sample[] {
  const sample = (name: string, make: (later: boolean) => Uint8Array) => ({
    name,
    old: make(false),
    fresh: make(true),
  });
  return [
    sample('intel-hex', (later) => Uint8Array.from(intelHexFile(firmwareParts(later)))),
    sample('s-records', (later) =>
      Uint8Array.from(
        Buffer.from(
          sRecordFile(firmwareParts(later), '\n', 32)
            .toString()
            .replace(/[A-F]/g, (c) => c.toLowerCase()),
        ),
      ),
    ),
    sample('uf2', (later) => Uint8Array.from(uf2File(firmwareParts(later)))),
    sample('firmware-archive', archive),
  ];
}
