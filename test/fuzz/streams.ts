/** Streams of `mixing` that say what no encoder says: `model` and what the light coder made. */

import type { GenerateOptions } from '../../lib/delta/index.ts';
import { DamagedError } from '../../lib/errors.ts';
import { assemble } from '../delta/forge.ts';
import { type Sample, samples } from '../delta/mixing/executables.ts';
import { randomBytes } from '../delta/pairs.ts';
import { Decoder } from '../delta/reference/arithmetic.ts';
import { decodeLight } from '../delta/reference/light.ts';
import { decodeMixing } from '../delta/reference/mixing.ts';
import { type PlainPatch, parse, sha256 } from '../delta/reference.ts';
import { make } from '../delta/support.ts';
import { applied, isSame, requireThat } from './checks.ts';
import {
  DecidingDecoder,
  type Decisions,
  NO_DECISIONS,
  type Reading,
  TooManyBits,
} from './deciding-decoder.ts';
import type { Random } from './random.ts';

interface Forged {
  old: Uint8Array;
  plain: PlainPatch;
  model: Uint8Array;
  /** Of a second lane. */
  second: Uint8Array | null;
  /** The stream by the light coder, without its first byte; and what it makes. */
  light: Uint8Array | null;
  bulk: Uint8Array;
}

const forgeries = new Map<number, Promise<Forged>>();

/** One of the patches without bulk, with some, of nothing else, and in two lanes, none by the fourth model; made when it is first wanted. */
function pickForged(random: Random, withBulk = false): Promise<Forged> {
  const all = samples();
  const index = random.below(all.length);
  const kind = withBulk ? 1 + random.below(2) : random.below(4);
  return keptForgery(all, index, kind);
}

const [BY_FOURTH, FAST, FAST_LANES] = [4, 5, 6];

/** One by the fourth model, if that is smaller. */
function pickByFourth(random: Random): Promise<Forged> {
  const all = samples();
  return keptForgery(all, random.below(all.length), BY_FOURTH);
}

/** One with fast steps, in one lane or in two. */
function pickFast(random: Random): Promise<Forged> {
  const all = samples();
  return keptForgery(all, random.below(all.length), random.once(2) ? FAST : FAST_LANES);
}

function keptForgery(all: readonly Sample[], index: number, kind: number): Promise<Forged> {
  const made = forgeries.get(7 * index + kind) ?? forged(all, index, kind);
  forgeries.set(7 * index + kind, made);
  return made;
}

async function forged(all: readonly Sample[], index: number, kind: number): Promise<Forged> {
  const { old, fresh } = all[index] ?? { old: new Uint8Array(), fresh: new Uint8Array() };
  if (kind === 0) return parts(old, fresh);
  if (kind === BY_FOURTH) return parts(old, fresh, {});
  if (kind === 3) return parts(old, fresh, { fourthBelow: 0, lanesFrom: 0 });
  // Three of four alignments.
  const isFast = (index: number) => index % 4 !== 3;
  if (kind === FAST) return parts(old, fresh, { isFast });
  if (kind === FAST_LANES) return parts(old, fresh, { isFast, lanesFrom: 0 });
  const other = all[(index + 1) % all.length]?.fresh ?? fresh;
  // Backwards it is new, even if the other executable is like this one.
  const half = Uint8Array.from(Buffer.concat([fresh, other.slice(0, 0x3000).reverse()]));
  // All of a large one is more work than the limit as bulk already.
  const limit = (work: number, file: Uint8Array) => Math.max(work, Math.ceil(file.length / 30));
  if (kind === 1) return parts(old, half, { fourthBelow: 0, applyLimit: limit(6000, half) });
  return parts(randomBytes(3000, index + 1), fresh, { fourthBelow: 0, applyLimit: limit(4000, fresh) });
}

async function parts(
  old: Uint8Array,
  fresh: Uint8Array,
  options: Pick<GenerateOptions, 'applyLimit' | 'lanesFrom' | 'fourthBelow' | 'isFast'> = { fourthBelow: 0 },
): Promise<Forged> {
  const plain = parse(await make(old, fresh, { algorithm: 'mixing', ...options }));
  const [model] = plain.streams;
  const second = plain.streams.length === 3 ? (plain.streams[1]?.frame ?? null) : null;
  const extra = plain.streams.at(-1);
  requireThat(model !== undefined && plain.algorithm === 'mixing', 'a sample is no patch of mixing');
  const light = extra?.frame[0] === 1 ? extra.frame.subarray(1) : null;
  requireThat(
    // Gaps between fast steps are bulk, if there are any.
    options.isFast !== undefined || (light === null) === (options.applyLimit === undefined),
    'a sample has bulk, or has none, against its purpose',
  );
  const bulk = light === null ? new Uint8Array() : decodeLight(new Decoder(light), extra?.rawSize ?? 0);
  return { old, plain, model: model?.frame ?? new Uint8Array(), second, light, bulk };
}

