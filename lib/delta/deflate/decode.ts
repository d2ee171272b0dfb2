/** What a patch between unpacked files is once its list of streams has been read: one between two other files. */
import { DamagedError } from '../../errors.ts';
import { type Source, sliceSource } from '../../platform/files.ts';
import { PACKED_STREAM } from '../format.ts';
import type { PatchHeader } from '../header.ts';
import { Inflater } from '../inflater.ts';
import type { Between } from '../output.ts';
import { decodeList } from './list.ts';
import { Packer } from './packer.ts';
import { unpackedSource } from './unpack.ts';

/** The patch between the unpacked files. */
export interface Unpacked {
  header: PatchHeader;
  body: Source;
  old: Source;
  /** Takes the new file, unpacked, and passes it on as it is. */
  packing: Between;
}

/** Nothing is written behind the end of the new file, whatever the patch says. */
function within(size: number, write: (chunk: Uint8Array) => void): (chunk: Uint8Array) => void {
  let written = 0;
  return (chunk) => {
    written += chunk.length;
    if (written > size)
      throw new DamagedError(`the patch is malformed: it makes more than the ${size} bytes of the new file`);
    write(chunk);
  };
}

/** Throws DamagedError if the list is malformed. */
export async function unpacked(
  header: PatchHeader,
  unpackedSize: number,
  body: Source,
  old: Source,
): Promise<Unpacked> {
  const [first, ...streams] = header.streams;
  const { rawSize = 0, compressedSize = 0 } = first ?? {};
  const frame = sliceSource(body, 0, compressedSize);
  const name = 'the list of compressed streams of the patch';
  const inflater = new Inflater(frame, rawSize, PACKED_STREAM.windowLog, name);
  try {
    const list = await decodeList(inflater, header.fromSize, unpackedSize);
    const unpackedOld = unpackedSource(old, list.old);
    return {
      header: { ...header, fromSize: unpackedOld.size, toSize: unpackedSize, streams },
      body: sliceSource(body, compressedSize, body.size - compressedSize),
      old: unpackedOld,
      packing: (write) => new Packer(list.fresh, within(header.toSize, write)),
    };
  } finally {
    inflater.close();
  }
}
