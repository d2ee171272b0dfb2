/**
 * DGMO_PATCH_V1 once more, from lib/delta/FORMAT.md alone and sharing no code with lib/delta: a plain decoder in memory,
 * with zstd-codec for the streams. It believes what it reads; it is for patches that are well-formed.
 */
import { createHash } from 'node:crypto';
import { ZstdCodec } from 'zstd-codec';
import { Decoder } from './reference/arithmetic.ts';
import { decodeLight } from './reference/light.ts';
import type { Model } from './reference/limits.ts';
import { decodeMixing } from './reference/mixing.ts';
import { packNew, readPacked, unpackOld } from './reference/packed.ts';

export const STREAM_NAMES = [
  'diffLengths',
  'extraLengths',
  'seeks',
  'skips',
  'runs',
  'values1',
  'values2',
  'values3',
  'values4',
  'extra',
] as const;
export type RawStreams = Record<(typeof STREAM_NAMES)[number], Uint8Array>;

export interface PlainPatch {
  /** Of a header in the short form. */
  short: boolean;
  algorithm: string;
  /** Of `mixing`. */
  model: Model;
  fastSteps: boolean;
  /** Bytes of the unpacked new file, of a patch between unpacked files. */
  unpackedSize?: number;
  compression: string;
  fromVersion: string;
  toVersion: string;
  fromSize: number;
  toSize: number;
  fromChecksum: string;
  toChecksum: string;
  streams: { rawSize: number; frame: Uint8Array }[];
}

const zstd = await new Promise<{ decompress(bytes: Uint8Array): Uint8Array }>((resolve) => {
  ZstdCodec.run(({ Simple }) => resolve(new Simple()));
});

export const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

export function parse(patch: Uint8Array): PlainPatch {
  return Buffer.from(patch).toString('latin1', 0, 4) === 'DGMP' ? parseShort(patch) : parseLong(patch);
}

function parseShort(patch: Uint8Array): PlainPatch {
  const bytes = Buffer.from(patch);
  let at = 4;
  const take = (size: number) => {
    at += size;
    return bytes.subarray(at - size, at);
  };
  const byte = () => take(1).readUInt8();
  const text = () => take(byte()).toString('latin1');
  const number = (): number => {
    const low = byte();
    return low < 128 ? low : low - 128 + 128 * number();
  };
  const form = byte();
  const isUnpacked = form % 128 >= 64;
  const way = form % 64;
  const algorithm = way === 1 ? 'bsdiff' : 'mixing';
  const model = way === 8 ? 4 : way >= 6 ? 3 : way >= 4 ? 2 : 1;
  const fastSteps = way >= 10;
  const count = (way === 1 ? 10 : way % 2 === 0 ? 2 : 3) + (isUnpacked ? 1 : 0);
  const fromVersion = text();
  const toVersion = fromVersion.slice(0, byte()) + text();
  const fromSize = number();
  const difference = number();
  const toSize = fromSize + (difference % 2 === 0 ? difference / 2 : -(difference + 1) / 2);
  const fromChecksum = take(32).toString('hex');
  const toChecksum = form >= 128 ? fromChecksum : take(32).toString('hex');
  const unpacked = isUnpacked ? { unpackedSize: number() } : {};
  const sizes = Array.from({ length: count }, (_, index) => {
    const rawSize = number();
    const isStored = algorithm === 'mixing' && index < count - 1 && !(isUnpacked && index === 0);
    const isWritten = rawSize > 0 && !isStored;
    return [rawSize, isWritten ? number() : rawSize] as const;
  });
  take(8);
  const streams = sizes.map(([rawSize, size]) => ({ rawSize, frame: take(size) }));
  const files = { fromVersion, toVersion, fromSize, toSize, fromChecksum, toChecksum };
  return { short: true, algorithm, model, fastSteps, compression: 'zstd', ...files, ...unpacked, streams };
}

function parseLong(patch: Uint8Array): PlainPatch {
  const bytes = Buffer.from(patch);
  let at = 15;
  const take = (size: number) => {
    at += size;
    return bytes.subarray(at - size, at);
  };
  const text = () => take(take(1).readUInt8()).toString('latin1');
  const number = () => take(4).readUInt32LE();
  const digest = () => take(32).toString('hex');
  const [algorithm, compression, fromVersion, toVersion] = [text(), text(), text(), text()];
  const [fromSize, toSize] = [number(), number()];
  const [fromChecksum, toChecksum] = [digest(), digest()];
  take(4 + 32);
  const sizes = Array.from({ length: take(1).readUInt8() }, () => [number(), number()] as const);
  at = bytes.readUInt16LE(13);
  const streams = sizes.map(([rawSize, size]) => ({ rawSize, frame: take(size) }));
  return {
    short: false,
    algorithm,
    model: 1,
    fastSteps: false,
    compression,
    fromVersion,
    toVersion,
    fromSize,
    toSize,
    fromChecksum,
    toChecksum,
    streams,
  };
}