const readings = new Map<Uint8Array, Reading>();

/** What a stream consists of. It is also written again, which must give the same bytes. */
function readingOf(stream: Uint8Array, read: (decoder: Decoder) => void): Reading {
  let reading = readings.get(stream);
  if (reading === undefined) {
    const decoder = new DecidingDecoder(stream, NO_DECISIONS);
    read(decoder);
    requireThat(isSame(decoder.written(), stream), 'a stream that was not changed is written otherwise');
    reading = decoder.reading;
    readings.set(stream, reading);
  }
  return reading;
}

/** A few changes: of numbers, of raw numbers, of bits behind them; then perhaps noise. */
function decisions(random: Random, reading: Reading, matters: readonly number[]): Decisions {
  const numbers = new Map<number, number>();
  const raws = new Map<number, number>();
  const bits = new Set<number>();
  const behind = () => reading.head + random.below(Math.max(1, reading.bits - reading.head));
  const kind = random.below(8);
  for (let count = 1 + random.small(4); count > 0; count--) {
    if (kind < 3) changeNumbers(random, reading, matters, numbers);
    else if (kind === 3)
      raws.set(random.below(reading.raws), random.once(2) ? random.edge(matters) : random.small(32));
    else if (kind < 7) bits.add(behind());
    else bits.add(random.below(reading.bits));
  }
  const noise = {
    from: behind(),
    perMille: random.once(2) ? 0 : random.pick([1, 5, 30, 200, 500]),
    next: () => random.below(1000),
  };
  return { numbers, raws, bits, noise, most: 4 * reading.bits + 20_000 };
}

function changeNumbers(
  random: Random,
  { numbers }: Reading,
  matters: readonly number[],
  changed: Map<number, number>,
): void {
  const at = random.once(2) ? random.small(numbers.length) : random.below(numbers.length);
  const was = numbers[at] ?? 0;
  const by = random.below(9) - 4;
  const next = numbers[at + 1];
  if (random.once(3)) changed.set(at, random.once(2) ? random.small(64) : random.edge([was, ...matters]));
  else changed.set(at, Math.max(0, was + by));
  // What comes later may stay where it is.
  if (next !== undefined && random.once(2)) changed.set(at + 1, Math.max(0, next - by));
}

const decoded = ({ old, plain }: Forged, model: Decoder, second: Decoder | null, bytes: Uint8Array) =>
  decodeMixing(
    old,
    plain.toSize,
    { model, second, extra: { bytes, isLight: true, at: 0 } },
    plain.model,
    plain.fastSteps,
  );

const decoderOf = (stream: Uint8Array | null) => (stream === null ? null : new Decoder(stream));

/** Null if the second decoder refuses it, and undefined if it has read more bits than is worth while. */
function attempt<T>(make: () => T): T | null | undefined {
  try {
    return make();
  } catch (error) {
    if (error instanceof TooManyBits) return undefined;
    return null;
  }
}

type Lanes = Pick<Forged, 'model' | 'second'>;

const withStreams = (
  { plain }: Forged,
  { model, second }: Lanes,
  extra: Uint8Array,
  rawSize: number,
  toChecksum: string,
) =>
  assemble({
    ...plain,
    toChecksum,
    streams: [
      { rawSize: model.length, frame: model },
      ...(second === null ? [] : [{ rawSize: second.length, frame: second }]),
      { rawSize, frame: extra },
    ],
  });

const MARK = Uint8Array.of(1);
const lightFrame = (light: Uint8Array | null) =>
  light === null ? new Uint8Array() : Buffer.concat([MARK, light]);

