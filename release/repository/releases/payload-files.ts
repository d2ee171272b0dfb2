/** The payloads that are still missing, made by workers or left by an interrupted run. */
import type { PayloadDraft } from '../../../lib/package/index.ts';
import type { Disk } from '../../../lib/platform/disk.ts';
import { openSource, type Source } from '../../../lib/platform/files.ts';
import { type Binary, targetName } from '../../../lib/version/index.ts';
import type { Job, OldBinary } from '../../work/job.ts';
import { framesOf, fullPayload, patchPayload } from '../../work/payloads.ts';
import { makeProducts, noteLeftOut, wasLeftOut } from '../../work/products.ts';
import type { Published } from '../published.ts';
import type { AddRequest, AddTools } from './add-request.ts';
import { type Goal, patchFrom } from './goal.ts';
import { fullPackage, requireListed, withPayload } from './packages.ts';

export interface PayloadFile {
  file: string;
  /** Bytes. */
  size: number;
  payload(content: Source): PayloadDraft;
  /** Of a full binary, for the manifest. */
  frames?: Binary['frames'];
}

/** A patch has to be at least 30 % smaller than the full binary to be worth its space and its checks. */
const WORTHWHILE = 0.7;
/**
 * A patch saves at most the bytes of the new binary, and takes the work for both. Where the old one is large and the new one a stub
 * beside it, minutes of work could save next to nothing.
 */
const LARGE = 16 << 20;
const STUB = 1 / 256;

/** For each goal the payloads that no package carries yet, the full binary first. Reports which patches are left out. */
export async function makePayloadFiles(
  published: Published,
  goals: readonly Goal[],
  request: AddRequest,
  means: AddTools,
): Promise<Map<Goal, PayloadFile[]>> {
  const { host, layout } = published;
  const { disk } = host;
  const planned = goals.flatMap((goal) =>
    worthMaking(missingPayloads(published, goal, request), means.report.say)
      .filter((job) => {
        const before = wasLeftOut(disk, layout.products, job);
        if (before) means.report.say(`${job.label}: left out, as before`);
        return !before;
      })
      .map((job) => ({ goal, job })),
  );
  // Full binaries take the longest, so they start first.
  planned.sort((a, b) => Number(a.job.kind === 'patch') - Number(b.job.kind === 'patch'));
  const files = await makeProducts(
    planned.map(({ job }) => job),
    {
      disk,
      folder: layout.products,
      workers: means.workers,
      limits: means.limits,
      monotonic: () => host.clock.monotonic(),
      report: means.report,
      stop: means.stop,
    },
  );
  const made = new Map<Goal, PayloadFile[]>(goals.map((goal) => [goal, []]));
  const fullSizes = new Map<Goal, number>();
  for (const [index, { goal, job }] of planned.entries()) {
    const file = files[index] ?? '';
    const size = disk.status(file)?.size ?? 0;
    const to = { version: request.version, digest: goal.digest };
    const ready = made.get(goal) ?? [];
    if (job.kind === 'full') {
      fullSizes.set(goal, size);
      const frames = framesIn(disk, file, goal.digest.size);
      ready.push({ file, size, frames, payload: (content) => fullPayload(to, content) });
      continue;
    }
    const full = fullSizes.get(goal) ?? (await listedSize(published, goal));
    if (size <= WORTHWHILE * full) {
      ready.push({ file, size, payload: (content) => patchPayload(job.from, to, content) });
      continue;
    }
    const [patch, whole] = [size, full].map((count) => count.toLocaleString('en-US'));
    means.report.say(`${job.label}: left out, it has ${patch} bytes and the full binary ${whole}`);
    noteLeftOut(disk, layout.products, job);
  }
  return made;
}

/** Reports the patches that are left out before they are made. */
export function worthMaking(jobs: readonly Job[], say: (line: string) => void): Job[] {
  return jobs.filter((job) => {
    if (job.kind === 'full') return true;
    const [to, from] = [job.to.digest.size, job.from.digest.size];
    if (from < LARGE || to >= from * STUB) return true;
    const [small, large] = [to, from].map((count) => count.toLocaleString('en-US'));
    say(
      `${job.label}: not made: the new binary has only ${small} bytes, of which a patch of the ${large} of the old one would save hardly any`,
    );
    return false;
  });
}

function framesIn(disk: Disk, file: string, size: number): Binary['frames'] {
  const source = openSource(disk, file);
  try {
    return framesOf(source, size);
  } finally {
    source.close();
  }
}

/** Bytes of the published compressed binary. */
async function listedSize(published: Published, { known }: Goal): Promise<number> {
  const listed = known === undefined ? undefined : fullPackage(known);
  return listed === undefined ? 0 : await withPayload(published, listed, async ({ size }) => size);
}

/** The full binary and the patches that no package carries yet. DamagedError if a package to patch is not what the feed names. */
export function missingPayloads(
  published: Published,
  goal: Goal,
  { version, level, applyLimit }: AddRequest,
): Job[] {
  const to = { version, digest: goal.digest, file: goal.file };
  const name = targetName(goal.target);
  const jobs: Job[] = [];
  const old = (base: Goal['bases'][number]): OldBinary | null => {
    const full = fullPackage(base);
    if (full === undefined) return null;
    return { version: base.version, digest: base.binary, package: requireListed(published, full) };
  };
  if (goal.known === undefined || (goal.here === undefined && fullPackage(goal.known) === undefined)) {
    const older = goal.bases.map(old).find((base) => base !== null) ?? null;
    jobs.push({ kind: 'full', label: `${name}: full binary`, to, level, older });
  }
  for (const base of goal.bases) {
    const from = patchFrom(goal.known, base) === undefined ? old(base) : null;
    if (from === null) continue;
    jobs.push({ kind: 'patch', label: `${name}: patch from ${base.version}`, to, from, applyLimit });
  }
  return jobs;
}
