/** Encodes and strictly decodes the header of a patch. FORMAT.md has the layout. */
import { DamagedError } from '../errors.ts';
import { digestBytes, type Source } from '../platform/files.ts';
import {
  BSDIFF,
  COMPRESSION,
  FILE_LIMIT,
  HEADER_LIMIT,
  isStored,
  MAGIC,
  MIXING,
  mostRaw,
  namesOf,
  SHORT_MAGIC,
} from './format.ts';
import { damagedHeader as damaged, HeaderFields, type PatchHeader } from './header-fields.ts';
import { encodeShortHeader, readShortHeader } from './short-header.ts';

export type { PatchHeader, StreamEntry } from './header-fields.ts';

const START = MAGIC.length + 2;
const DIGEST = 32;

/** The caller has checked the versions with `isVersion`, and the sizes. */
export function encodeHeader(header: Omit<PatchHeader, 'headerSize'>): Uint8Array {
  return header.short ? encodeShortHeader(header) : encodeLongHeader(header);
}

function encodeLongHeader(header: Omit<PatchHeader, 'headerSize'>): Uint8Array {
  const parts = [
    text(header.algorithm),
    text(header.compression),
    text(header.fromVersion),
    text(header.toVersion),
    u32(header.fromSize),
    u32(header.toSize),
    Buffer.from(header.fromChecksum, 'hex'),
    Buffer.from(header.toChecksum, 'hex'),
    u32(header.size),
    Buffer.from(header.patchChecksum, 'hex'),
    Uint8Array.of(header.streams.length),
    ...header.streams.flatMap(({ rawSize, compressedSize }) => [u32(rawSize), u32(compressedSize)]),
  ];
  const headerSize = START + parts.reduce((sum, part) => sum + part.length, 0) + DIGEST;
  const start = Buffer.from(`${MAGIC}\0\0`, 'latin1');
  start.writeUInt16LE(headerSize, MAGIC.length);
  const body = Buffer.concat([start, ...parts]);
  return Buffer.concat([body, Buffer.from(digestBytes(body).sha256, 'hex')]);
}

/**
 * The header of the patch, which is all of `patch`. Throws DamagedError if anything is not as in FORMAT.md. Of the bytes
 * after a header in the long form only the number is checked.
 */
export function readPatchHeader(patch: Source): PatchHeader {
  const start = read(patch, 0, Math.min(HEADER_LIMIT, patch.size));
  return start.toString('latin1', 0, SHORT_MAGIC.length) === SHORT_MAGIC
    ? readShortHeader(patch, start)
    : readLongHeader(patch, start);
}

function readLongHeader(patch: Source, start: Buffer): PatchHeader {
  const magic = start.toString('latin1', 0, MAGIC.length);
  if (magic !== MAGIC) {
    throw new DamagedError(`not a patch: it begins with ${JSON.stringify(magic)}, wanted "${MAGIC}"`);
  }
  const headerSize = start.length < START ? 0 : start.readUInt16LE(MAGIC.length);
  if (headerSize < START + DIGEST || headerSize > HEADER_LIMIT || headerSize > patch.size) {
    throw damaged(`it says that it has ${headerSize} bytes, in a patch of ${patch.size}`);
  }
  const bytes = start.subarray(0, headerSize);
  const body = bytes.subarray(0, headerSize - DIGEST);
  const wanted = bytes.toString('hex', headerSize - DIGEST);
  const found = digestBytes(body).sha256;
  if (found !== wanted) throw damaged(`its SHA-256 is ${found}, wanted ${wanted}`);

  const fields = new HeaderFields(body, START);
  const algorithm = fields.text('algorithm');
  const compression = fields.text('compression');
  if ((algorithm !== BSDIFF && algorithm !== MIXING) || compression !== COMPRESSION) {
    throw new DamagedError(
      `the patch is made with ${JSON.stringify(algorithm)} and ${JSON.stringify(compression)}, this updater knows "${BSDIFF}" and "${MIXING}", with "${COMPRESSION}"`,
      { advice: 'A newer dgmo-updater is needed for this patch.' },
    );
  }
  const header: PatchHeader = {
    magic: MAGIC,
    algorithm,
    compression,
    fromVersion: fields.version('fromVersion'),
    toVersion: fields.version('toVersion'),
    fromSize: fields.size('fromSize', FILE_LIMIT),
    toSize: fields.size('toSize', FILE_LIMIT),
    fromChecksum: fields.digest(),
    toChecksum: fields.digest(),
    size: fields.size('size', FILE_LIMIT),
    patchChecksum: fields.digest(),
    streams: [],
    headerSize,
  };
  const names = namesOf(algorithm);
  const count = fields.byte();
  if (count !== names.length) throw damaged(`it has ${count} streams, wanted ${names.length}`);
  for (const name of names) {
    const rawSize = fields.size(`${name}.rawSize`, mostRaw(header));
    const compressedSize = fields.size(`${name}.compressedSize`, header.size);
    if ((rawSize === 0) !== (compressedSize === 0)) {
      throw damaged(`${name} has ${rawSize} bytes out of ${compressedSize} compressed ones`);
    }
    if (isStored(name) && rawSize !== compressedSize) {
      throw damaged(`${name} is stored, and has ${rawSize} bytes out of ${compressedSize}`);
    }
    header.streams.push({ name, rawSize, compressedSize });
  }
  fields.end();
  const sum = header.streams.reduce((total, { compressedSize }) => total + compressedSize, 0);
  if (sum !== header.size) throw damaged(`its streams have ${sum} bytes together, wanted ${header.size}`);
  if (headerSize + header.size !== patch.size) {
    throw new DamagedError(
      `the patch has ${patch.size} bytes, its header wants ${headerSize + header.size}: it is cut off, or something follows it`,
    );
  }
  return header;
}

function read(source: Source, position: number, size: number): Buffer {
  const bytes = Buffer.alloc(size);
  source.read(position, bytes);
  return bytes;
}

function text(value: string): Uint8Array {
  return Buffer.concat([Uint8Array.of(value.length), Buffer.from(value, 'latin1')]);
}

function u32(value: number): Uint8Array {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}