/** Applies the patch. Both decoders must make the same file, or both refuse it. */
async function compare(
  forgery: Forged,
  streams: Lanes & Pick<Forged, 'light'>,
  made: Uint8Array | null | undefined,
): Promise<string> {
  const { old, plain, bulk } = forgery;
  const toChecksum = made ? sha256(made) : plain.toChecksum;
  const patch = withStreams(forgery, streams, lightFrame(streams.light), bulk.length, toChecksum);
  const outcome = await applied(patch, old);
  if (made === undefined) return 'too long';
  if (made === null) {
    requireThat(outcome instanceof DamagedError, 'a patch applies that the second decoder refuses');
    return 'refused';
  }
  const isMade = outcome instanceof Uint8Array && isSame(outcome, made);
  requireThat(isMade, `the second decoder makes a file, found ${outcome}`);
  return 'made';
}

/** `model`, or what the second lane is made of, decided anew. */
export async function changedModel(random: Random): Promise<string> {
  return await changedModelOf(await pickForged(random), random);
}

/** `model` of a patch by the fourth model. */
export async function changedFourth(random: Random): Promise<string> {
  return await changedModelOf(await pickByFourth(random), random);
}

/** `model`, or what the second lane is made of, of a patch with fast steps. */
export async function changedFast(random: Random): Promise<string> {
  return await changedModelOf(await pickFast(random), random);
}

async function changedModelOf(forgery: Forged, random: Random): Promise<string> {
  const { old, plain, model, second, light, bulk } = forgery;
  const isSecond = second !== null && random.once(2);
  const stream = isSecond ? second : model;
  const read = (decoder: Decoder) =>
    isSecond
      ? decoded(forgery, new Decoder(model), decoder, bulk)
      : decoded(forgery, decoder, decoderOf(second), bulk);
  const reading = readingOf(stream, read);
  const matters = [old.length, plain.toSize, bulk.length, 255, 1 << 16, 1 << 22];
  const decoder = new DecidingDecoder(stream, decisions(random, reading, matters));
  const made = attempt(() => read(decoder));
  const changed = isSecond ? { model, second: decoder.written() } : { model: decoder.written(), second };
  return compare(forgery, { ...changed, light }, made);
}

/** The stream of the light coder decided anew; `model` then is about other bulk than it was made for. */
export async function changedLight(random: Random): Promise<string> {
  const forgery = await pickForged(random, true);
  const { model, second, light, bulk } = forgery;
  if (light === null) return 'nothing';
  const reading = readingOf(light, (decoder) => decodeLight(decoder, bulk.length));
  const matters = [bulk.length, 1024, 255, 273, 1 << 16];
  const decoder = new DecidingDecoder(light, decisions(random, reading, matters));
  const made = attempt(() => {
    const bytes = decodeLight(decoder, bulk.length);
    return decoded(forgery, new Decoder(model), decoderOf(second), bytes);
  });
  return compare(forgery, { model, second, light: decoder.written() }, made);
}

/** Bytes of either stream changed, cut off, or noise; or the streams of two patches mixed up. */
export async function damagedStreams(random: Random): Promise<string> {
  const forgery = await pickForged(random);
  const other = await pickForged(random);
  const { old, plain, bulk } = forgery;
  let { model, second } = forgery;
  let extra: Uint8Array = lightFrame(forgery.light);
  let rawSize = bulk.length;
  const kind = random.below(8);
  if (kind < 3 && second !== null && random.once(2)) second = random.damaged(second);
  else if (kind < 3) model = random.damaged(model, random.once(2) ? 64 : model.length);
  else if (kind < 5 && extra.length > 0) extra = random.damaged(extra);
  else if (kind === 5)
    model = Buffer.concat([model.subarray(0, random.small(model.length)), random.bytes(random.small(3000))]);
  else if (kind === 6) [extra, rawSize] = [lightFrame(other.light), other.bulk.length];
  else rawSize = Math.min(5 * plain.toSize, Math.max(1, rawSize + random.below(9) - 4));
  if (extra.length === 0) rawSize = 0;
  if (model.length === 0 || second?.length === 0 || (rawSize === 0 && extra.length > 0)) return 'nothing';
  const outcome = await applied(
    withStreams(forgery, { model, second }, extra, rawSize, plain.toChecksum),
    old,
  );
  return outcome instanceof Uint8Array ? 'made' : 'refused';
}

/** A sound patch, applied to an executable that is damaged, which nobody has verified before. */
export async function damagedOld(random: Random): Promise<string> {
  const { old, plain } = await pickForged(random);
  const damaged = random.damaged(old);
  const outcome = await applied(assemble({ ...plain, fromSize: damaged.length }), damaged, false);
  return outcome instanceof Uint8Array ? 'made' : 'refused';
}
