/** What a header tells, and how its fields are read one after the other in both of its forms. */
import { DamagedError } from '../errors.ts';
import { type Algorithm, type COMPRESSION, type MAGIC, type StreamName, VERSION_LIMIT } from './format.ts';

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
  /** Whether it is in the short form, without `patchChecksum`, which is computed when it is read. */
  short?: true;
  /** Of `mixing`: whether it is by the second model, by the third or by the fourth one. Only the short form can tell. */
  secondModel?: true;
  thirdModel?: true;
  fourthModel?: true;
  /** Whether it is by the third model, and has steps that are fast. */
  fastSteps?: true;
  /** Whether it is made between the unpacked files (deflate/): bytes of the new one then. */
  unpackedSize?: number;
}

export interface StreamEntry {
  name: StreamName;
  /** Bytes, decompressed; 0 if the stream is empty, without a zstd frame. */
  rawSize: number;
  compressedSize: number;
}

const VERSION = /^[0-9A-Za-z.+-]+$/;
const DIGEST = 32;
/** Bytes of a varint, at most. */
const LONGEST_VARINT = 5;

/** Whether a header can contain the version. */
export function isVersion(version: string): boolean {
  return version.length <= VERSION_LIMIT && VERSION.test(version);
}

export function damagedHeader(what: string): DamagedError {
  return new DamagedError(`the header of the patch is damaged: ${what}`);
}

/** Throws DamagedError if a field is not as in FORMAT.md. */
export class HeaderFields {
  readonly #bytes: Buffer;
  #at: number;

  constructor(bytes: Buffer, start: number) {
    this.#bytes = bytes;
    this.#at = start;
  }

  /** Where the next field begins. */
  get at(): number {
    return this.#at;
  }

  byte(): number {
    return this.bytes(1).readUInt8();
  }

  text(field: string): string {
    const value = this.bytes(this.byte()).toString('latin1');
    if (!/^[\x21-\x7e]+$/.test(value)) throw damagedHeader(`${field} cannot be ${JSON.stringify(value)}`);
    return value;
  }

  version(field: string): string {
    return requireVersion(field, this.text(field));
  }

  /** A version, as what it has in common with another one, and the rest. */
  versionAfter(field: string, other: string): string {
    const common = this.byte();
    const rest = this.bytes(this.byte()).toString('latin1');
    const value = requireVersion(field, other.slice(0, common) + rest);
    if (commonStart(other, value) !== common) {
      throw damagedHeader(`${field} has more than ${common} characters in common with the other version`);
    }
    return value;
  }

  size(field: string, limit: number): number {
    return within(field, this.bytes(4).readUInt32LE(), limit);
  }

  varint(field: string, limit: number): number {
    let value = 0;
    for (let i = 0, factor = 1; ; i++, factor *= 128) {
      const byte = this.byte();
      value += (byte & 127) * factor;
      if (byte >= 128 && i + 1 < LONGEST_VARINT) continue;
      if (byte >= 128 || (byte === 0 && i > 0)) throw damagedHeader(`${field} is a number that is too long`);
      return within(field, value, limit);
    }
  }

  /** A number, as zigzag of what it differs from another one. */
  varintAfter(field: string, other: number, limit: number): number {
    const coded = this.varint(field, 2 ** 32);
    return within(field, other + (coded % 2 === 0 ? coded / 2 : -(coded + 1) / 2), limit);
  }

  digest(): string {
    return this.bytes(DIGEST).toString('hex');
  }

  end(): void {
    const left = this.#bytes.length - this.#at;
    if (left !== 0) throw damagedHeader(`${left} bytes follow its fields`);
  }

  bytes(size: number): Buffer {
    if (this.#at + size > this.#bytes.length) throw damagedHeader('its fields end too early');
    this.#at += size;
    return this.#bytes.subarray(this.#at - size, this.#at);
  }
}

/** Characters that both begin with. */
export function commonStart(a: string, b: string): number {
  let common = 0;
  while (common < a.length && a[common] === b[common]) common++;
  return common;
}

function requireVersion(field: string, value: string): string {
  if (!isVersion(value)) throw damagedHeader(`${field} cannot be ${JSON.stringify(value)}`);
  return value;
}

function within(field: string, value: number, limit: number): number {
  if (value < 0 || value > limit) throw damagedHeader(`${field} is ${value}, at most ${limit} is possible`);
  return value;
}
