/** Patches between unpacked files whose list of compressed streams says what no encoder says. */
import { packedSamples } from '../delta/deflate/packed-files.ts';
import { assemble, varint, zstd } from '../delta/forge.ts';
import type { Sample } from '../delta/mixing/executables.ts';
import { firmwareSamples } from '../delta/records/firmware-files.ts';
import { applyPlainly, type PlainPatch, packedNumbers, parse, sha256 } from '../delta/reference.ts';
import { make } from '../delta/support.ts';
import { applied, isSame, requireThat } from './checks.ts';
import type { Random } from './random.ts';

let samples: Sample[] | null = null;
const patches = new Map<Sample, Promise<Uint8Array>>();

/** Both decoders must make the same file, or both refuse it. */
export async function changedList(random: Random): Promise<string> {
  samples ??= [...packedSamples(), ...firmwareSamples()];
  const sample = random.pick(samples);
  const kept = patches.get(sample) ?? make(sample.old, sample.fresh, { algorithm: 'mixing' });
  patches.set(sample, kept);
  const plain = parse(await kept);
  const numbers = packedNumbers(plain);
  for (let edits = 1 + random.small(3); edits > 0; edits--) change(random, numbers, sample.old.length);
  const unpackedSize = (plain.unpackedSize ?? 0) + (random.once(6) ? random.below(9) - 4 : 0);
  const raw = Buffer.from(numbers.flatMap(varint));
  const streams = [{ rawSize: raw.length, frame: zstd(raw) }, ...plain.streams.slice(1)];
  const forged: PlainPatch = { ...plain, unpackedSize, streams };
  const wanted = attempt(() => applyPlainly(assemble(forged), sample.old));
  if (wanted === null) {
    const outcome = await applied(assemble(forged), sample.old);
    requireThat(!(outcome instanceof Uint8Array), 'only the second decoder refuses a list');
    return 'refused';
  }
  const [toSize, toChecksum] = [wanted.length, sha256(wanted)];
  const outcome = await applied(assemble({ ...forged, toSize, toChecksum }), sample.old);
  requireThat(
    outcome instanceof Uint8Array && isSame(outcome, wanted),
    `a list is read otherwise: ${outcome}`,
  );
  return 'made';
}

/** A list that is right, and an old file that is not, and that nobody has verified. */
export async function damagedPacked(random: Random): Promise<string> {
  samples ??= [...packedSamples(), ...firmwareSamples()];
  const sample = random.pick(samples);
  const kept = patches.get(sample) ?? make(sample.old, sample.fresh, { algorithm: 'mixing' });
  patches.set(sample, kept);
  const damaged = random.damaged(sample.old);
  const old = damaged.length === sample.old.length ? damaged : sample.old;
  const outcome = await applied(await kept, old, false);
  return outcome instanceof Uint8Array ? 'made' : 'refused';
}

function change(random: Random, numbers: number[], size: number): void {
  const at = random.below(numbers.length);
  const was = numbers[at] ?? 0;
  const kind = random.below(8);
  if (kind < 3) numbers[at] = Math.max(0, was + random.below(5) - 2);
  else if (kind < 5) numbers[at] = random.small(20);
  else if (kind === 5) numbers[at] = random.edge([was, size, 2 ** 18, 2 ** 28, 2 ** 30, 65536]);
  else if (kind === 6) numbers.splice(at, 1);
  else numbers.splice(at, 0, random.small(300));
}

function attempt<T>(make: () => T): T | null {
  try {
    return make();
  } catch {
    return null;
  }
}
