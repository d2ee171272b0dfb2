/**
 * Replaces keys of a role, gives it more or fewer, or changes how many must sign. Clients can follow at every instant, even if an
 * old key is lost, because there is a root between the old and the new one in which both keys count:
 *
 * 1. A root with the old keys and the new ones, of which the smaller number must sign. Everything published is valid under it.
 * 2. Everything that the role signs, signed again: metadata and, for `targets`, the packages of all listed releases (new
 *    envelopes around the same payloads). This is one change of the feed, valid under the roots of 1 and 3.
 * 3. A root without the old keys, and with the new number.
 *
 * A root key signs only roots, so one new root is enough for it. The next `rotate` continues an interrupted one.
 */
import { MachineError, UsageError } from '../../../lib/errors.ts';
import {
  array,
  type Decoded,
  hex,
  integer,
  object,
  oneOf,
  optional,
  time,
} from '../../../lib/format/decoder.ts';
import { removeIfThere } from '../../../lib/platform/files.ts';
import type { Host } from '../../../lib/platform/host.ts';
import {
  decodeRoot,
  type PublicKey,
  ROLES,
  type RoleName,
  type RootDraft,
  type TrustedRoot,
} from '../../../lib/trust/index.ts';
import type { Roles, Signers } from '../../keys/signers.ts';
import { commit, placeRoot } from '../commit.ts';
import type { RepositoryLayout } from '../layout.ts';
import { withRepositoryLock } from '../lock.ts';
import { isSignedBy, type Published, readPublished, requireCurrent } from '../published.ts';
import { readNote, writeNote } from '../work-note.ts';
import { ROOT_DAYS } from './renew.ts';
import { resignedChannels } from './resign-packages.ts';
import { askForRoot, signRoot } from './sign-root.ts';

const DAY = 24 * 60 * 60 * 1000;

const rotation = object({
  role: oneOf(...ROLES),
  /** Ids of the old keys. */
  replaced: array(hex(32), 0, 16),
  /** Ids of the new keys. */
  added: array(hex(32), 0, 16),
  /** How many must sign afterwards; as before if it is not there. */
  threshold: optional(integer(1, 16), undefined),
  began: time,
});

export type Rotation = Decoded<typeof rotation>;

/** The rotation that was interrupted; null if there is none. */
export function unfinishedRotation(host: Host, layout: RepositoryLayout): Rotation | null {
  return readNote(host.disk, layout.rotation, rotation);
}

export interface RotateRequest {
  role: RoleName;
  /** Ids of keys that the root names for the role. */
  replaced: readonly string[];
  added: readonly PublicKey[];
  /** How many keys of the role must sign afterwards; as before if it is not given. */
  threshold?: number | undefined;
}

/** The new root. TrustError if too few keys are present to sign it and what follows. */
export async function rotate(
  host: Host,
  folder: string,
  request: RotateRequest,
  signers: Signers,
): Promise<Uint8Array> {
  return await withRepositoryLock(host, folder, async (layout) => {
    const published = readPublished(host, folder);
    requireCurrent(published);
    const began = begin(host, layout, published, request, signers);
    if (signers.remote !== undefined) askForRoots(published, request, began, signers);
    let current = published;
    if (needsBoth(current.root, request)) {
      placeRoot(current, signRoot(current.root, withBoth(current, request, began), signers));
      current = readPublished(host, folder);
    }
    const root = signRoot(current.root, withNew(current, request, began), signers);
    if (request.role !== 'root') {
      const goal = decodeRoot(root);
      const channels = request.role === 'targets' ? await resignedChannels(current, goal, signers) : [];
      commit(current, { channels, root: goal, now: host.clock.now() }, signers);
      requireValidUnder(readPublished(host, folder), goal);
    }
    placeRoot(current, root);
    removeIfThere(host.disk, layout.rotation);
    return root;
  });
}

