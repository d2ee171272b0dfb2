/** Where a rollback goes, decided from what was kept, what the user asked for, and what the release allows. */

import { DamagedError, PolicyError, UsageError } from '../../errors.ts';
import { didYouMean } from '../../format/nearest.ts';
import { shellWord } from '../../format/printable.ts';
import { rejectionOf } from '../../home/admission/rejected.ts';
import { requireNotRevoked } from '../../home/admission/revoked.ts';
import { homeIfAny } from '../../home/folder.ts';
import { foundText, statusOf } from '../../platform/files.ts';
import {
  COMPONENTS,
  type Component,
  type Listed,
  leftOut,
  listSnapshots,
  relocate,
  type Snapshot,
} from '../../snapshot/index.ts';
import { compareVersions, isVersion } from '../../version/index.ts';
import { versionFault } from '../../version/semver.ts';
import { isIntact } from '../installed-binary.ts';
import { type Binary, type Receipt, requireReceipt } from '../receipt.ts';
import type { Session } from '../session.ts';
import { hasBinary, storedPlace } from './stored-binary.ts';

export interface RollbackWish {
  /** The id of a snapshot, or the beginning of one. */
  snapshot?: string;
  version?: string;
  only?: readonly Component[];
  /** Go back even if the release does not allow it. */
  force?: boolean;
}

export interface RollbackTarget {
  receipt: Receipt;
  /** The executable afterwards; the installed one if it is not among the components. */
  to: Binary;
  /** Null if only the binary that the last update replaced, which is kept in the work dir, is put back. */
  snapshot: Snapshot | null;
  components: readonly Component[];
  /** The home that the snapshot was taken in, if it has been moved or copied to another place since; null if not. */
  movedFrom: string | null;
  /** Why the version to go to was taken back here; null if it was not. Only the user goes there, by naming it. */
  rejected: string | null;
}

/**
 * Throws PolicyError if there is nothing to go back to, the snapshot is of folders that are not those of today, the release to go back to is
 * known to be revoked, or the installed one does not allow it; DamagedError if the snapshot, the binary, or the record of what was revoked is damaged;
 * UsageError if no snapshot has that id.
 */
export function rollbackTarget(session: Session, wish: RollbackWish = {}): RollbackTarget {
  const receipt = requireReceipt(session.host.disk, session.layout);
  const listed = snapshotsHere(session);
  const chosen = chooseSnapshot(session, receipt, listed, wish);
  const components = componentsOf(chosen, wish);
  const { snapshot, movedFrom } = ofToday(session, chosen, components);
  const own = listed.filter((one) => isOwn(one, receipt));
  const to = binaryOf(session, receipt, snapshot, components, own);
  if (wish.force !== true) {
    if (to.version !== receipt.binary.version) requireNotRevoked(session, { app: receipt.app, ...to }, FORCE);
    checkRelease(receipt, snapshot, to, components);
    requireWholeData(session, receipt, snapshot, components);
  }
  const rejected = components.includes('binary') ? rejectionOf(session, to) : null;
  return { receipt, to, snapshot, components, movedFrom, rejected };
}

/**
 * The snapshot with the paths of today. Throws PolicyError if it is of folders that are not those of this installation: another
 * one may use them, and the executable would go back without its data. There is no way to force that.
 */
function ofToday(
  { host, snapshots, app }: Session,
  snapshot: Snapshot | null,
  components: readonly Component[],
): { snapshot: Snapshot | null; movedFrom: string | null } {
  if (snapshot === null || snapshots === null) return { snapshot, movedFrom: null };
  const { home, profile } = snapshots;
  const relocated = relocate(host, snapshot, { home, places: profile.places });
  const foreign = relocated.elsewhere.find(({ component }) => components.includes(component));
  if (foreign === undefined) return relocated;
  const { component, path } = foreign;
  throw new PolicyError(
    `the snapshot ${snapshot.id} is of ${component} in ${path}, and ${app} has its ${component} in ${profile.roots[component].join(', ')} now; nothing was changed`,
    {
      advice: `If ${path} is the folder in use, set it with \`dgmo-updater config set ${component}Folder ${shellWord(path)}\`. --only goes back without ${component}.`,
    },
  );
}

function snapshotsHere({ host, home, snapshots }: Session): Listed[] {
  homeIfAny(home);
  return snapshots === null ? [] : listSnapshots(host.disk, snapshots.layout);
}

