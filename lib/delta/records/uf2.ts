/** UF2 (github.com/microsoft/uf2): blocks of 512 bytes, each with up to 476 bytes of an image, and its number. */
import type { RecordFormat } from './format.ts';

const BLOCK = 512;
const HEAD = 32;
const MOST = 476;
const END = BLOCK - 4;
const [FIRST, SECOND, LAST] = [0x0a324655, 0x9e5d5157, 0x0ab16f30];

export const uf2: RecordFormat = {
  magic: Buffer.from('UF2\n', 'latin1'),
  span: 2 ** 32,
  more: 4,
  styles: 1,
  most: (type) => (type === 0 ? MOST : null),
  isImage: () => true,
  read(bytes, at) {
    if (at + BLOCK > bytes.length) return null;
    const block = Buffer.from(bytes.buffer, bytes.byteOffset + at, BLOCK);
    const word = (place: number) => block.readUInt32LE(place);
    const size = word(16);
    if (word(0) !== FIRST || word(4) !== SECOND || word(END) !== LAST || size > MOST) return null;
    if (block.subarray(HEAD + size, END).some((byte) => byte !== 0)) return null;
    const more = [word(8), word(28), word(20), word(24)];
    const data = block.subarray(HEAD, HEAD + size);
    return { type: 0, address: word(12), data, end: at + BLOCK, style: 0, tellsCase: false, more };
  },
  write(into, at, { address, size, more }, index, data) {
    const [flags = 0, family = 0, number = 0, count = 0] = more;
    const block = Buffer.from(into.buffer, into.byteOffset + at, BLOCK).fill(0);
    const head = [FIRST, SECOND, flags, address + index * size, data.length, number + index, count, family];
    for (const [place, value] of head.entries()) block.writeUInt32LE(value >>> 0, 4 * place);
    block.set(data, HEAD);
    block.writeUInt32LE(LAST, END);
    return BLOCK;
  },
};
