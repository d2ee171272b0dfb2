/**
 * What expires soon is signed again. Timestamp and snapshot live short lives, so that a machine can do this every day
 * with their two keys alone; targets and root are renewed where their keys are here too, and else it is told in time.
 */
import type { Host } from '../../../lib/platform/host.ts';
import type { RoleName, RootDraft } from '../../../lib/trust/index.ts';
import type { Signers } from '../../keys/signers.ts';
import { commit, placeRoot } from '../commit.ts';
import { alone } from '../open.ts';
import { type Published, readPublished, requireCurrent } from '../published.ts';
import { askForRoot, signRoot } from './sign-root.ts';

const DAY = 24 * 60 * 60 * 1000;

/** So long before its end a document that people sign is renewed, or its end is told of. */
export const NOTICE_DAYS = 60;
export const ROOT_DAYS = 365;

export interface Refreshed {
  /** Documents that were signed again. */
  renewed: string[];
  /** Those that should be soon, and whose keys are not here. */
  due: { document: string; expires: number }[];
  /** When the first of what clients need expires, milliseconds since the epoch. */
  expires: number;
}

export interface RefreshOptions {
  /** All but the root, whatever its age. */
  all?: boolean;
}

export async function refresh(
  host: Host,
  folder: string,
  signers: Signers,
  { all = false }: RefreshOptions = {},
): Promise<Refreshed> {
  return await alone(host, folder, async () => {
    const published = readPublished(host, folder);
    const now = host.clock.now();
    const ends = endings(published);
    const { days } = published.settings;
    const isDue = (document: Ending, notice: number) =>
      (all && document.document !== 'root') || document.expires - now < notice * DAY;
    const renewed: string[] = [];
    const due: Ending[] = [];
    const decide = (document: Ending, notice: number, role: RoleName): boolean => {
      if (!isDue(document, notice)) return false;
      if (!canSign(published, signers, role)) {
        if (document.expires - now < notice * DAY) due.push(document);
        return false;
      }
      renewed.push(document.document);
      return true;
    };
    const root = decide(ends.root, Math.min(NOTICE_DAYS, ROOT_DAYS / 2), 'root');
    if (root && signers.elsewhere !== undefined)
      askForRoot(published.root, sameRoot(published, now), signers);
    const targets = decide(ends.targets, Math.min(NOTICE_DAYS, days.targets / 2), 'targets');
    const snapshot = targets || isDue(ends.snapshot, days.snapshot / 2);
    const timestamp = snapshot || isDue(ends.timestamp, days.timestamp / 2);
    if (snapshot) renewed.push('snapshot');
    if (root && !timestamp) signers.elsewhere?.requireAll();
    if (timestamp) {
      renewed.push('timestamp');
      const renew = new Set<'targets' | 'snapshot'>();
      if (targets) renew.add('targets');
      if (snapshot) renew.add('snapshot');
      commit(published, { now, renew }, signers);
    }
    if (root) placeRoot(published, signRoot(published.root, sameRoot(published, now), signers));
    const after = endings(readPublished(host, folder));
    return { renewed, due, expires: Math.min(...Object.values(after).map(({ expires }) => expires)) };
  });
}

interface Ending {
  document: string;
  expires: number;
}

function endings(published: Published): Record<RoleName, Ending> {
  const { timestamp, snapshot, targets, roles } = requireCurrent(published);
  const ending = (document: RoleName, of: typeof timestamp | typeof snapshot | typeof targets): Ending => ({
    document,
    expires: Date.parse(of.metadata.signed.expires),
  });
  const all = [targets, ...roles.values()].map(({ metadata }) => Date.parse(metadata.signed.expires));
  return {
    root: { document: 'root', expires: published.root.expires },
    targets: { ...ending('targets', targets), expires: Math.min(...all) },
    snapshot: ending('snapshot', snapshot),
    timestamp: ending('timestamp', timestamp),
  };
}

function canSign({ root }: Published, signers: Signers, role: RoleName): boolean {
  return signers.present(role, root).length >= root.roles[role].threshold;
}

/** The next root, with the same keys. */
function sameRoot({ root }: Published, now: number): RootDraft {
  return { version: root.version + 1, expires: now + ROOT_DAYS * DAY, roles: root.roles };
}