export function decompress({ streams }: PlainPatch): RawStreams {
  return Object.fromEntries(
    STREAM_NAMES.map((name, index) => {
      const frame = streams[index]?.frame ?? new Uint8Array();
      return [name, frame.length === 0 ? frame : zstd.decompress(frame)];
    }),
  ) as RawStreams;
}

function varints(bytes: Uint8Array): number[] {
  const all: number[] = [];
  let value = 0;
  let factor = 1;
  for (const byte of bytes) {
    value += (byte & 127) * factor;
    factor *= 128;
    if (byte < 128) {
      all.push(value);
      value = 0;
      factor = 1;
    }
  }
  return all;
}

/** The whole diff, its zeros included. */
function plainDiff(raw: RawStreams, size: number): Int8Array {
  const diff = new Int8Array(size);
  const values = [raw.values1, raw.values2, raw.values3, raw.values4];
  const taken = [0, 0, 0, 0];
  const runs = varints(raw.runs);
  let at = 0;
  for (const [index, zeros] of varints(raw.skips).entries()) {
    const run = runs[index] as number;
    const column = Math.min(run, 4) - 1;
    const from = taken[column] as number;
    taken[column] = from + run;
    at += zeros;
    diff.set(new Int8Array((values[column] as Uint8Array).slice(from, from + run).buffer), at);
    at += run;
  }
  return diff;
}

function bspatch(old: Uint8Array, toSize: number, raw: RawStreams): Uint8Array {
  const [diffLengths, extraLengths] = [varints(raw.diffLengths), varints(raw.extraLengths)];
  const diff = plainDiff(
    raw,
    diffLengths.reduce((sum, length) => sum + length, 0),
  );
  const fresh = new Uint8Array(toSize);
  let [oldAt, newAt, diffAt, extraAt] = [0, 0, 0, 0];
  for (const [step, seek] of varints(raw.seeks).entries()) {
    oldAt += seek % 2 === 0 ? seek / 2 : -(seek + 1) / 2;
    let carry = 0;
    for (let i = diffLengths[step] as number; i > 0; i--) {
      const sum = (old[oldAt++] as number) + (diff[diffAt++] as number) + carry;
      fresh[newAt++] = sum;
      carry = Math.floor(sum / 256);
    }
    for (let i = extraLengths[step] as number; i > 0; i--) fresh[newAt++] = raw.extra[extraAt++] as number;
  }
  return fresh;
}

/** The numbers of the stream `packed`. */
export function packedNumbers({ streams: [list] }: PlainPatch): number[] {
  return varints(zstd.decompress(list?.frame ?? new Uint8Array()));
}

export function applyPlainly(patch: Uint8Array, old: Uint8Array): Uint8Array {
  const plain = parse(patch);
  if (plain.algorithm !== 'mixing') return bspatch(old, plain.toSize, decompress(plain));
  if (plain.unpackedSize === undefined) return applyMixing(plain, old, plain.toSize);
  const streams = plain.streams.slice(1);
  const packed = readPacked(packedNumbers(plain), old.length, plain.unpackedSize);
  const pack = (made: Uint8Array) => packNew(made, packed, false);
  const made = applyMixing({ ...plain, streams }, unpackOld(old, packed), plain.unpackedSize, pack);
  return packNew(made, packed, true);
}

function applyMixing(
  plain: PlainPatch,
  old: Uint8Array,
  toSize: number,
  packed?: (made: Uint8Array) => Uint8Array,
): Uint8Array {
  const [model, ...others] = plain.streams.map(({ frame }) => frame);
  const extra = plain.streams.at(-1);
  const isLight = extra?.frame[0] === 1;
  let bytes: Uint8Array = new Uint8Array();
  if (extra !== undefined && extra.rawSize > 0)
    bytes = isLight
      ? decodeLight(new Decoder(extra.frame.subarray(1)), extra.rawSize)
      : zstd.decompress(extra.frame);
  const streams = {
    model: new Decoder(model ?? new Uint8Array()),
    second: others.length === 2 ? new Decoder(others[0] ?? new Uint8Array()) : null,
    extra: { bytes, isLight, at: 0, ...(packed === undefined ? {} : { packed }) },
  };
  return decodeMixing(old, toSize, streams, plain.model, plain.fastSteps);
}
