/** What `release add` is asked for, and the tools that it works with. */
import type { Target } from '../../../lib/version/index.ts';
import type { Description } from '../../manifest/options.ts';
import type { WorkReport } from '../../work/products.ts';
import type { Limits } from '../../work/schedule.ts';
import type { Candidate } from '../../work/trial.ts';
import type { Workers } from '../../work/workers.ts';

export interface AddRequest {
  version: string;
  channel: string;
  /** One for each target. */
  binaries: readonly { target: Target; file: string }[];
  description: Description;
  /** The updaters that come with it, at most one for each target. */
  updaters: readonly UpdaterToAdd[];
  /** The JSON Schema of its config file, as it is published; null if it has none. */
  configSchema: Uint8Array | null;
  /** How many earlier releases get a patch to it (spacing.ts chooses which). */
  deltas: number;
  /** Versions that get a patch in addition. */
  from: readonly string[];
  /** Percent. Null: the same as for other targets of the version on the channel, else 100. */
  rollout: number | null;
  minimum: string | null;
  minimumFrom: string | null;
  /** zstd level of the full binaries. Null: the default of lib/delta. */
  level: number | null;
  /** Bytes of a patch that may have to be modelled when it is applied. Null: the default of lib/delta. */
  applyLimit: number | null;
}

export interface AddTools {
  workers: Workers;
  limits: Limits;
  report: WorkReport & { say(line: string): void };
  /** Tries the executables that are new here; null: they are published untried. */
  trial: ((candidates: readonly Candidate[]) => Promise<void>) | null;
  stop: AbortSignal;
}

export interface UpdaterToAdd {
  target: Target;
  /** Path of the executable. */
  file: string;
  /** Of the updater. */
  version: string;
}