/** Null if the kept binary is the target. */
function chooseSnapshot(
  session: Session,
  receipt: Receipt,
  listed: readonly Listed[],
  wish: RollbackWish,
): Snapshot | null {
  const own = listed.filter((one) => isOwn(one, receipt));
  const sound = own.filter((one) => canRestore(one, wish));
  if (wish.snapshot !== undefined) return snapshotById(session, receipt, listed, wish.snapshot);
  const { version } = wish;
  if (version !== undefined) {
    const isOf = ({ found }: Listed) => !(found instanceof Error) && found.version === version;
    const found = sound.findLast(isOf) ?? own.findLast(isOf);
    if (found !== undefined) return requireReadable(found, own);
    if (receipt.previous?.version === version) return null;
    if (!isVersion(version)) throw new UsageError(`--to: ${versionFault(version)}`);
    throw new PolicyError(`there is no snapshot of ${version} here`, {
      advice: `\`dgmo-updater snapshots list\` shows what there is; \`dgmo-updater update --version ${version}\` installs it from the feed, if that has it.`,
    });
  }
  const last = stateBefore(own, receipt, wish, {
    isSound: () => isIntact(session, receipt),
    isRejected: (binary) => rejectionOf(session, binary) !== null,
  });
  if (last === 'kept') return null;
  if (last !== null) return requireReadable(last, own);
  throw nothingBefore(session, receipt, own);
}

function nothingBefore(session: Session, { previous, binary }: Receipt, own: readonly Listed[]): PolicyError {
  const within =
    own.length === 0
      ? undefined
      : `\`dgmo-updater rollback <id>\` goes back within ${binary.version}; \`snapshots list\` shows the ids.`;
  const rejected = previous === null ? null : rejectionOf(session, previous);
  if (previous === null || rejected === null) {
    return new PolicyError(
      `there is no version before ${binary.version} to go back to: none was kept here`,
      within === undefined ? {} : { advice: within },
    );
  }
  const there = `\`dgmo-updater rollback --to ${previous.version}\` goes to ${previous.version} nevertheless.`;
  return new PolicyError(
    `there is no version to go back to but ${previous.version}, which was taken back here (${rejected}); nothing was changed`,
    { advice: within === undefined ? there : `${there} ${within}` },
  );
}

/**
 * The snapshot that a rollback goes back to if none is named; `kept`: only the binary that is kept in the work dir; null: there is
 * none. A version that was taken back because it did not work is passed over.
 *
 * @param own the snapshots of this install, the newest last
 * @param isSound whether the installed executable is sound
 * @param isRejected whether that executable was taken back here
 */
export function stateBefore(
  own: readonly Listed[],
  { previous, binary }: Pick<Receipt, 'previous' | 'binary'>,
  wish: RollbackWish,
  {
    isSound,
    isRejected,
  }: { isSound(): boolean; isRejected(binary: Pick<Binary, 'version' | 'sha256'>): boolean },
): Listed | 'kept' | null {
  const newestOf = (sha256: string) => own.findLast(({ found }) => checksumOf(found) === sha256);
  if (previous !== null && !isRejected(previous)) return newestOf(previous.sha256) ?? 'kept';
  const isOther = ({ found }: Listed) => {
    const sha256 = checksumOf(found);
    if (found instanceof Error || sha256 === null) return true;
    return sha256 !== binary.sha256 && !isRejected({ version: found.version, sha256 });
  };
  const other = own.findLast((one) => canRestore(one, wish) && isOther(one));
  if (other !== undefined) return other;
  // A snapshot of the same version repairs an executable that is damaged or missing.
  return isSound() ? null : (newestOf(binary.sha256) ?? null);
}

/** An unreadable snapshot may be of this install, so it counts: choosing it reports the damage. */
function isOwn({ found }: Listed, { installId }: Receipt): boolean {
  return found instanceof Error || found.installId === installId;
}

/** Whether it has an executable that is worth going back to. One that a repair has begun with has none. */
function canRestore({ found }: Listed, { only }: RollbackWish): boolean {
  if (found instanceof Error || (only !== undefined && !only.includes('binary'))) return true;
  return found.components.binary?.sound === true;
}

function checksumOf(found: Snapshot | DamagedError): string | null {
  return found instanceof Error ? null : (found.components.binary?.checksum ?? null);
}

