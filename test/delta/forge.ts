/** Patches that are wrong in one place and, their checksums made anew, right in all others. */
import { createHash } from 'node:crypto';
import { constants, zstdCompressSync } from 'node:zlib';
import { decompress, type PlainPatch, parse, type RawStreams, STREAM_NAMES, sha256 } from './reference.ts';

const u32 = (value: number) => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
};
const text = (value: string) => Buffer.from(String.fromCharCode(value.length) + value, 'latin1');

export function zstd(raw: Uint8Array, params: Record<number, number> = {}): Buffer {
  return zstdCompressSync(raw, {
    params: { [constants.ZSTD_c_checksumFlag]: 0, ...params },
    pledgedSrcSize: raw.length,
  });
}

export function varint(value: number): number[] {
  return value < 128 ? [value] : [(value % 128) + 128, ...varint(Math.floor(value / 128))];
}

export const zigzag = (value: number) => varint(value < 0 ? -2 * value - 1 : 2 * value);

/** Header and streams of `patch`, in the layout of FORMAT.md, every checksum and sum computed anew. */
export function assemble(patch: PlainPatch): Buffer {
  return patch.short ? assembleShort(patch) : assembleLong(patch);
}

/** With the fields of a short header, everything before its check, as `change` makes them. */
export function assembleShort(patch: PlainPatch, change = (fields: Buffer): Uint8Array => fields): Buffer {
  const isMixing = patch.algorithm === 'mixing';
  const isEqual = patch.fromChecksum === patch.toChecksum;
  const model = patch.fastSteps ? 5 : patch.model;
  const isUnpacked = patch.unpackedSize !== undefined;
  const lanes = patch.streams.length - (isUnpacked ? 1 : 0);
  const way = (isMixing ? lanes + 2 * (model - 1) : 1) + (isUnpacked ? 64 : 0);
  let common = 0;
  while (common < patch.fromVersion.length && patch.fromVersion[common] === patch.toVersion[common]) common++;
  const body = change(
    Buffer.concat([
      Buffer.from('DGMP'),
      Buffer.of(way + (isEqual ? 128 : 0)),
      text(patch.fromVersion),
      Buffer.of(common),
      text(patch.toVersion.slice(common)),
      Buffer.from([...varint(patch.fromSize), ...zigzag(patch.toSize - patch.fromSize)]),
      Buffer.from(patch.fromChecksum + (isEqual ? '' : patch.toChecksum), 'hex'),
      Buffer.from(patch.unpackedSize === undefined ? [] : varint(patch.unpackedSize)),
      ...patch.streams.map(({ rawSize, frame }, index) => {
        const isStored = isMixing && index < patch.streams.length - 1 && !(isUnpacked && index === 0);
        const isWritten = rawSize > 0 && !isStored;
        return Buffer.from([...varint(rawSize), ...(isWritten ? varint(frame.length) : [])]);
      }),
    ]),
  );
  const content = Buffer.concat(patch.streams.map(({ frame }) => frame));
  const all = Buffer.concat([body, Buffer.from(sha256(content), 'hex')]);
  return Buffer.concat([body, Buffer.from(sha256(all), 'hex').subarray(0, 8), content]);
}

function assembleLong(patch: PlainPatch): Buffer {
  const content = Buffer.concat(patch.streams.map(({ frame }) => frame));
  const fields = Buffer.concat([
    text(patch.algorithm),
    text(patch.compression),
    text(patch.fromVersion),
    text(patch.toVersion),
    u32(patch.fromSize),
    u32(patch.toSize),
    Buffer.from(patch.fromChecksum, 'hex'),
    Buffer.from(patch.toChecksum, 'hex'),
    u32(content.length),
    Buffer.from(sha256(content), 'hex'),
    Buffer.of(patch.streams.length),
    ...patch.streams.flatMap(({ rawSize, frame }) => [u32(rawSize), u32(frame.length)]),
  ]);
  return Buffer.concat([sealHeader(fields), content]);
}

/** A header around its fields (everything from `algorithm` on), with size and checksum. */
export function sealHeader(fields: Uint8Array): Buffer {
  const size = 15 + fields.length + 32;
  const body = Buffer.concat([Buffer.from('DGMO_PATCH_V1'), Buffer.of(size % 256, size >> 8), fields]);
  return Buffer.concat([body, createHash('sha256').update(body).digest()]);
}

/** `patch` with some of its streams replaced, decompressed. */
export function withStreams(patch: Uint8Array, changed: Partial<Record<keyof RawStreams, number[]>>): Buffer {
  const plain = parse(patch);
  const raw = decompress(plain);
  plain.streams = STREAM_NAMES.map((name) => {
    const bytes = Uint8Array.from(changed[name] ?? raw[name]);
    return { rawSize: bytes.length, frame: bytes.length === 0 ? bytes : zstd(bytes) };
  });
  return assemble(plain);
}

/** `patch` with other header fields. */
export function withHeader(patch: Uint8Array, changed: Partial<PlainPatch>): Buffer {
  return assemble({ ...parse(patch), ...changed });
}
