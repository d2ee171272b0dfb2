/** Encodes and strictly decodes the header of a patch. FORMAT.md has the layout. */
import { DamagedError } from '../errors.ts';
import { digestBytes, type Source } from '../platform/files.ts';
import {
  type Algorithm,
  BSDIFF,
  BSDIFF_STREAMS,
  COMPRESSION,
  FILE_LIMIT,
  HEADER_LIMIT,
  MAGIC,
  MIXING,
  MIXING_STREAMS,
  type StreamName,
  VERSION_LIMIT,
} from './format.ts';

export interface PatchHeader {
  magic: typeof MAGIC;
  algorithm: Algorithm;
  compression: typeof COMPRESSION;
  fromVersion: string;
  toVersion: string;
  /** Bytes. */
  fromSize: number;
  toSize: number;
  /** SHA-256, 64 lower-case hex digits. */
  fromChecksum: string;
  toChecksum: string;
  /** Of all bytes after the header. */
  patchChecksum: string;
  /** Bytes after the header. */
  size: number;
  streams: StreamEntry[];
  /** Bytes of the header itself. */
  headerSize: number;
}

export interface StreamEntry {
  name: StreamName;
  /** Bytes, decompressed; 0 if the stream is empty, without a zstd frame. */
  rawSize: number;
  compressedSize: number;
}

const START = MAGIC.length + 2;
const DIGEST = 32;
const VERSION = /^[0-9A-Za-z.+-]+$/;

/** The caller has checked the versions with `isVersion`, and the sizes. */
export function encodeHeader(header: Omit<PatchHeader, 'headerSize'>): Uint8Array {
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
 * after the header only the number is checked.
 */
export function readPatchHeader(patch: Source): PatchHeader {
  const start = read(patch, 0, Math.min(START, patch.size));
  const magic = start.toString('latin1', 0, MAGIC.length);
  if (magic !== MAGIC) {
    throw new DamagedError(`not a patch: it begins with ${JSON.stringify(magic)}, wanted "${MAGIC}"`);
  }
  const headerSize = start.length < START ? 0 : start.readUInt16LE(MAGIC.length);
  if (headerSize < START + DIGEST || headerSize > HEADER_LIMIT || headerSize > patch.size) {
    throw damaged(`it says that it has ${headerSize} bytes, in a patch of ${patch.size}`);
  }
  const bytes = read(patch, 0, headerSize);
  const body = bytes.subarray(0, headerSize - DIGEST);
  const wanted = bytes.toString('hex', headerSize - DIGEST);
  const found = digestBytes(body).sha256;
  if (found !== wanted) throw damaged(`its SHA-256 is ${found}, wanted ${wanted}`);

  const fields = new Fields(body);
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
  const names = algorithm === MIXING ? MIXING_STREAMS : BSDIFF_STREAMS;
  fields.count(names.length);
  for (const { name } of names) {
    // No stream has more than one entry for each new byte, of at most five bytes.
    const rawSize = fields.size(`${name}.rawSize`, header.toSize * 5);
    const compressedSize = fields.size(`${name}.compressedSize`, header.size);
    if ((rawSize === 0) !== (compressedSize === 0)) {
      throw damaged(`${name} has ${rawSize} bytes out of ${compressedSize} compressed ones`);
    }
    if (name === 'model' && rawSize !== compressedSize) {
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

/** Whether a header can contain the version. */
export function isVersion(version: string): boolean {
  return version.length <= VERSION_LIMIT && VERSION.test(version);
}

function damaged(what: string): DamagedError {
  return new DamagedError(`the header of the patch is damaged: ${what}`);
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

/** Reads the fields one after the other. */
class Fields {
  readonly #bytes: Buffer;
  #at = START;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  text(field: string): string {
    const length = this.#next(1)[0] ?? 0;
    const value = this.#next(length).toString('latin1');
    if (!/^[\x21-\x7e]+$/.test(value)) throw damaged(`${field} cannot be ${JSON.stringify(value)}`);
    return value;
  }

  version(field: string): string {
    const value = this.text(field);
    if (!isVersion(value)) throw damaged(`${field} cannot be ${JSON.stringify(value)}`);
    return value;
  }

  size(field: string, limit: number): number {
    const value = this.#next(4).readUInt32LE();
    if (value > limit) throw damaged(`${field} is ${value}, at most ${limit} is possible`);
    return value;
  }

  digest(): string {
    return this.#next(DIGEST).toString('hex');
  }

  count(wanted: number): void {
    const found = this.#next(1)[0];
    if (found !== wanted) throw damaged(`it has ${found} streams, wanted ${wanted}`);
  }

  end(): void {
    if (this.#at !== this.#bytes.length)
      throw damaged(`${this.#bytes.length - this.#at} bytes follow its fields`);
  }

  #next(size: number): Buffer {
    if (this.#at + size > this.#bytes.length) throw damaged('its fields end too early');
    this.#at += size;
    return this.#bytes.subarray(this.#at - size, this.#at);
  }
}