/** Checks that everything can be signed, then records the rotation. Returns when it began. */
function begin(
  host: Host,
  layout: RepositoryLayout,
  published: Published,
  request: RotateRequest,
  signers: Signers,
): number {
  const { role, added, replaced } = request;
  const before = unfinishedRotation(host, layout);
  const ids = added.map(({ id }) => id);
  if (
    before !== null &&
    (before.role !== role ||
      !Bun.deepEquals([before.replaced, before.added, before.threshold], [replaced, ids, request.threshold]))
  ) {
    throw new UsageError(`a rotation of ${before.role} was begun and has to be finished first`, {
      advice: `Run \`release rotate ${before.role}\`.`,
    });
  }
  const foreign = replaced.find((id) => !hasKey(published.root, role, id));
  if (foreign !== undefined) {
    throw new UsageError(
      `${layout.folder}: wanted a ${role} key of root version ${published.root.version} to replace, found ${foreign}`,
      { advice: `\`release inspect\` of its ${published.root.version}.root.json lists them.` },
    );
  }
  const began = before?.began ?? host.clock.now();
  const goal = withNew(published, request, began);
  const { keys, threshold } = goal.roles[role];
  if (threshold > keys.length) {
    throw new UsageError(
      `${role}: wanted at least ${threshold} keys, as many as must sign, found ${keys.length}`,
      { advice: 'Make more with --add, or let fewer sign with --threshold.' },
    );
  }
  signers.keys('root', published.root);
  signers.keys('root', goal);
  signers.keys(role, goal);
  const record: Rotation = { role, replaced: [...replaced], added: ids, threshold: request.threshold, began };
  writeNote(host.disk, layout.rotation, record);
  return began;
}

function hasKey({ roles }: Roles, role: RoleName, id: string): boolean {
  return roles[role].keys.some((key) => key.id === id);
}

/** Whether a root with both is wanted, and is not there. */
function needsBoth(root: Roles, { role, added, threshold }: RotateRequest): boolean {
  if (role === 'root') return false;
  const lowers = threshold !== undefined && threshold < root.roles[role].threshold;
  return lowers || !added.every(({ id }) => hasKey(root, role, id));
}

function withBoth(current: Pick<Published, 'root'>, request: RotateRequest, now: number): RootDraft {
  const before = current.root.roles[request.role].threshold;
  return draftRoot(current, request, now, {
    without: [],
    threshold: Math.min(before, request.threshold ?? before),
  });
}

function withNew(current: Pick<Published, 'root'>, request: RotateRequest, now: number): RootDraft {
  const threshold = request.threshold ?? current.root.roles[request.role].threshold;
  return draftRoot(current, request, now, { without: request.replaced, threshold });
}

/** The next root: with the added keys, without `without`. */
function draftRoot(
  { root }: Pick<Published, 'root'>,
  { role, added }: RotateRequest,
  now: number,
  { without, threshold }: { without: readonly string[]; threshold: number },
): RootDraft {
  const roles = { ...root.roles };
  const fresh = added.filter(({ id }) => !hasKey(root, role, id));
  roles[role] = {
    threshold,
    keys: [...root.roles[role].keys, ...fresh].filter(({ id }) => !without.includes(id)),
  };
  return { version: root.version + 1, expires: now + ROOT_DAYS * DAY, roles };
}

/** Requests the signatures of all roots of the rotation at once. */
function askForRoots(published: Published, request: RotateRequest, began: number, signers: Signers): void {
  let { root } = published;
  for (const next of needsBoth(root, request) ? [withBoth, withNew] : [withNew]) {
    const draft = next({ root }, request, began);
    askForRoot(root, draft, signers);
    root = { ...root, version: draft.version, roles: draft.roles };
  }
  signers.remote?.requireAll();
}

function requireValidUnder(published: Published, root: TrustedRoot): void {
  const { timestamp, snapshot, targets } = requireCurrent(published);
  const good =
    isSignedBy(root.metadata, 'timestamp', timestamp.metadata) &&
    isSignedBy(root.metadata, 'snapshot', snapshot.metadata) &&
    isSignedBy(root.metadata, 'targets', targets.metadata);
  if (!good)
    throw new MachineError(`${published.layout.metadata} was changed while keys were rotated`, {
      advice: 'Run the same command again: it continues.',
    });
}
