/**
 * Products: finished payloads, kept until they are published, so that an `add` that was killed can continue with them. A
 * product is named after its job and its own digest, and is used only if it still has that digest.
 */
import path from 'node:path';
import { InterruptedError } from '../../lib/errors.ts';
import type { Disk } from '../../lib/platform/disk.ts';
import { ANY_SIZE, createDirectories, digestFile, removeIfThere } from '../../lib/platform/files.ts';
import { type Job, jobKey, jobMemory } from './job.ts';
import { type Limits, schedule } from './schedule.ts';
import type { Workers } from './workers.ts';

export interface WorkReport {
  /** A product is ready. `took`: null if it existed before. */
  made(job: Job, size: number, took: Took | null): void;
  /** `fraction` of one of the running jobs, 0 to 1. */
  progress(job: Job, fraction: number, done: number, total: number): void;
}

/** Milliseconds. */
export interface Took {
  all: number;
  /** To make the binary of it again. */
  trial: number;
}

export interface ProductOptions {
  disk: Disk;
  folder: string;
  workers: Workers;
  limits: Limits;
  monotonic(): number;
  report: WorkReport;
  stop: AbortSignal;
}

/** Paths of the products, in the order of the jobs. */
export async function makeProducts(jobs: readonly Job[], options: ProductOptions): Promise<string[]> {
  const { disk, folder, report } = options;
  createDirectories(disk, folder, path.dirname);
  const files = new Map<string, string>();
  const missing = new Map<string, Job>();
  for (const job of jobs) {
    const key = jobKey(job);
    if (files.has(key) || missing.has(key)) continue;
    const file = findProduct(disk, folder, key);
    if (file === undefined) {
      missing.set(key, job);
    } else {
      files.set(key, file);
      report.made(job, disk.status(file)?.size ?? 0, null);
    }
  }
  let done = 0;
  const tasks = [...missing].map(([key, job]) => ({
    memory: jobMemory(job),
    run: async (signal: AbortSignal) => {
      const begun = options.monotonic();
      const draft = path.join(folder, `${key}.new`);
      const progress = (fraction: number) => report.progress(job, fraction, done, missing.size);
      progress(0);
      const trial = await options.workers.run(job, draft, progress, signal);
      const digest = digestFile(disk, draft, ANY_SIZE);
      if (digest === null) throw new Error(`${job.label}: wanted its product at ${draft}, found nothing`);
      const file = path.join(folder, `${key}-${digest.sha256}`);
      disk.rename(draft, file);
      disk.flushDirectory(folder);
      files.set(key, file);
      done++;
      report.made(job, digest.size, { all: options.monotonic() - begun, trial });
    },
  }));
  await schedule(tasks, options.limits, options.stop);
  return jobs.map((job) => {
    const file = files.get(jobKey(job));
    // The schedule ends early without an error only if it was stopped.
    if (file === undefined) throw new InterruptedError('interrupted: nothing was published');
    return file;
  });
}

function findProduct(disk: Disk, folder: string, key: string): string | undefined {
  for (const name of disk.list(folder)) {
    if (!name.startsWith(`${key}-`) || name.endsWith(LEFT_OUT)) continue;
    const file = path.join(folder, name);
    if (digestFile(disk, file, ANY_SIZE)?.sha256 === name.slice(key.length + 1)) return file;
    removeIfThere(disk, file);
  }
  return undefined;
}

const LEFT_OUT = '-left-out';

/** Remembers that the patch is too large to be worth it, so that it is not made again only to be left out again. */
export function noteLeftOut(disk: Disk, folder: string, job: Job): void {
  const file = path.join(folder, `${jobKey(job)}${LEFT_OUT}`);
  if (disk.status(file) === null) disk.close(disk.open(file, 'create', 0o644));
}

export function wasLeftOut(disk: Disk, folder: string, job: Job): boolean {
  return disk.status(path.join(folder, `${jobKey(job)}${LEFT_OUT}`)) !== null;
}

/** Call it after they are published: what is in a package need not be kept twice. */
export function removeProducts(disk: Disk, folder: string): void {
  if (disk.status(folder) === null) return;
  for (const name of disk.list(folder)) {
    if (!name.endsWith(LEFT_OUT)) removeIfThere(disk, path.join(folder, name));
  }
  disk.flushDirectory(folder);
}
