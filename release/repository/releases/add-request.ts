/** What `add` is asked for, and what it works with. */
import type { Target } from '../../../lib/version/index.ts';
import type { Words } from '../../manifest/options.ts';
import type { WorkReport } from '../../work/products.ts';
import type { Limits } from '../../work/schedule.ts';
import type { Workers } from '../../work/workers.ts';

export interface AddRequest {
  version: string;
  channel: string;
  /** One for each target. */
  binaries: readonly { target: Target; file: string }[];
  words: Words;
  /** Patches from so many releases before it (spacing.ts says which). */
  deltas: number;
  /** Patches from these as well. */
  from: readonly string[];
  /** Percent; null: what the version has on the channel for other targets, else 100. */
  rollout: number | null;
  minimum: string | null;
  minimumFrom: string | null;
  /** Of zstd, for the full binaries; null: lib/delta's own. */
  level: number | null;
}

export interface AddMeans {
  workers: Workers;
  limits: Limits;
  report: WorkReport & { say(line: string): void };
  stop: AbortSignal;
}
