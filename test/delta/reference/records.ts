/** Records of firmware, from lib/delta/FORMAT.md ("Records of firmware"). */
import { requireSound } from './arithmetic.ts';

const MOST_TABLE = 2 ** 20;

interface Group {
  type: number;
  size: number;
  address: number;
  data: number[];
  more: number[];
}

interface Format {
  modulus: number;
  words: number;
  looks: number;
  inImage(type: number): boolean;
  /** Bytes of data that a record may have; -1 if there is no such type. */
  limit(type: number): number;
  /** The record that is there: its data may be cut off by the end of the file. */
  parse(file: Buffer): { group: Group; length: number; crLf: boolean; digits: string } | null;
  print(group: Group): Buffer;
}

const addressBytes = (type: number) => [2, 2, 3, 4, 0, 2, 3, 4, 3, 2][type] ?? 0;

/** Of a line without its first characters: the bytes that its digits mean. */
function parseLine(file: Buffer, start: RegExp, besides: number) {
  const line = file.toString('latin1', 0, 700);
  const head = start.exec(line)?.[0];
  if (head === undefined) return null;
  const count = /^[0-9A-Fa-f]{2}/.exec(line.slice(head.length))?.[0];
  if (count === undefined) return null;
  const size = 1 + Number.parseInt(count, 16) + besides;
  const digits = line.slice(head.length, head.length + 2 * size);
  const ending = /^\r?\n/.exec(line.slice(head.length + 2 * size))?.[0];
  if (!/^[0-9A-Fa-f]*$/.test(digits) || digits.length !== 2 * size || ending === undefined) return null;
  const bytes = [...Buffer.from(digits, 'hex')];
  const sum = bytes.reduce((all, byte) => all + byte, 0) % 256;
  const length = head.length + 2 * size + ending.length;
  return { head, bytes, sum, length, crLf: ending.length === 2, digits };
}

const big = (bytes: number[]) => bytes.reduce((value, byte) => 256 * value + byte, 0);
const bytesOf = (value: number, width: number) =>
  Array.from({ length: width }, (_, index) => Math.floor(value / 256 ** (width - 1 - index)) % 256);
const hex = (bytes: number[]) => Buffer.from(bytes).toString('hex').toUpperCase();
const total = (bytes: number[]) => bytes.reduce((all, byte) => all + byte, 0);

const intelHex: Format = {
  modulus: 2 ** 16,
  words: 3,
  looks: 4,
  inImage: (type) => type === 0 || type === 13,
  limit: (type) => (type < 256 ? 255 : -1),
  parse(file) {
    const line = parseLine(file, /^:/, 4);
    if (line === null || line.sum !== 0) return null;
    const [size = 0, high = 0, low = 0, type = 0] = line.bytes;
    const group = { type, size, address: big([high, low]), data: line.bytes.slice(4, -1), more: [] };
    return { ...line, group };
  },
  print({ type, address, data }) {
    const bytes = [data.length, ...bytesOf(address, 2), type, ...data];
    return Buffer.from(`:${hex([...bytes, (256 - (total(bytes) % 256)) % 256])}\n`);
  },
};

const sRecords: Format = {
  modulus: 2 ** 32,
  words: 3,
  looks: 4,
  inImage: (type) => type >= 1 && type <= 3,
  limit: (type) => (addressBytes(type) === 0 ? -1 : 254 - addressBytes(type)),
  parse(file) {
    const line = parseLine(file, /^S[0-35-9]/, 0);
    if (line === null || line.sum !== 255) return null;
    const type = Number(line.head[1]);
    const width = addressBytes(type);
    const size = line.bytes.length - 2 - width;
    if (size < 0) return null;
    const data = line.bytes.slice(1 + width, -1);
    return { ...line, group: { type, size, address: big(line.bytes.slice(1, 1 + width)), data, more: [] } };
  },
  print({ type, address, data }) {
    const width = addressBytes(type);
    const bytes = [width + data.length + 1, ...bytesOf(address, width), ...data];
    return Buffer.from(`S${type}${hex([...bytes, 255 - (total(bytes) % 256)])}\n`);
  },
};

const uf2: Format = {
  modulus: 2 ** 32,
  words: 7,
  looks: 1,
  inImage: () => true,
  limit: (type) => (type === 0 ? 476 : -1),
  parse(file) {
    if (file.length < 512) return null;
    const word = (index: number) => file.readUInt32LE(4 * index);
    const size = word(4);
    if (word(0) !== 0x0a324655 || word(1) !== 0x9e5d5157 || word(127) !== 0x0ab16f30 || size > 476)
      return null;
    if (!file.subarray(32 + size, 508).every((byte) => byte === 0)) return null;
    const data = [...file.subarray(32, 32 + size)];
    const more = [word(2), word(7), word(5), word(6)];
    return { group: { type: 0, size, address: word(3), data, more }, length: 512, crLf: false, digits: '' };
  },
  print({ address, data, more: [flags = 0, family = 0, number = 0, blocks = 0] }) {
    const block = Buffer.alloc(512);
    const words = [0x0a324655, 0x9e5d5157, flags, address, data.length, number, blocks, family];
    for (const [index, word] of words.entries()) block.writeUInt32LE(word, 4 * index);
    block.set(data, 32);
    block.writeUInt32LE(0x0ab16f30, 508);
    return block;
  },
};

