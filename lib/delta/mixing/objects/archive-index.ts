/** Indexes of archives: in which member each symbol is. Whatever is added to the archive moves the entries behind it, and what each of them says. */
import type { FunctionTable } from '../containers/image.ts';
import { textAt } from './object.ts';

/** The index of other systems; undefined if there is none. `start`: where it begins in the file. */
export function symbolIndex(bytes: Buffer, start: number): FunctionTable | undefined {
  if (bytes.length < 4) return undefined;
  const count = Math.min(bytes.readUInt32BE(0), Math.floor(bytes.length / 4) - 1);
  if (count === 0) return undefined;
  let name = 4 + 4 * count;
  const records = Array.from({ length: count }, (_, index) => {
    const end = bytes.indexOf(0, name);
    const text = bytes.toString('latin1', name, end < 0 ? name : end);
    if (end >= 0) name = end + 1;
    const at = 4 + 4 * index;
    return { address: bytes.readUInt32BE(at), offset: start + at, size: 4, name: text };
  });
  return { offset: start + 4, size: 4 * count, records, key: 'index', isOrdered: true };
}

/** That of macOS. */
export function sortedIndex(bytes: Buffer, start: number): FunctionTable | undefined {
  if (bytes.length < 8) return undefined;
  const count = Math.floor(Math.min(bytes.readUInt32LE(0), bytes.length - 8) / 8);
  if (count === 0) return undefined;
  const names = 8 + 8 * count;
  const records = Array.from({ length: count }, (_, index) => {
    const at = 4 + 8 * index;
    const name = textAt(bytes, names + bytes.readUInt32LE(at));
    return { address: bytes.readUInt32LE(at + 4), offset: start + at, size: 8, name };
  });
  return { offset: start + 4, size: 8 * count, records, key: 'index', isOrdered: true };
}
