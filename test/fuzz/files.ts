/** Patches between any two files: damaged executables, and pieces of one put together to another. */
import { generatePatch, quickPatch } from '../../lib/delta/index.ts';
import { regionsOf } from '../../lib/delta/mixing/executable.ts';
import { memorySource } from '../../lib/platform/files.ts';
import { packedSamples } from '../delta/deflate/packed-files.ts';
import { machO, pe, samples, universal } from '../delta/mixing/executables.ts';
import { adversarialPairs } from '../delta/pairs.ts';
import { firmwareSamples } from '../delta/records/firmware-files.ts';
import { applyPlainly, sha256 } from '../delta/reference.ts';
import { make } from '../delta/support.ts';
import { applied, isSame, readThrough, requireNoTraps, requireThat } from './checks.ts';
import type { Random } from './random.ts';

/** The second decoder takes a second for so many bytes, so it is asked now and then. */
const PLAIN_ONCE_IN = 4;

async function requireMade(
  patch: Uint8Array,
  old: Uint8Array,
  fresh: Uint8Array,
  random: Random,
): Promise<void> {
  requireNoTraps();
  const outcome = await applied(patch, old);
  requireThat(
    outcome instanceof Uint8Array && isSame(outcome, fresh),
    `the patch does not make its file: ${outcome}`,
  );
  if (random.once(PLAIN_ONCE_IN))
    requireThat(isSame(applyPlainly(patch, old), fresh), 'the second decoder makes another file');
}

/** Executables with damaged headers, tables and code. Whatever they say, there is a patch, and it makes the file. */
export async function damagedExecutables(random: Random): Promise<string> {
  const sample = random.pick([
    ...samples(),
    ...packedSamples(),
    ...firmwareSamples(),
    { name: 'universal', old: universal(false), fresh: universal(true) },
    { name: 'pe and mach-o', old: pe(false), fresh: machO(true) },
  ]);
  const within = () => random.pick([0x40, 0x400, sample.old.length]);
  const old = random.once(3) ? sample.old : random.damaged(sample.old, within());
  const fresh = random.once(3) ? sample.fresh : random.damaged(sample.fresh, within());
  if (fresh.length === 0) return 'nothing';
  for (const file of [old, fresh]) requireSoundRegions(file);
  const applyLimit = random.once(3) ? { applyLimit: random.below(20_000) } : {};
  const algorithm = random.once(2) && !('applyLimit' in applyLimit) ? ({ algorithm: 'mixing' } as const) : {};
  await requireMade(await make(old, fresh, { ...applyLimit, ...algorithm }), old, fresh, random);
  return 'made';
}

/** Ascending, disjoint, and in the file. */
function requireSoundRegions(file: Uint8Array): void {
  for (const later of [false, true]) {
    let end = 0;
    for (const { offset, size } of regionsOf(file, later).regions) {
      requireThat(
        offset >= end && size > 0 && offset + size <= file.length,
        `a region at ${offset} of ${size} bytes`,
      );
      end = offset + size;
    }
  }
}

/** A file made of pieces of others, with numbers in it that grow, and text with names that change. */
function patchwork(random: Random, from: readonly Uint8Array[]): Uint8Array {
  const pieces: Uint8Array[] = [];
  for (let count = random.small(12); count >= 0; count--) {
    const source = random.pick(from);
    const at = random.below(source.length + 1);
    const piece = source.slice(at, at + random.small(12_000));
    const kind = random.below(6);
    if (kind === 0) pieces.push(random.bytes(random.small(3000)));
    else if (kind === 1) pieces.push(new Uint8Array(random.small(3000)).fill(random.below(256)));
    else if (kind === 2) pieces.push(random.damaged(piece));
    else if (kind === 3) {
      const moved = random.below(70_000);
      const view = new DataView(piece.buffer);
      for (let i = random.below(4); i + 4 <= piece.length; i += 4 * (1 + random.below(9)))
        view.setUint32(i, view.getUint32(i, true) + moved, true);
      pieces.push(piece);
    } else pieces.push(piece);
  }
  return Uint8Array.from(Buffer.concat(pieces));
}

let sources: Uint8Array[] | null = null;

/** Any two files, by either algorithm, and as the store makes its own patches. */
export async function anyFiles(random: Random): Promise<string> {
  sources ??= [
    ...[...samples(), ...packedSamples(), ...firmwareSamples()].flatMap(({ old, fresh }) => [old, fresh]),
    ...adversarialPairs().map(({ fresh }) => fresh),
  ].filter(({ length }) => length > 0);
  const from = Array.from({ length: 1 + random.below(3) }, () => random.pick(sources ?? []));
  const old = patchwork(random, from);
  const fresh = random.once(3)
    ? patchwork(random, from)
    : patchwork(
        random,
        [...from, old].filter(({ length }) => length > 0),
      );
  const algorithm = random.pick(['mixing', 'bsdiff', null] as const);
  const patch = await generatePatch({
    ...{ old, new: fresh, fromVersion: '1.0.0', toVersion: '1.0.1' },
    ...(algorithm === null ? {} : { algorithm }),
    ...(random.once(2) ? { applyLimit: random.below(30_000) } : {}),
  });
  await requireMade(patch, old, fresh, random);
  const quick = await quickPatch({
    ...{ old: memorySource(old), new: memorySource(fresh), fromVersion: '1.0.0', toVersion: '1.0.1' },
    ...{ fromChecksum: sha256(old), toChecksum: sha256(fresh), limit: Number.POSITIVE_INFINITY },
  });
  requireThat(quick !== null, 'there is no quick patch');
  const pieces = Array.from({ length: 6 }, () => ({
    at: random.below(fresh.length + 1),
    size: random.small(9000),
  }));
  const through = await readThrough(quick ?? patch, old, pieces);
  requireThat(
    through instanceof Uint8Array && isSame(through, fresh),
    `what is read through is another file: ${through}`,
  );
  return 'made';
}