/** By their number. */
const FORMATS: Readonly<Record<number, Format>> = { 2: intelHex, 3: sRecords, 4: uf2 };
export const RECORD_NUMBERS = Object.keys(FORMATS).map(Number);

const roundedUp = (value: number, grain: number) => Math.ceil(value / grain) * grain;
const takes = (format: Format, { type, data }: Group) =>
  4 * format.words + (format.inImage(type) ? 0 : roundedUp(data.length, 4));

/** All of `file` is one run. */
export function unpackRecords(file: Uint8Array, maker: number): Uint8Array {
  const format = FORMATS[maker] ?? uf2;
  const bytes = Buffer.from(file.buffer, file.byteOffset, file.length);
  const groups: Group[] = [];
  let [at, room] = [0, MOST_TABLE - 8];
  let looks: { crLf: boolean; digits: string } | null = null;
  while (at < file.length) {
    const found = format.parse(bytes.subarray(at, at + 700));
    requireSound(found !== null);
    if (found === null) break;
    const { group, length, crLf } = found;
    const digits: string = (looks?.digits ?? '') + found.digits.replace(/[0-9]/g, '').slice(0, 700);
    requireSound(looks === null || looks.crLf === crLf);
    requireSound(!(/[a-f]/.test(digits) && /[A-F]/.test(digits)));
    looks = { crLf, digits: digits.slice(0, 1) };
    at += length;
    const last = groups.at(-1);
    if (last === undefined || !follows(format, last, group)) {
      groups.push(group);
      room -= takes(format, group);
    } else {
      room += takes(format, last);
      last.data = last.data.concat(group.data);
      room -= takes(format, last);
    }
    requireSound(room >= 0);
  }
  const words: number[] = [];
  let end = 0;
  for (const group of groups) {
    const { type, size, address, data, more } = group;
    const inImage = format.inImage(type);
    const distance = (address - end + format.modulus) % format.modulus;
    for (const word of [type + 65536 * size, inImage ? distance : address, data.length, ...more])
      words.push(...bytesOf(word, 4).reverse());
    if (inImage) end = (address + data.length) % format.modulus;
    else words.push(...data, ...Array.from({ length: -data.length & 3 }, () => 0));
  }
  const table = Buffer.alloc(roundedUp(8 + words.length, 16));
  table.writeUInt32LE(table.length, 0);
  table.writeUInt32LE(groups.length, 4);
  table.set(words, 8);
  const image = groups.filter(({ type }) => format.inImage(type)).map(({ data }) => Buffer.from(data));
  return Buffer.concat([table, ...image]);
}

function follows(format: Format, last: Group, next: Group): boolean {
  const records = last.data.length / last.size;
  if (last.data.length === 0 || !Number.isInteger(records)) return false;
  const [flags, family, number = 0, blocks] = last.more;
  const more = flags === undefined ? [] : [flags, family, (number + records) % 2 ** 32, blocks];
  return (
    next.type === last.type &&
    next.size >= 1 &&
    next.size <= last.size &&
    next.address === (last.address + last.data.length) % format.modulus &&
    more.every((value, index) => value === next.more[index])
  );
}

/** Null if records of that maker can't look so. */
export function packRecords(
  plain: Uint8Array,
  maker: number,
  level: number,
  looks: number,
): Uint8Array | null {
  const format = FORMATS[maker] ?? uf2;
  if (level !== 0 || looks >= format.looks) return null;
  const bytes = Buffer.from(plain);
  requireSound(bytes.length >= 16);
  const size = bytes.readUInt32LE(0);
  requireSound(size >= 16 && size <= MOST_TABLE && size % 16 === 0 && size <= bytes.length);
  const table = bytes.subarray(0, size);
  let [at, image, end] = [8, size, 0];
  const pieces: Buffer[] = [];
  for (let groups = table.readUInt32LE(4); groups > 0; groups--) {
    requireSound(at + 4 * format.words <= size);
    const [first = 0, second = 0, length = 0, ...more] = Array.from({ length: format.words }, (_, index) =>
      table.readUInt32LE(at + 4 * index),
    );
    at += 4 * format.words;
    const [type, each] = [first % 65536, Math.floor(first / 65536)];
    requireSound(each <= format.limit(type) && (each > 0 || length === 0));
    const inImage = format.inImage(type);
    const address = (second + (inImage ? end : 0)) % format.modulus;
    const from = inImage ? image : at;
    if (inImage) {
      image += length;
      end = (address + length) % format.modulus;
    } else at += roundedUp(length, 4);
    requireSound(at <= size && image <= bytes.length);
    const data = [...bytes.subarray(from, from + length)];
    for (let index = 0; index === 0 || index * each < length; index++) {
      const [flags = 0, family = 0, number = 0, blocks = 0] = more;
      pieces.push(
        format.print({
          ...{ type, size: each, address: (address + index * each) % format.modulus },
          data: data.slice(index * each, (index + 1) * each),
          more: [flags, family, (number + index) % 2 ** 32, blocks],
        }),
      );
    }
  }
  requireSound(image === bytes.length);
  const made = Buffer.concat(pieces);
  if (maker === 4 || looks === 0) return made;
  const text = made.toString('latin1').replace(/\n/g, looks % 2 === 1 ? '\r\n' : '\n');
  return Buffer.from(looks >= 2 ? text.replace(/[A-F]/g, (digit) => digit.toLowerCase()) : text, 'latin1');
}
