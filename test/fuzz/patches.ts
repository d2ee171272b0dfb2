/** Patches of `bsdiff` with numbers that are wrong, and headers with any field changed, of both algorithms. */
import type { Algorithm } from '../../lib/delta/index.ts';
import { assemble, assembleShort, sealHeader, varint, withStreams, zstd } from '../delta/forge.ts';
import { elf } from '../delta/mixing/executables.ts';
import { adversarialPairs } from '../delta/pairs.ts';
import { decompress, type PlainPatch, parse, STREAM_NAMES, sha256 } from '../delta/reference.ts';
import { make } from '../delta/support.ts';
import { applied, readThrough, requireThat } from './checks.ts';
import type { Random } from './random.ts';

interface Sound {
  old: Uint8Array;
  patch: Uint8Array;
}

const pairs = adversarialPairs().filter(({ old, fresh }) => old.length < 70_000 && fresh.length > 0);
pairs.push({ name: 'elf', old: elf('x86', false), fresh: elf('x86', true) });
const sound = new Map<string, Promise<Uint8Array>>();

/** Made when it is first wanted. */
async function pickSound(random: Random, algorithm: Algorithm): Promise<Sound> {
  const { name, old, fresh } = random.pick(pairs);
  const key = `${name}, ${algorithm}`;
  const patch = sound.get(key) ?? make(old, fresh, { algorithm });
  sound.set(key, patch);
  return { old, patch: await patch };
}

const NUMBERS = ['diffLengths', 'extraLengths', 'seeks', 'skips', 'runs'] as const;

/** A stream of varints with some of them changed; sometimes one that is too long, or never ends. */
function changedNumbers(random: Random, bytes: Uint8Array, matters: number[]): number[] {
  const pieces: number[][] = [[]];
  for (const byte of bytes) {
    pieces.at(-1)?.push(byte);
    if (byte < 128) pieces.push([]);
  }
  for (let i = random.small(5); i >= 0; i--) {
    const at = random.below(pieces.length);
    const kind = random.below(6);
    if (kind === 0) pieces.splice(at, 1);
    else if (kind === 1) pieces.splice(at, 0, varint(random.edge(matters)));
    else if (kind === 2) pieces[at] = [...varint(random.edge(matters)).map((byte) => byte | 128), 0];
    else if (kind === 3) pieces[at] = varint(random.small(300));
    else pieces[at] = varint(random.edge(matters));
  }
  return pieces.flat();
}

/**
 * Numbers of `bsdiff` changed. Applying the patch and reading through it must come to the same file, or both refuse it.
 */
export async function changedNumbersOfBsdiff(random: Random): Promise<string> {
  const { old, patch } = await pickSound(random, 'bsdiff');
  const plain = parse(patch);
  const raw = decompress(plain);
  const matters = [old.length, plain.toSize, 2 * old.length];
  const changed: Partial<Record<(typeof STREAM_NAMES)[number], number[]>> = {};
  for (let i = random.small(3); i >= 0; i--) {
    const name = random.pick(STREAM_NAMES);
    const isNumbers = NUMBERS.some((each) => each === name);
    changed[name] = isNumbers ? changedNumbers(random, raw[name], matters) : [...random.damaged(raw[name])];
  }
  // More than a header may say is refused for that alone.
  for (const bytes of Object.values(changed)) if (bytes.length > 5 * plain.toSize) return 'nothing';
  const forged = withStreams(patch, changed);
  const outcome = await applied(forged, old);
  const pieces = Array.from({ length: 4 }, () => ({
    at: random.below(plain.toSize),
    size: random.small(5000),
  }));
  const through = await readThrough(forged, old, pieces);
  const [, made] = /^the patch gave a file with SHA-256 ([0-9a-f]+)/.exec(
    outcome instanceof Error ? outcome.message : '',
  ) ?? [undefined, outcome instanceof Error ? null : sha256(outcome)];
  const read = through instanceof Error ? null : sha256(through);
  requireThat(made === read, `applied it makes ${made}, read through ${read} (${outcome}, ${through})`);
  return made === null ? 'refused' : 'made';
}

