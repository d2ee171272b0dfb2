/** What the check API answers, as a function of the channel's index and the version that asks. */
import { type CheckAnswer, encodeCheckAnswer } from '../../lib/update/check/check-api.ts';
import { type ChannelIndex, compareVersions, isNewer, type ListedRelease } from '../../lib/version/index.ts';

/**
 * The newest release that anybody is offered and that `installed` may go to; null where it has that or a newer one.
 * How far the rollout goes is part of the answer: whether it reaches an installation is for that installation to know.
 */
export function advise(index: ChannelIndex, installed: string, revoked = revokedIn(index)): CheckAnswer {
  const mandatory = index.minimum !== null && isNewer(index.minimum, installed);
  for (const release of index.releases) {
    const { version, minimumFrom, rollout } = release;
    if (!isNewer(version, installed)) break;
    // A minimum holds whatever the rollout says.
    if (revoked.has(version) || (rollout === 0 && !mandatory)) continue;
    if (minimumFrom !== null && compareVersions(installed, minimumFrom) < 0) continue;
    const size = sizeFrom(release, installed);
    if (size === null) continue;
    const { type, riskLevel, releaseDate } = release;
    return { schema: 1, update: { version, type, riskLevel, mandatory, size, releaseDate, rollout } };
  }
  return { schema: 1, update: null };
}

/** Bytes of the patch from there, else of the full binary; null where it has neither. */
function sizeFrom({ packages }: ListedRelease, installed: string): number | null {
  const patch = packages.find((entry) => entry.kind === 'patch' && entry.from === installed);
  return (patch ?? packages.find(({ kind }) => kind === 'full'))?.length ?? null;
}

function revokedIn(index: ChannelIndex): ReadonlySet<string> {
  return new Set(index.revoked.map(({ version }) => version));
}

/** Versions whose answer is kept, of each index. */
const MAX_KEPT = 256;

interface Kept {
  revoked: ReadonlySet<string>;
  answers: Map<string, Uint8Array>;
}

/** The answers as bytes, kept as long as their index is: most who ask have one of a few versions. */
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
