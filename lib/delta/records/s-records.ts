/** Motorola's S-records. */
import type { RecordFormat } from './format.ts';
import { endLine, readLine, sumOf, writeDigits } from './lines.ts';

const [LETTER, ZERO] = [0x53, 0x30];
/** Bytes of the address, by type: there is no type 4. */
const ADDRESSES = [2, 2, 3, 4, null, 2, 3, 4, 3, 2] as const;
/** Data with an address of two, three or four bytes. */
const [FIRST_DATA, LAST_DATA] = [1, 3];

export const sRecords: RecordFormat = {
  magic: Uint8Array.of(LETTER),
  span: 2 ** 32,
  more: 0,
  styles: 4,
  most(type) {
    const width = ADDRESSES[type] ?? null;
    return width === null ? null : 254 - width;
  },
  isImage: (type) => type >= FIRST_DATA && type <= LAST_DATA,
  read(bytes, at) {
    const type = (bytes[at + 1] ?? 0) - ZERO;
    const width = ADDRESSES[type] ?? null;
    if (bytes[at] !== LETTER || width === null) return null;
    // How many bytes follow: the address, the data and the checksum.
    const line = readLine(bytes, at + 2, 0, 255);
    if (line === null || line.bytes.length < 2 + width) return null;
    let address = 0;
    for (let i = 1; i <= width; i++) address = 256 * address + (line.bytes[i] ?? 0);
    const data = line.bytes.subarray(1 + width, -1);
    const { end, style, tellsCase } = line;
    return { type, address, data, end, style, tellsCase, more: [] };
  },
  write(into, at, { type, address, size }, index, data, style) {
    const width = ADDRESSES[type] ?? 4;
    const place = address + index * size;
    const all = [place >>> 24, (place >>> 16) & 255, (place >>> 8) & 255, place & 255];
    const head = [width + data.length + 1, ...all.slice(4 - width)];
    into[at] = LETTER;
    into[at + 1] = ZERO + type;
    let end = writeDigits(into, at + 2, head, style);
    end = writeDigits(into, end, data, style);
    end = writeDigits(into, end, [255 - (sumOf(head) + sumOf(data))], style);
    return endLine(into, end, style) - at;
  },
};