function snapshotById(session: Session, receipt: Receipt, listed: readonly Listed[], name: string): Snapshot {
  const snapshot = requireReadable(findSnapshot(listed, name), listed);
  const { platform, arch } = snapshot.metadata;
  const { host } = session;
  if (platform !== host.platform || arch !== host.arch) {
    throw new PolicyError(
      `the snapshot ${snapshot.id} was taken on ${platform}-${arch}, this is ${host.platform}-${host.arch}`,
    );
  }
  if (snapshot.installId === receipt.installId && snapshot.app === receipt.app) return snapshot;
  throw new PolicyError(
    `the snapshot ${snapshot.id} was taken of another installation (${snapshot.app} ${snapshot.version})`,
    { advice: '`dgmo-updater snapshots list` shows those of this one.' },
  );
}

/** Finds a snapshot by its id or the beginning of it. Throws UsageError if none, or more than one, matches. */
export function findSnapshot<One extends { id: string }>(listed: readonly One[], name: string): One {
  // The beginning of every id: a script whose variable is not set would remove the only snapshot, or go back to it.
  if (name === '') {
    throw new UsageError('wanted the id of a snapshot, found ""', {
      advice: '`dgmo-updater snapshots list` shows all of them.',
    });
  }
  const exact = listed.find(({ id }) => id === name);
  const found = exact === undefined ? listed.filter(({ id }) => id.startsWith(name)) : [exact];
  const [one] = found;
  if (one !== undefined && found.length === 1) return one;
  throw new UsageError(
    found.length === 0
      ? `there is no snapshot ${JSON.stringify(name)}`
      : `${found.length} snapshots begin with ${JSON.stringify(name)}: ${found.map(({ id }) => id).join(', ')}`,
    {
      advice: [
        found.length === 0
          ? didYouMean(
              name,
              listed.map(({ id }) => id),
            )
          : undefined,
        found.length === 0 ? versionAdvice(name) : undefined,
        '`dgmo-updater snapshots list` shows all of them.',
      ]
        .filter((text) => text !== undefined)
        .join(' '),
    },
  );
}

function versionAdvice(name: string): string | undefined {
  const version = name.replace(/^v/i, '');
  return isVersion(version)
    ? `That is a version: \`dgmo-updater rollback --to ${version}\` goes back to the newest snapshot of it.`
    : undefined;
}

function requireReadable({ id, found }: Listed, listed: readonly Listed[]): Snapshot {
  if (!(found instanceof Error)) return found;
  const own = found.advice === undefined ? '' : `${found.advice} `;
  throw new DamagedError(found.message, { advice: `${own}${adviceAfter(id, listed)}`, cause: found });
}

/** Names the newest snapshot besides this one, which is damaged. */
export function adviceAfter(damaged: string, listed: readonly Listed[]): string {
  const other = listed.findLast(({ id, found }) => id !== damaged && !(found instanceof Error));
  if (other === undefined) return 'There is no other snapshot.';
  const version = other.found instanceof Error ? '' : ` (${other.found.version})`;
  return `The next one is ${other.id}${version}: \`dgmo-updater rollback ${other.id}\`. \`snapshots verify\` shows which are sound.`;
}

function componentsOf(snapshot: Snapshot | null, { only }: RollbackWish): readonly Component[] {
  if (snapshot === null) {
    const other = only?.find((component) => component !== 'binary');
    if (other === undefined) return ['binary'];
    throw new PolicyError(`there is no snapshot to take ${other} from: only the binary was kept here`);
  }
  return COMPONENTS.filter((component) => only === undefined || only.includes(component));
}

function binaryOf(
  session: Session,
  receipt: Receipt,
  snapshot: Snapshot | null,
  components: readonly Component[],
  listed: readonly Listed[],
): Binary {
  if (!components.includes('binary')) return receipt.binary;
  if (snapshot === null) return keptBinary(session, receipt);
  const { binary } = snapshot.components;
  if (binary === null || !binary.sound) {
    throw new DamagedError(
      `the snapshot ${snapshot.id} has ${binary === null ? 'no binary' : 'a binary that was changed or damaged when it was taken'}`,
      { advice: 'Leave the binary out with --only, or go to another snapshot.' },
    );
  }
  const to = { version: snapshot.version, sha256: binary.checksum, size: binary.size };
  if (hasBinary(session, to)) return to;
  throw new DamagedError(
    `the binary of the snapshot ${snapshot.id} is damaged or missing: ${storedPlace(session, to)}`,
    {
      advice: adviceAfter(snapshot.id, listed),
    },
  );
}