/** Frames of zstd damaged, or made with other parameters. */
export async function damagedFrames(random: Random): Promise<string> {
  const { old, patch } = await pickSound(random, 'bsdiff');
  const plain = parse(patch);
  const index = random.below(plain.streams.length);
  const stream = plain.streams[index];
  if (stream === undefined || stream.frame.length === 0) return 'nothing';
  const raw = decompress(plain)[random.pick(STREAM_NAMES)];
  const frame = random.once(3) ? zstd(raw, { 101: 10 + random.below(18) }) : random.damaged(stream.frame);
  const rawSize = random.once(3) ? Math.min(5 * plain.toSize, random.edge([raw.length])) : stream.rawSize;
  if ((rawSize === 0) !== (frame.length === 0)) return 'nothing';
  const streams = plain.streams.with(index, { rawSize, frame });
  const forged = assemble({ ...plain, streams });
  const outcome = await applied(forged, old);
  const through = await readThrough(forged, old, []);
  requireThat(
    outcome instanceof Error || through instanceof Uint8Array,
    `it applies, but is not read: ${through}`,
  );
  return outcome instanceof Error ? 'refused' : 'made';
}

const FIELDS: ((random: Random, plain: PlainPatch) => Partial<PlainPatch>)[] = [
  (random) => ({ algorithm: random.pick(['bsdiff', 'mixing', '', 'hdiff', 'mixing '.repeat(9)]) }),
  (random) => ({ compression: random.pick(['', 'zstd', 'brotli', '\0']) }),
  (random) => ({ fromVersion: String.fromCharCode(...random.bytes(random.small(255))) }),
  (random) => ({ toVersion: '1'.repeat(random.below(256)) }),
  (random, { fromSize }) => ({ fromSize: random.edge([fromSize, 2 ** 30]) }),
  (random, { toSize }) => ({ toSize: random.edge([toSize, 2 ** 30]) }),
  (random) => ({ fromChecksum: Buffer.from(random.bytes(32)).toString('hex') }),
  (random) => ({ toChecksum: Buffer.from(random.bytes(32)).toString('hex') }),
  (random, { streams }) => ({ streams: streams.slice(0, random.below(streams.length)) }),
  (random, { streams }) => {
    const index = random.below(streams.length);
    const { rawSize = 0, frame = new Uint8Array() } = streams[index] ?? {};
    return { streams: streams.with(index, { rawSize: random.edge([rawSize]), frame }) };
  },
  (_, { streams }) => ({ streams: [...streams, ...streams] }),
  (_, { streams }) => ({ streams: streams.toReversed() }),
];

/** Fields of the header, in either form, each checksum right; or its bytes. */
export async function changedHeader(random: Random): Promise<string> {
  const { old, patch } = await pickSound(random, random.pick(['bsdiff', 'mixing']));
  const plain = { ...parse(patch), short: random.once(2) };
  const changed = random.pick(FIELDS)(random, plain);
  if ((changed.fromVersion?.length ?? 0) > 255) return 'nothing';
  const forged = random.once(2) ? assemble({ ...plain, ...changed }) : withDamagedFields(plain, random);
  const outcome = await applied(forged, old, random.once(2));
  if (outcome instanceof Error) return 'refused';
  requireThat(sha256(outcome) === plain.toChecksum, 'it makes another file');
  return 'made';
}

function withDamagedFields(plain: PlainPatch, random: Random): Uint8Array {
  if (plain.short) return assembleShort(plain, (fields) => random.damaged(fields));
  const patch = assemble(plain);
  const size = patch.readUInt16LE(13);
  return Buffer.concat([sealHeader(random.damaged(patch.subarray(15, size - 32))), patch.subarray(size)]);
}
