/**
 * Signs again what expires soon. Timestamp and snapshot are valid for a short time, and a machine renews them every day
 * with only their two keys. Targets and root are renewed if their keys are present, else reported in time.
 */
import type { Host } from '../../../lib/platform/host.ts';
import type { RoleName, RootDraft } from '../../../lib/trust/index.ts';
import { requireKeys, type Signers } from '../../keys/signers.ts';
import { commit, placeRoot } from '../commit.ts';
import { withRepositoryLock } from '../lock.ts';
import { type Published, readPublished, requireCurrent } from '../published.ts';
import { askForRoot, signRoot } from './sign-root.ts';

const DAY = 24 * 60 * 60 * 1000;

/** Days before its expiry at which a document that people sign is renewed or reported. */
export const NOTICE_DAYS = 60;
export const ROOT_DAYS = 365;

export interface Refreshed {
  /** Documents that were signed again. */
  renewed: string[];
  /** Documents that expire soon and whose keys are not present. */
  due: { document: string; expires: number }[];
  /** When the first of the documents that clients need expires, in milliseconds since the epoch. */
  expires: number;
}

export interface RefreshOptions {
  /** Renews everything but the root, however old it is. */
  all?: boolean;
}

export async function refresh(
  host: Host,
  folder: string,
  signers: Signers,
  { all = false }: RefreshOptions = {},
): Promise<Refreshed> {
  return await withRepositoryLock(host, folder, async () => {
    const published = readPublished(host, folder);
    // Also on a day on which nothing is due: a machine that can't sign must not find out on the last one.
    requireKeys(signers, published.root, ['snapshot', 'timestamp']);
    const now = host.clock.now();
    const expiring = expirations(published);
    const { days } = published.settings;
    const isDue = (document: Expiration, notice: number) =>
      (all && document.document !== 'root') || document.expires - now < notice * DAY;
    const renewed: string[] = [];
    const due: Expiration[] = [];
    const decide = (document: Expiration, notice: number, role: RoleName): boolean => {
      if (!isDue(document, notice)) return false;
      if (!canSign(published, signers, role)) {
        if (document.expires - now < notice * DAY) due.push(document);
        return false;
      }
      renewed.push(document.document);
      return true;
    };
    const root = decide(expiring.root, Math.min(NOTICE_DAYS, ROOT_DAYS / 2), 'root');
    if (root && signers.remote !== undefined) askForRoot(published.root, sameRoot(published, now), signers);
    const targets = decide(expiring.targets, Math.min(NOTICE_DAYS, days.targets / 2), 'targets');
    const snapshot = targets || isDue(expiring.snapshot, days.snapshot / 2);
    const timestamp = snapshot || isDue(expiring.timestamp, days.timestamp / 2);
    if (snapshot) renewed.push('snapshot');
    if (root && !timestamp) signers.remote?.requireAll();
    if (timestamp) {
      renewed.push('timestamp');
      const renew = new Set<'targets' | 'snapshot'>();
      if (targets) renew.add('targets');
      if (snapshot) renew.add('snapshot');
      commit(published, { now, renew }, signers);
    }
    if (root) placeRoot(published, signRoot(published.root, sameRoot(published, now), signers));
    const after = expirations(readPublished(host, folder));
    return { renewed, due, expires: Math.min(...Object.values(after).map(({ expires }) => expires)) };
  });
}

interface Expiration {
  document: string;
  expires: number;
}

/** When each document expires; that of targets is the first of all that the targets keys sign. */
export function expirations(published: Published): Record<RoleName, Expiration> {
  const { timestamp, snapshot, targets, roles } = requireCurrent(published);
  const expiration = (
    document: RoleName,
    of: typeof timestamp | typeof snapshot | typeof targets,
  ): Expiration => ({
    document,
    expires: Date.parse(of.metadata.signed.expires),
  });
  const all = [targets, ...roles.values()].map(({ metadata }) => Date.parse(metadata.signed.expires));
  return {
    root: { document: 'root', expires: published.root.expires },
    targets: { ...expiration('targets', targets), expires: Math.min(...all) },
    snapshot: expiration('snapshot', snapshot),
    timestamp: expiration('timestamp', timestamp),
  };
}

function canSign({ root }: Published, signers: Signers, role: RoleName): boolean {
  return signers.present(role, root).length >= root.roles[role].threshold;
}

/** The next root, with the same keys. */
function sameRoot({ root }: Published, now: number): RootDraft {
  return { version: root.version + 1, expires: now + ROOT_DAYS * DAY, roles: root.roles };
}
