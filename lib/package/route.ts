/** The routes from the installed binary to the one that a package brings, as data. */
import { DamagedError, PolicyError } from '../errors.ts';
import type { Digest } from '../platform/files.ts';
import type { PackageContents } from './reader.ts';
import type { BinaryPayload } from './statement.ts';

/** What is installed now: the version from the receipt, digest and size from the disk. */
export interface Installed extends Digest {
  version: string;
}

export interface Step {
  /** Index into the package's payloads. */
  index: number;
  payload: BinaryPayload;
}

export interface Route {
  kind: BinaryPayload['kind'];
  /** One patch, a chain of patches in order, or one full binary. */
  steps: Step[];
  /** Sum of the payloads' lengths. */
  bytes: number;
}

/** Whether the package's binary is already installed. */
export function isInstalled(contents: PackageContents, installed: Digest): boolean {
  return installed.sha256 === contents.binary.sha256;
}

/**
 * All routes, fewest bytes first; if one fails, the caller takes the next one. Never empty: throws PolicyError if the
 * package starts from other versions, DamagedError if it starts from the installed version but the installed binary is
 * not the released one.
 */
export function planRoute(contents: PackageContents, installed: Installed): Route[] {
  const steps = contents.payloads.flatMap((payload, index) =>
    payload.kind === 'evolution' ? [] : [{ index, payload }],
  );
  const full = steps.filter(({ payload }) => payload.kind === 'full').map((step) => [step]);
  const routes = [...chains(steps, installed.sha256, contents.binary.sha256), ...full]
    .map(measure)
    .sort((a, b) => a.bytes - b.bytes || a.steps.length - b.steps.length);
  if (routes.length === 0) throw noRoute(contents, installed);
  return routes;
}

/** Chains of patches that lead from one digest to the other without passing a binary twice. */
function chains(steps: Step[], from: string, to: string, seen: readonly string[] = []): Step[][] {
  if (from === to) return [];
  return steps.flatMap((step) => {
    const { payload } = step;
    if (payload.kind !== 'patch' || payload.fromChecksum !== from || seen.includes(payload.toChecksum))
      return [];
    if (payload.toChecksum === to) return [[step]];
    return chains(steps, payload.toChecksum, to, [...seen, from]).map((rest) => [step, ...rest]);
  });
}

function measure(steps: Step[]): Route {
  return {
    kind: steps[0]?.payload.kind ?? 'full',
    steps,
    bytes: steps.reduce((sum, { payload }) => sum + payload.length, 0),
  };
}

function noRoute(contents: PackageContents, installed: Installed): DamagedError | PolicyError {
  const patches = contents.payloads.filter((payload) => payload.kind === 'patch');
  const fromThisVersion = patches.find(({ from }) => from === installed.version);
  if (fromThisVersion !== undefined) {
    return new DamagedError(
      `the installed ${installed.version} is not the released one: the package wanted a binary with SHA-256 ` +
        `${fromThisVersion.fromChecksum} to start from, found ${installed.sha256}`,
      { advice: `Apply a package of ${contents.version} that carries the full binary.` },
    );
  }
  const starts = [...new Set(patches.map(({ from }) => from))].join(' or ');
  return new PolicyError(
    `the package brings ${contents.version} to an installation of ${starts}, found ${installed.version} installed`,
    {
      advice: `Download a package of ${contents.version} for ${installed.version}, or one with the full binary.`,
    },
  );
}
