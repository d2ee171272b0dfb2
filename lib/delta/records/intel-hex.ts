/** Intel HEX ("Hexadecimal Object File Format Specification", revision A, 1988). */
import type { RecordFormat } from './format.ts';
import { endLine, readLine, sumOf, writeDigits } from './lines.ts';

const COLON = 0x3a;
/** Data, and that of the other processor in a universal file of the micro:bit. */
const [DATA, OTHER_DATA] = [0, 13];

export const intelHex: RecordFormat = {
  magic: Uint8Array.of(COLON),
  span: 0x10000,
  more: 0,
  styles: 4,
  most: (type) => (type < 256 ? 255 : null),
  isImage: (type) => type === DATA || type === OTHER_DATA,
  read(bytes, at) {
    // How many bytes of data, the address, the type; behind them the checksum.
    const line = bytes[at] === COLON ? readLine(bytes, at + 1, 4, 0) : null;
    if (line === null) return null;
    const [, high = 0, low = 0, type = 0] = line.bytes;
    const data = line.bytes.subarray(4, -1);
    const { end, style, tellsCase } = line;
    return { type, address: 256 * high + low, data, end, style, tellsCase, more: [] };
  },
  write(into, at, { type, address, size }, index, data, style) {
    const place = address + index * size;
    const head = [data.length, (place >>> 8) & 255, place & 255, type];
    into[at] = COLON;
    let end = writeDigits(into, at + 1, head, style);
    end = writeDigits(into, end, data, style);
    end = writeDigits(into, end, [-(sumOf(head) + sumOf(data))], style);
    return endLine(into, end, style) - at;
  },
};
