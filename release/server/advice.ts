/** The answers of the check API, as a function of the channel's index and the installed version. */
import { type CheckAnswer, encodeCheckAnswer } from '../../lib/update/check/check-api.ts';
import { type ChannelIndex, compareVersions, isNewer, type ListedRelease } from '../../lib/version/index.ts';

/**
 * The newest release that is offered to anybody and that `installed` may be updated to; null if there is none. The answer
 * contains the rollout percentage: the installation decides whether it is part of it.
 */
export function advise(index: ChannelIndex, installed: string, revoked = revokedIn(index)): CheckAnswer {
  const mandatory = index.minimum !== null && isNewer(index.minimum, installed);
  for (const release of index.releases) {
    const { version, minimumFrom, rollout } = release;
    if (!isNewer(version, installed)) break;
    // A minimum takes precedence over the rollout.
    if (revoked.has(version) || (rollout === 0 && !mandatory)) continue;
    if (minimumFrom !== null && compareVersions(installed, minimumFrom) < 0) continue;
    const size = sizeFrom(release, installed);
    if (size === null) continue;
    const { type, riskLevel, releaseDate } = release;
    return { schema: 1, update: { version, type, riskLevel, mandatory, size, releaseDate, rollout } };
  }
  return { schema: 1, update: null };
}

/** Bytes of the patch from `installed`, else of the full binary; null if there is neither. */
function sizeFrom({ packages }: ListedRelease, installed: string): number | null {
  const patch = packages.find((entry) => entry.kind === 'patch' && entry.from === installed);
  return (patch ?? packages.find(({ kind }) => kind === 'full'))?.length ?? null;
}

function revokedIn(index: ChannelIndex): ReadonlySet<string> {
  return new Set(index.revoked.map(({ version }) => version));
}

/** For each index, how many versions' answers are kept. */
const MAX_KEPT = 256;

interface Kept {
  revoked: ReadonlySet<string>;
  answers: Map<string, Uint8Array>;
}

/** Keeps the encoded answers as long as their index: most clients have one of a few versions. */
export class Advice {
  readonly #kept = new WeakMap<ChannelIndex, Kept>();

  answer(index: ChannelIndex, installed: string): Uint8Array {
    let kept = this.#kept.get(index);
    if (kept === undefined) {
      kept = { revoked: revokedIn(index), answers: new Map() };
      this.#kept.set(index, kept);
    }
    const known = kept.answers.get(installed);
    if (known !== undefined) return known;
    const bytes = encodeCheckAnswer(advise(index, installed, kept.revoked));
    if (kept.answers.size >= MAX_KEPT) kept.answers.clear();
    kept.answers.set(installed, bytes);
    return bytes;
  }
}
