/**
 * Products: payloads that were made, kept until they are published, so that an `add` that was killed goes on with what
 * it had. A product is named by the work that it is the outcome of and by its own digest, and is used again only as
 * long as it has that digest.
 */
import path from 'node:path';
import { InterruptedError } from '../../lib/errors.ts';
import type { Disk } from '../../lib/platform/disk.ts';
import { createDirectories, digestFile, removeIfThere } from '../../lib/platform/files.ts';
import { type Job, jobKey, jobMemory } from './job.ts';
import { type Limits, schedule } from './schedule.ts';
import type { Workers } from './workers.ts';

export interface WorkReport {
  /** A product is there; `milliseconds` null where it was there before. */
  made(job: Job, size: number, milliseconds: number | null): void;
  /** `fraction` of one of the jobs that run. */
  progress(job: Job, fraction: number, done: number, total: number): void;
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

/** The file of each job's product, in the order of the jobs. */
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
      await options.workers.run(job, draft, progress, signal);
      const digest = digestFile(disk, draft);
      if (digest === null) throw new Error(`${job.label}: wanted its product at ${draft}, found nothing`);
      const file = path.join(folder, `${key}-${digest.sha256}`);
      disk.rename(draft, file);
      disk.flushDirectory(folder);
      files.set(key, file);
      done++;
      report.made(job, digest.size, options.monotonic() - begun);
    },
  }));
  await schedule(tasks, options.limits, options.stop);
  return jobs.map((job) => {
    const file = files.get(jobKey(job));
    // The schedule ends early without an error only when it was told to stop.
    if (file === undefined) throw new InterruptedError('interrupted: nothing was published');
    return file;
  });
}

function findProduct(disk: Disk, folder: string, key: string): string | undefined {
  for (const name of disk.list(folder)) {
    if (!name.startsWith(`${key}-`) || name.endsWith(LEFT_OUT)) continue;
    const file = path.join(folder, name);
    if (digestFile(disk, file)?.sha256 === name.slice(key.length + 1)) return file;
    removeIfThere(disk, file);
  }
  return undefined;
}

const LEFT_OUT = '-left-out';

/** So that nobody makes it again only to leave it out again. */
export function noteLeftOut(disk: Disk, folder: string, job: Job): void {
  const file = path.join(folder, `${jobKey(job)}${LEFT_OUT}`);
  if (disk.status(file) === null) disk.close(disk.open(file, 'create', 0o644));
}

export function wasLeftOut(disk: Disk, folder: string, job: Job): boolean {
  return disk.status(path.join(folder, `${jobKey(job)}${LEFT_OUT}`)) !== null;
}

/** After they were published: what is in a package need not be kept twice. */
export function removeProducts(disk: Disk, folder: string): void {
  if (disk.status(folder) === null) return;
  for (const name of disk.list(folder)) {
    if (!name.endsWith(LEFT_OUT)) removeIfThere(disk, path.join(folder, name));
  }
  disk.flushDirectory(folder);
}