function keptBinary(session: Session, receipt: Receipt): Binary {
  const { layout, digests } = session;
  const to = receipt.previous;
  if (to === null) throw new PolicyError('no version was kept here to go back to');
  if (hasBinary(session, to)) return to;
  const found = digests.of(layout.kept(to.sha256));
  throw new DamagedError(
    `the kept binary of ${to.version}, ${layout.kept(to.sha256)}, is damaged or missing: wanted SHA-256 ${to.sha256}, found ${foundText(found)}`,
    { advice: `Install ${to.version} from a package instead.` },
  );
}

const FORCE = 'If you are sure, --force goes back anyway.';

/** Throws PolicyError if the installed release does not allow it. */
function checkRelease(
  receipt: Receipt,
  snapshot: Snapshot | null,
  to: Binary,
  components: readonly Component[],
): void {
  const { binary, rollback } = receipt;
  const back = components.includes('binary') && compareVersions(to.version, binary.version) < 0;
  const advice = FORCE;
  if (rollback !== null && back) {
    if (!rollback.supported)
      throw new PolicyError(`${binary.version} can't be rolled back: its release says so`, { advice });
    if (compareVersions(to.version, rollback.minVersion) < 0) {
      throw new PolicyError(
        `${binary.version} can be rolled back to ${rollback.minVersion} or newer, wanted ${to.version}`,
        { advice },
      );
    }
  }
  const now = formatIn(rollback);
  if (snapshot === null) {
    if (!back || now === FIRST_FORMAT) return;
    // The format of the kept binary is not known. As root by sudo this is not the home in which the user's snapshots are.
    throw new PolicyError(
      `the data has format ${now} now, and there is no snapshot of ${to.version} here: the executable would go back without the data`,
      {
        advice: `If ${to.version} was used by another user, run it as that user or name their home with --home. ${advice}`,
      },
    );
  }
  const then = formatIn(snapshot.rollback);
  if (now === then) return;
  const both = ['binary', 'data'].map((name) => components.some((component) => component === name));
  if (both[0] === both[1]) return;
  throw new PolicyError(
    `the data has format ${now} now and format ${then} in the snapshot, so binary and data have to go back together`,
    { advice: `Name both with --only, or omit it. ${advice}` },
  );
}

/**
 * Throws PolicyError if the data has another format now, and the snapshot lacks some of it, which could not be read then: that would
 * stay in the new format under the old executable.
 */
function requireWholeData(
  { host, snapshots }: Session,
  receipt: Receipt,
  snapshot: Snapshot | null,
  components: readonly Component[],
): void {
  const change = snapshot === null ? null : dataFormatChange({ receipt, snapshot });
  if (snapshot === null || snapshots === null || change === null || !components.includes('data')) return;
  const [first, ...more] = leftOut(host.disk, snapshots.layout, snapshot, 'data').filter(
    ({ path }) => statusOf(host.disk, path) !== null,
  );
  if (first === undefined) return;
  const others = more.length === 0 ? '' : `, nor ${more.length} more files`;
  throw new PolicyError(
    `the snapshot ${snapshot.id} does not have ${first.path} (${first.reason})${others}, and the data has format ${change.from} now and ` +
      `format ${change.to} in it: the executable would go back without that; nothing was changed`,
    { advice: `\`dgmo-updater snapshots\` shows the others. ${FORCE}` },
  );
}

/** The data format of an adopted version is unknown, and assumed to be that of a release that names none. */
const FIRST_FORMAT = 1;

function formatIn(rollback: Receipt['rollback']): number {
  return rollback?.dataVersion ?? FIRST_FORMAT;
}

/** Whether folders change: then DGMO must not run meanwhile. */
export function changesFolders({ components }: RollbackTarget): boolean {
  return components.some((component) => component !== 'binary');
}

/** The change of the data format, to show to the user before; null if it stays the same. */
export function dataFormatChange({
  receipt,
  snapshot,
}: Pick<RollbackTarget, 'receipt' | 'snapshot'>): { from: number; to: number } | null {
  if (snapshot === null) return null;
  const from = formatIn(receipt.rollback);
  const to = formatIn(snapshot.rollback);
  return from === to ? null : { from, to };
}
